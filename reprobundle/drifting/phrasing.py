"""What changed in a feature, in plain words: the most telling reading of the numbers first."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reprobundle.components.data.statistics.form import Feature
from reprobundle.drifting import categories, limits
from reprobundle.drifting.categories import Table
from reprobundle.drifting.measuring import VOCABULARY, Measured
from reprobundle.phrases import percent, rounded

TOO_FEW = f"fewer than {limits.FEWEST} values to tell"
SPARSE = "too many different values to tell"
SHAPE = "of another shape"
SHOWN_SHARES = 2
CLOSE = 1.5  # two ratios within this factor are one


def words_of(measured: Measured, *, alpha: float) -> str:
    """Why a feature is thought to differ, in a few phrases.

    Args:
        measured: Its measures, the tests corrected.
        alpha: The limit of the corrected p; nothing is told of a distribution that no test finds changed.
    """
    return "; ".join(_phrases(measured, alpha))


def _phrases(measured: Measured, alpha: float) -> Iterator[str]:
    recorded, new = measured.recorded, measured.new
    has_changed = any(test.corrected < alpha for test in measured.tests)
    for what in ("missing", "nan", "infinite"):
        yield from _rate(recorded, new, what)
    if measured.few:
        yield TOO_FEW
    elif not has_changed:
        yield from [SPARSE] if measured.sparse else []
    elif measured.table is not None and measured.as_categories:
        yield from _of_categories(measured.recorded, measured.table)
    else:
        yield from _of_tail(measured, alpha)
        yield from _of_numbers(measured)


def _of_tail(measured: Measured, alpha: float) -> Iterator[str]:
    """How many values are larger or smaller than recorded, where no other test finds a change."""
    tail, others = measured.tail, [test for test in measured.tests if test.name != "tails"]
    if tail is not None and all(test.corrected >= alpha for test in others):
        yield f"{percent(tail.new)} {tail.side} {rounded(tail.limit)}, was {percent(tail.recorded)}"


def _rate(recorded: Feature, new: Feature, what: str) -> Iterator[str]:
    if recorded.of == VOCABULARY or not recorded.count or not new.count:
        return
    then, now = getattr(recorded, what) / recorded.count, getattr(new, what) / new.count
    if abs(now - then) >= limits.MATTERING_RATE:
        yield f"{percent(now)} {'NaN' if what == 'nan' else what}, was {percent(then)}"


def _of_numbers(measured: Measured) -> Iterator[str]:
    recorded, new = measured.recorded, measured.new
    if recorded.mean is None or new.mean is None:
        yield SHAPE
        return
    if new.minimum == new.maximum != recorded.minimum and new.minimum is not None:
        yield f"always {rounded(new.minimum)}"
    elif recorded.std:
        yield from _moments(recorded, new, recorded.mean, new.mean, recorded.std)
    elif recorded.minimum == recorded.maximum and recorded.minimum is not None:
        yield f"was always {rounded(recorded.minimum)}"
    else:
        yield SHAPE


def _moments(recorded: Feature, new: Feature, then: float, now: float, std: float) -> Iterator[str]:
    times = _times(recorded, new)
    if times is not None:
        size = f"{rounded(times)} times as large" if times > 1 else f"{rounded(1 / times)} times smaller"
        yield f"{size}: perhaps another unit"
        return
    shift, spread = (now / 2 - then / 2) / std * 2, (new.std or 0.0) / std
    if abs(shift) >= limits.MATTERING_DISTANCE:
        size = rounded(abs(shift))
        yield f"{'higher' if shift > 0 else 'lower'} by {size} standard deviation{'' if size == '1' else 's'}"
    if spread >= 1.25 or spread <= 0.8:
        yield f"{'wider' if spread > 1 else 'narrower'}: {rounded(spread)} times the spread"
    elif abs(shift) < limits.MATTERING_DISTANCE:
        yield SHAPE


def _times(recorded: Feature, new: Feature) -> float | None:
    """By which factor all is larger, or smaller, mean and spread alike; None where it is not so."""
    if not (recorded.std and new.std and recorded.mean and new.mean) or abs(recorded.mean) < recorded.std / 4:
        return None
    of_mean, of_spread = new.mean / recorded.mean, new.std / recorded.std
    if not (of_mean > 0 and 0 < of_spread < math.inf and of_mean < math.inf):
        return None
    alike = 1 / CLOSE < of_mean / of_spread < CLOSE
    large = of_mean >= limits.ANOTHER_UNIT or of_mean <= 1 / limits.ANOTHER_UNIT
    return of_mean if alike and large else None


def _of_categories(recorded: Feature, table: Table) -> Iterator[str]:
    unseen = categories.unseen(table)
    if unseen:
        shown = ", ".join(f"{shown_value(one.value)} {percent(one.new)}" for one in unseen[:SHOWN_SHARES])
        more = f" and {len(unseen) - SHOWN_SHARES} more" if len(unseen) > SHOWN_SHARES else ""
        yield f"never seen: {shown}{more}"
    if recorded.of == VOCABULARY:
        yield from _new_words(table)
    known = [one for one in categories.moved(table) if one.recorded > 0]
    if known:
        yield ", ".join(
            f"{shown_value(one.value)} {percent(one.recorded)} → {percent(one.new)}" for one in known[:SHOWN_SHARES]
        )


def _new_words(table: Table) -> Iterator[str]:
    """Which common words were not common, and how much of all the recorded words still make up."""
    known = sum(share for value, share in zip(table.values, table.shares[1], strict=False) if value in table.recorded)
    then = sum(share for value, share in zip(table.values, table.shares[0], strict=False) if value in table.recorded)
    yield f"the recorded common words make up {percent(float(known))}, were {percent(float(then))}"


def shown_value(value: float | str) -> str:
    """A category as a person reads it."""
    return repr(value)[:60]
