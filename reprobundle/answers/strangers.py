"""The parts of a worker's result, read as a stranger's: of the wrong form they are nothing, too long they are cut."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from reprobundle.answers.forms import Computed, Deed, Line, Misfit

LONGEST_ERROR = 4096
LARGEST_SAMPLE = 1e300  # so that the sum of as many as a file can hold is finite
LONGEST_TEXT = 256
LONGEST_PATH = 1024
MOST_DEEDS = 50
MOST_LINES = 10**7
MOST_UNAPPLIED = 100
SHOWN = 10


def text(value: Any, longest: int = LONGEST_ERROR) -> str | None:
    """A text, cut where it is too long; None for anything else."""
    return value[:longest] if isinstance(value, str) else None


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def texts(value: Any) -> Mapping[str, str]:
    """What a mapping holds of texts."""
    return {key: item for key, item in mapping(value).items() if isinstance(item, str)}


def line(value: Any) -> Line | None:
    """A line of the bundle's source, or None for anything else."""
    found = mapping(value)
    file, function = text(found.get("file"), LONGEST_PATH), text(found.get("function"), LONGEST_TEXT)
    number = found.get("line")
    if not file or not function or type(number) is not int or not 0 < number < MOST_LINES:
        return None
    return Line(file=file, line=number, function=function, text=text(found.get("text"), LONGEST_TEXT) or "")


def deeds(value: Any) -> tuple[Deed, ...]:
    """The deeds that can be read."""
    found = []
    for item in (value if isinstance(value, list) else [])[:MOST_DEEDS]:
        told, at = texts(item), line(mapping(item).get("at"))
        if at is not None and {"kind", "does", "name"} <= told.keys():
            kind, does, name = (told[key][:LONGEST_TEXT] for key in ("kind", "does", "name"))
            found.append(Deed(kind=kind, does=does, name=name, at=at))
    return tuple(found)


def misfit(value: Any) -> Misfit | None:
    """How weights and class part; None where nothing is said."""
    told = mapping(value)
    if not told:
        return None
    other = [item for item in _items(told.get("other")) if isinstance(item, list) and len(item) == 3]
    return Misfit(
        missing=tuple(name for name in map(text, _items(told.get("missing"))) if name),
        unexpected=tuple(name for name in map(text, _items(told.get("unexpected"))) if name),
        other=tuple((str(name), str(was), str(now)) for name, was, now in other),
        counts={name: count for name, count in mapping(told.get("counts")).items() if type(count) is int},
    )


def _items(value: Any) -> list[Any]:
    return value[:SHOWN] if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if -sys.float_info.max <= value <= sys.float_info.max else None


def duration(value: Any) -> float | None:
    """A number of seconds; None for anything else."""
    found = number(value)
    return None if found is None or found < 0 else found


def lines(value: Any) -> tuple[str, ...]:
    """The texts of a list, at most a hundred of them."""
    listed = value[:MOST_UNAPPLIED] if isinstance(value, list) else []
    return tuple(told for told in (text(item, LONGEST_TEXT) for item in listed) if told)


def asked_for(value: Any, key: str, names: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
    """Of a list of objects those that were asked for, by what stands under `key`: the first of each, and no others."""
    wanted, found = frozenset(names), dict[str, Mapping[str, Any]]()
    for item in value if isinstance(value, list) else []:
        name = mapping(item).get(key)
        if isinstance(name, str) and name in wanted:
            found.setdefault(name, item)
    return found


def computed(told: Mapping[str, Any] | None, ended: str, samples: Any = None) -> Computed:
    """What a claim's function gave.

    Args:
        told: What the worker says of it; None where it says nothing.
        ended: In words how the worker ended.
        samples: The finite numbers of its samples, at least one, whose mean counts in place of what the worker says it is.
    """
    if told is None:
        return Computed(error=f"not computed: {ended}")
    error, value = text(told.get("error")), number(told.get("value"))
    if samples is not None and error is None:
        mean = math.fsum(samples.tolist()) / len(samples)
        return Computed(value=mean, seconds=duration(told.get("seconds")), samples=samples)
    if error is None and value is None:
        error = "it gave no finite number"
    return Computed(value=None if error else value, error=error, seconds=duration(told.get("seconds")))
