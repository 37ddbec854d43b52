"""Numbers with as many digits as they deserve: those that were given, else those that their interval allows, else four."""

from __future__ import annotations

import math
from decimal import Decimal

from reprobundle.phrases import shortest

GIVEN = 6  # significant digits: a number with more was computed and never rounded by hand
SHOWN = 4  # significant digits of such a number without an interval
WHOLE = 1e15  # below it every whole number is held exactly


def figure(value: float, *, decimals: int | None = None, low: float | None = None, high: float | None = None) -> str:
    """A number as a person would print it.

    Args:
        value: The number; a float32 is told as its shortest decimal.
        decimals: Digits after the point that it was given with; None: not said.
        low: Lower end of its interval; None: not known.
        high: Upper end of it.
    """
    value = shortest(value)
    if decimals is not None:
        return f"{value:.{decimals}f}"
    if value == int(value) and abs(value) < WHOLE:
        return f"{int(value):,}"
    if _digits(value) <= GIVEN:
        return f"{value:.{GIVEN}g}"
    places = places_of(low, high)
    if places is not None:
        return f"{value:.{places}f}"
    return f"{value:,.0f}" if 10**SHOWN <= abs(value) < WHOLE else f"{value:.{SHOWN}g}"


def interval(low: float, high: float) -> str:
    """The two ends of an interval, to two digits of half its width."""
    places = places_of(low, high)
    return f"{low:.{SHOWN}g} to {high:.{SHOWN}g}" if places is None else f"{low:.{places}f} to {high:.{places}f}"


def places_of(low: float | None, high: float | None) -> int | None:
    """Digits after the point that an interval leaves sense to; None without one, or where it is beyond such digits."""
    if low is None or high is None or not math.isfinite(high - low) or high <= low:
        return None
    places = 1 - math.floor(math.log10((high - low) / 2))
    return max(places, 0) if places <= GIVEN else None


def _digits(value: float) -> int:
    return len(Decimal(repr(value)).normalize().as_tuple().digits)
