"""Statistics out of a stranger's bundle: what no real data can look like is refused before anything is computed of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reprobundle.components.data.statistics.form import (
    COARSER,
    MAX_COMMON,
    MAX_FEATURES,
    MAX_VALUES,
    QUANTILES,
    Feature,
    Statistics,
    ValueCount,
)
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import some

LARGEST_INTEGER = 2**64
FAULTS_SHOWN = 3
POINTS = (QUANTILES, *COARSER)
STRANGERS = "these statistics describe no data: capture again, or ask whoever made the bundle"


def refuse_unsound(statistics: Statistics, *, name: str, hint: str = STRANGERS) -> None:
    """Make sure that the numbers of a statistics document can be those of some data.

    Args:
        statistics: The document, of the right form.
        name: How to call it in messages.
        hint: The way out.

    Raises:
        RefusedInputError: They cannot; the message names what contradicts what.
    """
    faults = list(_faults(statistics))
    if faults:
        raise RefusedInputError(f"{name}: {some(faults, FAULTS_SHOWN)}", hint=hint)


def _faults(statistics: Statistics) -> Iterator[str]:
    if len(statistics.features) > MAX_FEATURES:
        yield f"holds {len(statistics.features)} features, at most {MAX_FEATURES} are described"
        return
    for feature in statistics.features:
        for fault in _feature_faults(feature):
            yield f"feature {feature.name!r:.80}, {feature.of}: {fault}"


def _feature_faults(feature: Feature) -> Iterator[str]:
    gone = feature.missing + feature.nan + feature.infinite
    if gone > feature.count:
        yield f"{gone} values are missing, NaN or infinite of {feature.count}"
    if feature.sampled > feature.count:
        yield f"its quantiles are of {feature.sampled} values, there are {feature.count}"
    if feature.std is not None and feature.std < 0:
        yield f"its standard deviation is negative: {feature.std!r}"
    if None not in {feature.minimum, feature.maximum} and feature.minimum > feature.maximum:  # type: ignore[operator]
        yield f"its minimum {feature.minimum!r} is above its maximum {feature.maximum!r}"
    yield from _quantile_faults(feature.quantiles)
    for listed, most, what in ((feature.values, MAX_VALUES, "values"), (feature.common, MAX_COMMON, "common values")):
        if listed is not None:
            yield from _list_faults(feature, listed, most, what)
    if feature.values is not None:
        yield from _order_faults(feature, feature.values)


def _quantile_faults(quantiles: Sequence[float] | None) -> Iterator[str]:
    if quantiles is None:
        return
    if len(quantiles) not in POINTS:
        yield f"it has {len(quantiles)} quantiles, expected {', '.join(map(str, POINTS[:-1]))} or {POINTS[-1]}"
    falling = next((number for number, (a, b) in enumerate(pairwise(quantiles)) if b < a), None)
    if falling is not None:
        yield f"quantile {falling + 1} is below the one before it: {quantiles[falling + 1]!r} after {quantiles[falling]!r}"


def _list_faults(feature: Feature, found: tuple[ValueCount, ...], most: int, what: str) -> Iterator[str]:
    if len(found) > most:
        yield f"it lists {len(found)} {what}, at most {most} are listed"
    total = sum(one.count for one in found)
    if total > feature.count:
        yield f"its {what} occur {total} times, there are {feature.count}"
    if not all(one.count for one in found):
        yield f"one of its {what} never occurs"
    if len({one.value for one in found}) != len(found):
        yield f"one of its {what} is listed twice"
    if any(isinstance(one.value, int) and abs(one.value) > LARGEST_INTEGER for one in found):
        yield f"one of its {what} is beyond 64 bits"


def _order_faults(feature: Feature, found: tuple[ValueCount, ...]) -> Iterator[str]:
    numbers = [one.value for one in found if not isinstance(one.value, str)]
    if feature.kind == "number" and len(numbers) < len(found):
        yield "a text stands among its numbers"
    elif feature.kind == "number" and any(b < a for a, b in pairwise(numbers)):
        yield "its values do not ascend"
