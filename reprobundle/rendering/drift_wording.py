"""What a comparison with new data says, in words: the same in a terminal and on a page, every text already escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reprobundle.drifts import DriftReport, FeatureDrift, Share, StructureChange, Test
from reprobundle.phrases import counted, percent, rounded, some
from reprobundle.rendering.escaping import SHOWN_CHARACTERS, escape, prose

SMALLEST_P = 1e-15
ARROW = "→"
RATE = "rate of "


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
        named = [
            named_of(one.name) if isinstance(one, StructureChange) else line_of(one).feature for one in report.drifted
        ]
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
        feature=named_of(feature.name) + aspect + (" (label)" if feature.is_label else ""),
        judgement=feature.judgement,
        change=_change(feature),
        effect=_effect(feature),
        p=_p(feature),
        words=prose(feature.words),
    )


def named_of(value: object, *, limit: int = SHOWN_CHARACTERS) -> str:
    """A name or category as it may be seen: one of blanks, or of nothing, in quotes."""
    text = str(value)
    return escape(text if text.strip() else repr(text), limit=limit)


def telling(feature: FeatureDrift) -> Test | None:
    """The test that the figures of a feature's row belong to; None where there was none."""
    if feature.telling is None:
        return min(feature.tests, key=lambda test: test.corrected, default=None)
    return next((test for test in feature.tests if test.name == feature.telling), None)


def rates_of(feature: FeatureDrift) -> tuple[Share, ...]:
    """Shares of all samples that are missing, NaN or infinite, where they changed to the eye."""
    both = (feature.recorded, feature.new)
    if not all(side.count for side in both):
        return ()
    found = []
    for name, field in (("missing", "missing"), ("NaN", "nan"), ("infinite", "infinite")):
        then, now = (getattr(side, field) / side.count for side in both)
        if percent(then) != percent(now):
            found.append(Share(value=name, recorded=then, new=now))
    return tuple(found)


def _change(feature: FeatureDrift) -> str:
    test = telling(feature)
    if test is not None and test.name.startswith(RATE):
        what = test.name.removeprefix(RATE)
        shares = [
            percent(share) for rate in rates_of(feature) if rate.value == what for share in (rate.recorded, rate.new)
        ]
        return f"{what}: {f' {ARROW} '.join(shares) if shares else 'as recorded'}"
    if feature.kind == "category":
        most = feature.moved[0] if feature.moved else None
        shown = "" if most is None else f"{percent(most.recorded)} {ARROW} {percent(most.new)}"
        return "-" if most is None else f"{named_of(most.value, limit=40)}: {shown}"
    return f"{_mean(feature.recorded.mean)} {ARROW} {_mean(feature.new.mean)}"


def _mean(value: float | None) -> str:
    return "none" if value is None else rounded(value)


def _effect(feature: FeatureDrift) -> str:
    test = telling(feature)
    if test is not None and test.name.startswith(RATE):
        points = rounded(abs(100 * test.statistic))
        return f"{points} percentage point{'' if points == '1' else 's'}"
    told = [] if feature.wasserstein is None else [f"{rounded(feature.wasserstein)} std"]
    return ", ".join([*told, *([] if feature.psi is None else [f"PSI {feature.psi:.2f}"])]) or "-"


def _p(feature: FeatureDrift) -> str:
    test = telling(feature)
    if test is None:
        return "-"
    return f"<{SMALLEST_P:.0e}" if test.corrected < SMALLEST_P else f"{test.corrected:.2g}"


def structure_line(change: StructureChange) -> str:
    """A leaf of another form, in one line."""
    return f"{named_of(change.name)} {prose(change.words)}"


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
