"""Numbers by group as a person states them: a number, or a mapping with value, count and the ends of an interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from reprobundle import arrays
from reprobundle.components.claims.naming import group_name
from reprobundle.components.claims.section import LONGEST_GROUP, MOST_GROUPS
from reprobundle.phrases import printed, some

PARTS = ("value", "count", "low", "high")
Note = tuple[str, str]


def stated(given: Any) -> tuple[list[dict[str, Any]], tuple[Note, ...]]:
    """The groups as a record has them, and what was left out; a group without a number of its own is.

    Args:
        given: Numbers by the group's name; or a list of records, as those of an earlier bundle.

    Raises:
        ValueError: They cannot be told apart or read; the message says what was expected and what was found.
    """
    if isinstance(given, list | tuple):
        listed = [dict(one) for one in given]
        _refuse_twice([group_name(one["name"]) for one in listed if isinstance(one.get("name"), str)])
        return listed, ()
    if not isinstance(given, Mapping):
        raise ValueError(f"expected numbers by group, found {type(given).__name__}")  # noqa: TRY004  a wrong value
    if len(given) > MOST_GROUPS:
        raise ValueError(f"expected at most {MOST_GROUPS:,} groups, found {len(given):,}")
    made = [(group_name(name), _parts(str(name), value)) for name, value in given.items()]
    names = [name for name, _ in made]
    _refuse_twice(names)
    if any(len(name) > LONGEST_GROUP for name in names):
        raise ValueError(f"expected names of at most {LONGEST_GROUP:,} characters")
    empty = [name for name, parts in made if parts is None]
    notes = _note(empty) if empty else ()
    return [{"name": name, **parts} for name, parts in made if parts is not None], notes


def _refuse_twice(names: Sequence[str]) -> None:
    twice = next((name for name, number in Counter(names).items() if number > 1), None)
    if twice is not None:
        raise ValueError(f"two groups are called {twice!r}")


def overridden(said: Mapping[str, Any], worked_out: Mapping[str, Any], *, whose: str = "") -> list[Note]:
    """What a person states of the samples and is recorded as the samples themselves have it, as a note.

    Args:
        said: Fields as stated.
        worked_out: The same fields, from the samples.
        whose: Whose samples these are, as the note's beginning; empty: the claim's.
    """
    others = [key for key in PARTS[1:] if said.get(key) is not None and worked_out.get(key) not in (None, said[key])]
    if not others:
        return []
    told = ", ".join(f"{key} {said[key]!r:.40}" for key in others)
    verb = "is" if len(others) == 1 else "are"
    own = ", ".join(f"{key} {printed(worked_out[key])}" for key in others)
    message = f"{whose}{told} {verb} stated, and what its samples give is recorded: {own}"
    return [(message, f"leave {' and '.join(others)} out where per_sample is given")]


def joined(said: dict[str, Any], worked_out: Mapping[str, Any] | None) -> tuple[dict[str, Any], list[Note]]:
    """A stated group with the mean, the number and the interval of its samples, and what was stated otherwise.

    Args:
        said: The group as stated.
        worked_out: The same from its samples; None: it has none, which its count then says.
    """
    name = f"group {said['name']!r:.80}: "
    if worked_out is None:
        return {**said, "count": 0}, [(f"{name}none of the samples is in it", "name groups as group does")]
    made = {key: part for key, part in worked_out.items() if key not in {"name", "value"}}
    return {**said, **made, "measured": worked_out["value"]}, overridden(said, made, whose=name)


def _note(empty: list[str]) -> tuple[Note, ...]:
    told = f"{some([repr(name) for name in empty])} {'has' if len(empty) == 1 else 'have'} no finite number"
    return ((f"groups are left out: {told}", "a group without samples has no number: leave it out"),)


def _parts(name: str, value: Any) -> dict[str, Any] | None:
    """One group's parts; None where its number is none."""
    fields = value if isinstance(value, Mapping) else {"value": value}
    unknown = sorted(set(map(str, fields)) - set(PARTS))
    if unknown or "value" not in fields:
        found = f"found {unknown[0]!r}" if unknown else "found no value"
        raise ValueError(f"{name!r}: expected value, count, low and high, {found}")
    numbers = {key: _number(name, key, part) for key, part in fields.items() if part is not None}
    if not math.isfinite(numbers.get("value", math.nan)):
        return None
    made: dict[str, Any] = {key: part for key, part in numbers.items() if math.isfinite(part)}
    return made if "count" not in made else {**made, "count": int(made["count"])}


def _number(name: str, key: str, part: Any) -> float:
    """A part as a plain number.

    Raises:
        ValueError: It is none.
    """
    plain = arrays.to_array(part).item() if arrays.is_array(part) else part
    if isinstance(plain, bool | str | bytes):
        raise ValueError(f"{name!r}: {key}: expected a number, found {part!r:.80}")  # noqa: TRY004  a wrong value
    number = float(plain)
    if key == "count" and not (number >= 0 and number.is_integer()):
        raise ValueError(f"{name!r}: count: expected a number of samples, found {part!r:.80}")
    return number
