"""A claim by groups of samples: from one number a sample and its group, or from numbers that are there already.

``per_sample`` holds one number a sample, such as 1 where the model was right and 0 where not; the claim's value is their
mean. ``group`` holds each sample's group, or names the column of the claim's split that does. ``groups`` holds the numbers
themselves: by group a number, or a mapping with ``value``, ``count``, ``low`` and ``high``.

What is wrong with the groups costs the groups and no more: the claim is kept, and told without them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprobundle import arrays
from reprobundle.components.claims.naming import group_name, in_order
from reprobundle.components.claims.section import LONGEST_GROUP, MOST_GROUPS
from reprobundle.components.claims.stating import joined, overridden, stated
from reprobundle.components.interface import Failure, attempt
from reprobundle.intervals import Interval, bootstrap, wilson
from reprobundle.phrases import counted

GIVEN = ("per_sample", "group", "groups")
FINITE = (
    "leave the samples out that have no number, here and in the split, or give the claim's value without per_sample"
)
EACH = "give one group a sample, in the order of per_sample"
COARSER = "group by something coarser, such as ranges of the value"

LARGEST = 1e300  # so that any sum of them is finite

ColumnOf = Callable[[Any, str], Sequence[Any]]


@dataclass(frozen=True)
class Grouped:
    """A claim's fields with what was worked out of its samples.

    Attributes:
        fields: As a record has them.
        members: The number of each sample's group among the groups, from 0; None where that is not known.
        notes: What was left out, each with the way out.
    """

    fields: dict[str, Any]
    members: tuple[int, ...] | None = None
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Groups:
    """The numbers by group, and each sample's place among them."""

    values: list[dict[str, Any]]
    members: tuple[int, ...] | None = None
    notes: tuple[tuple[str, str], ...] = ()


class _MisfitError(ValueError):
    """What is given does not fit together."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def with_groups(given: Mapping[str, Any], splits: Mapping[str, Any], column_of: ColumnOf | None = None) -> Grouped:
    """The fields of a claim as a record has them, those that tell of samples and groups worked out.

    Args:
        given: The fields as a person gave them.
        splits: Data splits by name, as handed to ``capture``.
        column_of: Reads a column of a split by its name; None: only a mapping or a table in memory has columns.
    """
    fields = {name: value for name, value in given.items() if name not in GIVEN}
    notes: list[tuple[str, str]] = []
    numbers = _or_note(lambda: _numbers(given.get("per_sample")), "the numbers of its samples are left out", notes)
    if numbers:
        mean = mean_of(numbers)
        worked_out = {"measured": mean, "count": len(numbers), **_ends(interval_of(numbers))}
        notes += overridden(fields, worked_out)
        fields |= worked_out
        if fields.get("value") is None:
            fields["value"] = mean
    found = _or_note(lambda: _groups(given, splits, numbers, column_of), "its groups are left out", notes)
    name = _or_note(lambda: _name(given.get("group")), "the name of its groups is left out", notes)
    if name is not None:
        fields["group"] = name
    if found is None:
        return Grouped(fields, notes=tuple(notes))
    fields["groups"] = found.values
    return Grouped(fields, found.members, (*notes, *found.notes))


def _or_note(action: Callable[[], Any], what: str, notes: list[tuple[str, str]]) -> Any:
    """What the action gives; None and a note where what it was given does not fit, or cannot be read."""

    def plainly() -> Any:
        try:
            return action()
        except _MisfitError as error:
            notes.append((f"{what}: {error}", error.hint))
            return None

    made = attempt(plainly)
    if isinstance(made, Failure):
        notes.append((f"{what}: {made.why}", made.hint or "give plain lists or arrays"))
        return None
    return made


def mean_of(numbers: Sequence[float]) -> float:
    """The mean, exactly rounded, so that the order of the samples does not matter."""
    return math.fsum(numbers) / len(numbers)


def interval_of(numbers: Sequence[float]) -> Interval | None:
    """Where the true mean lies; None of a single number that is no share, which tells nothing of it."""
    if _are_shares(numbers):
        return wilson(mean_of(numbers), len(numbers))
    return bootstrap(numbers) if len(numbers) > 1 else None


def _are_shares(numbers: Sequence[float]) -> bool:
    return set(numbers) <= {0.0, 1.0}


def _ends(reach: Interval | None) -> dict[str, Any]:
    return {} if reach is None else {"low": reach.low, "high": reach.high, "method": reach.method}


def _numbers(given: Any) -> list[float] | None:
    if given is None:
        return None
    listed = arrays.to_array(given).reshape(-1).tolist() if arrays.is_array(given) else listed_of(given)
    numbers = [float(value) for value in listed]
    if not numbers:
        raise _MisfitError("per_sample: expected one number a sample, found none", "give one number for each sample")
    odd = [index for index, number in enumerate(numbers) if not abs(number) <= LARGEST]
    if odd:
        found = f"found {numbers[odd[0]]} at sample {odd[0]:,}" + (f" and {len(odd) - 1:,} more" if odd[1:] else "")
        raise _MisfitError(f"per_sample: expected finite numbers, {found}", FINITE)
    return numbers


def _name(group: Any) -> str | None:
    """The name of what the samples are grouped by, where it has one."""
    if isinstance(group, Mapping) and len(group) == 1:
        group = str(next(iter(group)))
    if not isinstance(group, str):
        return None
    name = group.strip()
    if not 0 < len(name) <= LONGEST_GROUP:
        expected = f"group: expected a name of at most {counted(LONGEST_GROUP, 'character')}"
        raise _MisfitError(f"{expected}, found {len(name):,}", "group={'sex': [...]} names the column")
    return name


def _groups(
    given: Mapping[str, Any], splits: Mapping[str, Any], numbers: list[float] | None, column_of: ColumnOf | None
) -> _Groups | None:
    """The numbers by group; None where the person speaks of none."""
    if given.get("groups") not in (None, (), [], {}):
        try:
            values, notes = stated(given["groups"])
        except ValueError as error:
            hint = "groups={'a': 0.91, 'b': {'value': 0.84, 'count': 120}}"
            raise _MisfitError(f"groups: {error}", hint) from error
        return _beside(_Groups(values, notes=notes), given, splits, numbers, column_of)
    if given.get("group") is None or numbers is None:
        return None
    return _measured(numbers, _column(given, splits, column_of))


def _beside(
    said: _Groups,
    given: Mapping[str, Any],
    splits: Mapping[str, Any],
    numbers: list[float] | None,
    column_of: ColumnOf | None,
) -> _Groups:
    """Stated groups with what their own samples give, where both are there; what cannot be compared is told."""
    group = given.get("group")
    if numbers is None or group is None or (isinstance(group, str) and given.get("split") not in splits):
        return said  # a name alone says what the groups are of
    notes: list[tuple[str, str]] = []
    what = "its groups are not compared with its samples"
    found = _or_note(lambda: _measured(numbers, _column(given, splits, column_of)), what, notes)
    if found is None:
        return _Groups(said.values, notes=(*said.notes, *notes))
    worked_out = {one["name"]: place for place, one in enumerate(found.values)}
    values, places = [], {}
    for number, one in enumerate(said.values):
        made, told = joined(one, found.values[worked_out[one["name"]]] if one["name"] in worked_out else None)
        values.append(made)
        notes += told
        if one["name"] in worked_out:
            places[worked_out[one["name"]]] = number
    whole = len(places) == len(found.values)
    members = tuple(places[place] for place in found.members or ()) if whole else None
    return _Groups(values, members, (*said.notes, *notes))


def _column(given: Mapping[str, Any], splits: Mapping[str, Any], column_of: ColumnOf | None) -> Sequence[Any]:
    """Each sample's group."""
    group, split = given["group"], given.get("split")
    if isinstance(group, Mapping):
        if len(group) != 1:
            raise _MisfitError(f"group: expected one column by its name, found {len(group)}", "group={'sex': [...]}")
        return listed_of(next(iter(group.values())))
    if not isinstance(group, str):
        return listed_of(group)
    own = "give the values themselves: group={" + repr(group) + ": [...]}"
    if split is None or split not in splits:
        where = "the claim names no split" if split is None else f"split {split!r} was not given"
        raise _MisfitError(f"group: {group!r} is the name of a column, but {where}", f"split='test'; or {own}")
    found = attempt(lambda: listed_of((column_of or _looked_up)(splits[split], group)))
    if isinstance(found, Failure):
        plain = found.why.partition(": ")[2] or found.why
        raise _MisfitError(
            f"group: column {group!r} of split {split!r}: {plain}", "; or ".join(filter(None, [found.hint, own]))
        )
    return found


