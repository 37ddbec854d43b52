"""Times written in text: ISO 8601 for dates, times and instants; durations as pandas writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
MOST = 2**63 - 1

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.([0-9]{1,9}))?"
    r"(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})?)?)?"
)
_CLOCK = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?")
_DURATION = re.compile(r"(-?[0-9]+) days?(?: ([+-])?([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?)?")


def times_of(cells: Sequence[str], dtype: str) -> Array:
    """Times in whole units from their beginning, int64; 0 where a cell is empty.

    Args:
        cells: Times in text.
        dtype: As `blocks.Column` names it.

    Raises:
        ValueError: A cell is no such time, or is finer than the unit.
        OverflowError: A time lies too far away for the unit.
    """
    if dtype == "date[day]":
        return _dates(cells)
    unit = dtype[dtype.index("[") + 1 :].rstrip("]").split(",")[0]
    if dtype.startswith("timestamp"):
        return _numbers(_instant(cell, unit, aware="UTC" in dtype) if cell else 0 for cell in cells)
    read = _clock if dtype.startswith("time[") else _duration
    return _numbers(read(cell, unit) if cell else 0 for cell in cells)


def _numbers(values: Iterable[int]) -> Array:
    import numpy as np

    return np.fromiter(values, np.int64)


def _dates(cells: Sequence[str]) -> Array:
    import numpy as np

    for cell in cells:
        _matched(_DATE, cell or "1970-01-01")
    days: Array = np.array([cell or "1970-01-01" for cell in cells], "datetime64[D]").view(np.int64)
    return days


def _instant(cell: str, unit: str, *, aware: bool) -> int:
    """A time in ISO 8601 in units since 1970; one with an offset is an instant, and only such a one."""
    import numpy as np

    found = _matched(_INSTANT, cell)
    day, clock, fraction, utc, sign, hours, minutes = found.groups()
    if aware != (utc is not None or sign is not None):
        raise ValueError(cell)
    seconds = int(np.datetime64(f"{day}T{clock or '00:00'}", "s").astype(np.int64))
    if sign is not None:
        offset = int(hours) * 3600 + int(minutes or 0) * 60
        seconds += -offset if sign == "+" else offset
    return _units(seconds, fraction, unit)


def _clock(cell: str, unit: str) -> int:
    hours, minutes, seconds, fraction = _matched(_CLOCK, cell).groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 59:
        raise ValueError(cell)
    return _units((int(hours) * 60 + int(minutes)) * 60 + int(seconds), fraction, unit)


def _duration(cell: str, unit: str) -> int:
    """A duration as pandas writes it: ``-1 days +23:59:59.5``."""
    days, sign, hours, minutes, seconds, fraction = _matched(_DURATION, cell).groups()
    clock = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    rest = _units(clock, fraction, unit)
    whole = _units(int(days) * 86_400, None, unit)
    return _fitting(whole - rest if sign == "-" else whole + rest)


def _matched(pattern: re.Pattern[str], cell: str) -> re.Match[str]:
    found = pattern.fullmatch(cell)
    if found is None:
        raise ValueError(cell)
    return found


def _units(seconds: int, fraction: str | None, unit: str) -> int:
    """Seconds and their decimal fraction in units; finer digits than the unit has are refused."""
    digits = DIGITS[unit]
    text = (fraction or "").rstrip("0")
    if len(text) > digits:
        raise ValueError(fraction)
    return _fitting(seconds * 10**digits + int(text.ljust(digits, "0") or "0"))


def _fitting(value: int) -> int:
    if not -MOST <= value <= MOST:
        raise OverflowError
    return value
