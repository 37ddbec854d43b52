"""From measures to a verdict: tests corrected together, then weighed by how large the change is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from reprobundle.components.data.statistics.form import Feature, Statistics
from reprobundle.drifting import categories, chances, distributions, limits, phrasing
from reprobundle.drifting.measuring import VOCABULARY, Key, Measured, measure, texts_of
from reprobundle.drifts import Answer, Drawing, FeatureDrift, Judgement, Side, StructureChange, Test, TestName
from reprobundle.phrases import counted

ORDER: tuple[Judgement, ...] = ("drift", "shifted slightly", "too few to tell", "same", "not compared")
SAME_NOW = 0.05  # p above which two distributions pass as one, where a swap is looked for


@dataclass(frozen=True)
class Judged:
    """What came of comparing two statistics.

    Attributes:
        features: The label first, then what drifted most.
        tests: Number of tests.
        notes: What could not be compared.
    """

    features: tuple[FeatureDrift, ...]
    tests: int
    notes: tuple[str, ...]


def judge(recorded: Statistics, new: Statistics, *, alpha: float, apart: frozenset[str] = frozenset()) -> Judged:
    """Compare two statistics feature by feature.

    Args:
        recorded: Of the captured split.
        new: Of the new data.
        alpha: Chance of a false alarm over all tests together.
        apart: Leaves of another form, which are told elsewhere and not compared here.
    """
    then, now = ({(one.name, one.of): one for one in side.features} for side in (recorded, new))
    twice = {**_described_twice(recorded, "the captured split"), **_described_twice(new, "the new data")}
    measures, notes = [], [note for key, note in twice.items() if key in then]
    for key, feature in then.items():
        if key in twice or leaf_of(feature.name, apart) is not None:
            continue
        if key not in now:
            notes.append(_absent(feature, recorded.label))
            continue
        texts = texts_of(then, now, feature.name) if feature.of == VOCABULARY else None
        measured = measure(feature, now[key], is_label=feature.name == recorded.label, texts=texts)
        if measured is None:
            notes.append(f"{feature.name!r}: not compared: its values are counted on one side and ordered on the other")
        else:
            measures.append(measured)
    measures = _corrected(measures)
    judged = [_judged(one, alpha, is_label=one.recorded.name == recorded.label) for one in measures]
    swaps = _swaps([one for one, made in zip(measures, judged, strict=True) if made.judgement == "drift"])
    judged = [made.model_copy(update={"words": swaps[made.name]}) if made.name in swaps else made
              for made in judged]  # fmt: skip
    pairs = sorted(zip(judged, measures, strict=True), key=lambda pair: _rank(pair[0]))
    features = _drawn(pairs)
    return Judged(features, sum(len(one.tests) for one in features), tuple(notes))


def verdict(
    features: Sequence[FeatureDrift], changed: Sequence[StructureChange], samples: int, *, is_table: bool = False
) -> tuple[Answer, str]:
    """The answer for all features together, and a line that says it.

    Args:
        features: As judged.
        changed: Where samples have another form than recorded, which is drift as well.
        samples: Number of new samples.
        is_table: Whether the parts of a sample are columns.
    """
    drifted = sum(feature.judgement == "drift" for feature in features)
    parts = counted(len(changed), "column") if is_table else counted(len(changed), "leaf", "leaves")
    told = [f"the form of {parts}"] if changed else []
    told += [f"{drifted} of {counted(len(features), 'feature')}"] if drifted else []
    if told:
        return "drift", f"drift in {' and '.join(told)}"
    if samples < limits.FEWEST:
        return "not comparable", f"{counted(samples, 'sample')}: too few to tell, at least {limits.FEWEST} are needed"
    if not any(feature.judgement in {"same", "shifted slightly"} for feature in features):
        return "not comparable", "no feature has enough values on both sides"
    slightly = sum(feature.judgement == "shifted slightly" for feature in features)
    aside = f"; {counted(slightly, 'feature')} shifted slightly" if slightly else ""
    return "no drift", f"no drift in {counted(len(features), 'feature')}{aside}"


def leaf_of(name: str, leaves: frozenset[str]) -> str | None:
    """Which of some leaves a feature belongs to: ``value[3]`` to ``value``; None where to none."""
    if name in leaves:
        return name
    stem = name.rpartition("[")[0]
    return stem if stem in leaves else None


def _described_twice(side: Statistics, whose: str) -> dict[Key, str]:
    """Features that samples of several forms share, so that none of them tells of all samples."""
    counts = Counter((one.name, one.of) for one in side.features)
    return {
        (name, of): f"{name!r}, {of}: not compared: in {whose} it has several forms"
        for (name, of), number in counts.items()
        if number > 1
    }


def _absent(feature: Feature, label: str | None) -> str:
    if feature.name == label:
        return f"the label {feature.name!r} is not in the new data: its shares were not compared"
    return f"{feature.name!r}, {feature.of}: the new data has no such feature"


def _corrected(measures: Sequence[Measured]) -> list[Measured]:
    """All tests corrected together."""
    found = [test for one in measures for test in (*one.tests, *one.rate_tests)]
    corrected = iter(chances.holm([test.p for test in found]))

    def take(tests: tuple[Test, ...]) -> tuple[Test, ...]:
        return tuple(
            test.model_copy(update={"corrected": p})
            for test, p in zip(tests, islice(corrected, len(tests)), strict=True)
        )

    return [replace(one, tests=take(one.tests), rate_tests=take(one.rate_tests)) for one in measures]


def _judged(one: Measured, alpha: float, *, is_label: bool) -> FeatureDrift:
    judgement = _judgement(one, alpha)
    table = one.table
    return FeatureDrift(
        name=one.recorded.name,
        of=one.recorded.of,
        kind="category" if one.as_categories else "number",
        is_label=is_label,
        judgement=judgement,
        words=phrasing.words_of(one, alpha=alpha) if judgement not in {"same", "not compared"} else "",
        recorded=_side(one.recorded),
        new=_side(one.new),
        psi=one.psi,
        wasserstein=one.wasserstein,
        moved=categories.moved(table) if table is not None and one.as_categories else (),
        unseen=categories.unseen(table) if table is not None and one.as_categories else (),
        tests=(*one.tests, *one.rate_tests),
        telling=_telling(one, judgement, alpha),
    )


def _judgement(one: Measured, alpha: float) -> Judgement:
    shape, rate = (any(test.corrected < alpha for test in tests) for tests in (one.tests, one.rate_tests))
    if (shape and _is_large(one)) or (rate and one.rate >= limits.MATTERING_RATE):
        return "drift"
    if shape or rate:
        return "shifted slightly"
    if one.few or one.sparse:
        return "too few to tell"
    return "not compared" if one.bare else "same"


def _is_large(one: Measured) -> bool:
    outlying = one.tail is not None and one.tail.more >= limits.MATTERING_RATE
    return (
        outlying or (one.psi or 0.0) >= limits.MATTERING_INDEX or (one.wasserstein or 0.0) >= limits.MATTERING_DISTANCE
    )


def _telling(one: Measured, judgement: Judgement, alpha: float) -> TestName | None:
    """The surest of the tests that the judgement rests on; where nothing changed, of the distribution's own.

    That of the tails only where it alone finds something: the others tell more.
    """
    told = (*one.tests, *one.rate_tests)
    if judgement == "drift":
        large = [test for test in one.rate_tests if abs(test.statistic) >= limits.MATTERING_RATE]
        told = (*(one.tests if _is_large(one) else ()), *large)
    elif judgement != "shifted slightly" and one.tests:
        told = one.tests
    return (
        min(told, key=lambda test: (test.corrected >= alpha, test.name == "tails", test.corrected)).name
        if told
        else None
    )


def _side(feature: Feature) -> Side:
    names = ("count", "missing", "nan", "infinite", "mean", "std")
    distinct = feature.distinct if feature.values is None else len(feature.values)
    return Side(**{name: getattr(feature, name) for name in names}, distinct=distinct)


def _rank(feature: FeatureDrift) -> tuple[bool, int, float, float]:
    """The label first, then what drifted, the surest first; among equals the largest change."""
    p = 1.0 if feature.p is None else feature.p
    size = max(feature.psi or 0.0, min(feature.wasserstein or 0.0, 1e6))
    return not feature.is_label, ORDER.index(feature.judgement), p, -size


def _drawn(pairs: Sequence[tuple[FeatureDrift, Measured]]) -> tuple[FeatureDrift, ...]:
    drifted = [made.judgement == "drift" for made, _ in pairs]
    numbers = [sum(drifted[: one + 1]) for one in range(len(drifted))]
    return tuple(
        made.model_copy(update={"drawing": Drawing(recorded=one.recorded, new=one.new)})
        if is_drift and number <= limits.MOST_DRAWN else made
        for (made, one), is_drift, number in zip(pairs, drifted, numbers, strict=True)
    )  # fmt: skip


def _swaps(drifted: Sequence[Measured]) -> dict[str, str]:
    """Features whose new values are distributed as another's were recorded, and the other's as theirs were."""
    numbers = [one for one in drifted if one.pair is not None and one.recorded.of == "value"][: limits.MOST_SWAPPED]
    found = {}
    for one in numbers:
        alike = [other for other in numbers if other is not one and _alike(one, other) and _alike(other, one)]
        if len(alike) == 1:
            found[one.recorded.name] = f"looks like the recorded {alike[0].recorded.name!r}: perhaps swapped"
    return found


def _alike(one: Measured, other: Measured) -> bool:
    """Whether the new values of one pass for the recorded values of the other."""
    now, then = distributions.distribution_of(one.new), distributions.distribution_of(other.recorded)
    if now is None or then is None:
        return False
    pair = distributions.side_by_side(then, now)
    close = distributions.wasserstein(pair, other.recorded.std or math.inf)
    p = chances.kolmogorov(distributions.distance(pair), *pair.sizes)
    return p > SAME_NOW or (close is not None and close < limits.MATTERING_DISTANCE)