def _looked_up(split: Any, name: str) -> Any:
    return getattr(split, "data", split)[name]


def listed_of(values: Any) -> list[Any]:
    """Plain values, one a sample: of a list, an array, a tensor or the column of a table."""
    if getattr(getattr(values, "dtype", None), "kind", "") == "M":  # whose own lists hold numbers for some units
        return [None if text == "NaT" else text for text in values.astype(str).tolist()]
    if hasattr(values, "tolist"):
        values = values.tolist()
    elif hasattr(values, "to_list"):
        values = values.to_list()
    return list(values)


def _measured(numbers: Sequence[float], column: Sequence[Any]) -> _Groups:
    """By group, in the order of their names: the mean, the number of samples and how far the true one may lie."""
    if len(column) != len(numbers):
        expected = f"group: expected a group for each of {counted(len(numbers), 'sample')}"
        raise _MisfitError(f"{expected}, found {len(column):,}", EACH)
    named = [group_name(group) for group in column]
    members: dict[str, list[float]] = {}
    for name, number in zip(named, numbers, strict=True):
        members.setdefault(name, []).append(number)
    if len(members) > MOST_GROUPS:
        raise _MisfitError(f"group: expected at most {MOST_GROUPS:,} groups, found {len(members):,}", COARSER)
    long = [name for name in members if len(name) > LONGEST_GROUP]
    if long:
        raise _MisfitError(
            f"group: expected names of at most {LONGEST_GROUP:,} characters, found {long[0][:40]!r}…", COARSER
        )
    order = in_order(members)
    places = {name: place for place, name in enumerate(order)}
    shares = _are_shares(numbers)
    values = [_group(name, members[name], shares=shares) for name in order]
    return _Groups(values, tuple(places[name] for name in named))


def _group(name: str, numbers: Sequence[float], *, shares: bool) -> dict[str, Any]:
    """One group's number; of rights and wrongs of the whole, also a group of them has the interval of a share."""
    mean = mean_of(numbers)
    reach = wilson(mean, len(numbers)) if shares else bootstrap(numbers) if len(numbers) > 1 else None
    return {"name": name, "value": mean, "count": len(numbers), **_ends(reach)}
