"""What a comparison with new data says, in words: the same in a terminal and on a page, every text already escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reprobundle.drifts import DriftReport, FeatureDrift, StructureChange
from reprobundle.phrases import counted, percent, rounded, some
from reprobundle.rendering.escaping import escape, prose

SMALLEST_P = 1e-15
ARROW = "→"
CHANGES = {"missing": "is missing", "new": "is new", "dtype": "has another dtype", "shape": "has another shape"}


@dataclass(frozen=True)
class Line:
    """One feature as a row of a table.

    Attributes:
        feature: Its name, with what of it is described where that is not the value.
        judgement: Whether it drifts.
        change: Recorded and new mean, or the shares of the category that changed most.
        effect: How large the change is.
        p: The corrected p.
        words: What changed.
    """

    feature: str
    judgement: str
    change: str
    effect: str
    p: str
    words: str


def headline(report: DriftReport) -> str:
    """The answer in capitals with what it rests on, such as ``DRIFT in 2 of 64 features``."""
    capitals = report.answer.upper()
    rest = report.sentence.removeprefix(report.answer)
    return prose(f"{capitals}{rest}" if rest != report.sentence else f"{capitals}: {report.sentence}")


def explanation(report: DriftReport) -> str:
    """What the answer means."""
    split = f"the captured split {escape(repr(report.split))}"
    if report.answer == "drift":
        named = [line_of(feature).feature for feature in report.drifted]
        named = [*(escape(change.name) for change in report.structure), *named]
        return f"the new data is not like {split}: look at {some(named, 3)} first"
    if report.answer == "no drift":
        return f"the new data looks like {split}, as far as its statistics can tell"
    return f"whether the new data is like {split} cannot be told"


def samples(report: DriftReport) -> str:
    """How many samples stand on both sides."""
    return f"{counted(report.recorded_samples, 'sample')} recorded, {report.new_samples:,} new"


def tests(report: DriftReport) -> str:
    """How many tests there were, and what their correction promises."""
    if not report.tests:
        return "none: nothing could be tested"
    chance = f"a false alarm in at most {percent(report.alpha)} of comparisons"
    return f"{counted(report.tests, 'test')}, corrected together (Holm): {chance}"


def line_of(feature: FeatureDrift) -> Line:
    """A feature in the words of its row."""
    aspect = "" if feature.of == "value" else f" ({feature.of})"
    return Line(
        feature=escape(feature.name) + aspect + (" (label)" if feature.is_label else ""),
        judgement=feature.judgement,
        change=_change(feature),
        effect=_effect(feature),
        p=_p(feature),
        words=prose(feature.words),
    )


def _change(feature: FeatureDrift) -> str:
    if feature.kind == "category":
        most = feature.moved[0] if feature.moved else None
        shares = "" if most is None else f"{percent(most.recorded)} {ARROW} {percent(most.new)}"
        return "-" if most is None else f"{escape(most.value, limit=40)}: {shares}"
    return f"{_mean(feature.recorded.mean)} {ARROW} {_mean(feature.new.mean)}"


def _mean(value: float | None) -> str:
    return "none" if value is None else rounded(value)


def _effect(feature: FeatureDrift) -> str:
    told = [] if feature.wasserstein is None else [f"{rounded(feature.wasserstein)} std"]
    return ", ".join([*told, *([] if feature.psi is None else [f"PSI {feature.psi:.2f}"])]) or "-"


def _p(feature: FeatureDrift) -> str:
    if feature.p is None:
        return "-"
    return f"<{SMALLEST_P:.0e}" if feature.p < SMALLEST_P else f"{feature.p:.2g}"


def structure_line(change: StructureChange) -> str:
    """A leaf of another form, in one line."""
    values = [escape(value) for value in (change.recorded, change.found) if value is not None]
    hint = f"; {prose(change.hint)}" if change.hint else ""
    return f"{escape(change.name)} {CHANGES[change.change]}: {f' {ARROW} '.join(values)}{hint}"


def unchanged(features: Sequence[FeatureDrift]) -> str | None:
    """How many features are as they were; None where there are none."""
    counts = Counter(feature.judgement for feature in features)
    told = [counted(counts["same"], "feature") + " as recorded, as far as a test can tell"] if counts["same"] else []
    told += [f"{counts['too few to tell']:,} with too few values to tell"] if counts["too few to tell"] else []
    bare = counts["not compared"]
    told += [f"{bare:,} not compared: the statistics had no room for their distributions"] if bare else []
    return "; ".join(told) or None


def shown(features: Iterable[FeatureDrift]) -> list[FeatureDrift]:
    """The features that changed, much or little."""
    return [feature for feature in features if feature.judgement in {"drift", "shifted slightly"}]
