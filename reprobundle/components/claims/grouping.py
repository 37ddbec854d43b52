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
from reprobundle.components.claims.columns import ColumnOf, MisfitError, column, listed_of
from reprobundle.components.claims.naming import group_name, in_order, readable
from reprobundle.components.claims.section import LONGEST_GROUP, MOST_GROUPS
from reprobundle.components.claims.stating import Note, joined, overridden, stated
from reprobundle.components.interface import Failure, attempt
from reprobundle.intervals import Interval, bootstrap, wilson
from reprobundle.phrases import counted

GIVEN = ("per_sample", "group", "groups")
FINITE = (
    "leave the samples out that have no number, here and in the split, or give the claim's value without per_sample"
)
EACH = "give one group a sample, in the order of per_sample"
NO_NUMBERS = "nothing gives one number a sample"
NOT_CALLED = "a command is not run before the bundle is sealed, and no numbers of samples are given"
WAY_OUT = "per_sample=[…], one number a sample; or groups={'a': 0.91, 'b': 0.84}; or an entry that returns one a sample"
MEAN = "the mean of its samples is recorded"
LEAVE_OUT = "leave value out where per_sample is given, or correct it"
COARSER = "group by something coarser, such as ranges of the value"

LARGEST = 1e300  # so that any sum of them is finite


@dataclass(frozen=True)
class Awaited:
    """A claim whose function is to give the numbers of its samples, before the bundle is sealed.

    Attributes:
        column: The name of each sample's group; None: only the whole has an interval.
        told: Whether each sample's group may stand in the bundle.
    """

    column: tuple[str, ...] | None = None
    told: bool = True


@dataclass(frozen=True)
class Grouped:
    """A claim's fields with what was worked out of its samples.

    Attributes:
        fields: As a record has them.
        members: The number of each sample's group among the groups, from 0; None where that is not known.
        notes: What was left out, each with the way out.
        awaited: What the numbers of its function's samples are awaited for; None: nothing.
    """

    fields: dict[str, Any]
    members: tuple[int, ...] | None = None
    notes: tuple[tuple[str, str], ...] = ()
    awaited: Awaited | None = None


@dataclass(frozen=True)
class _Groups:
    """The numbers by group, and each sample's place among them."""

    values: list[dict[str, Any]]
    members: tuple[int, ...] | None = None
    notes: tuple[tuple[str, str], ...] = ()


def with_groups(given: Mapping[str, Any], splits: Mapping[str, Any], column_of: ColumnOf | None = None) -> Grouped:
    """The fields of a claim as a record has them, those that tell of samples and groups worked out.

    Args:
        given: The fields as a person gave them.
        splits: Data splits by name, as handed to ``capture``.
        column_of: Reads a column of a split by its name; None: only a mapping or a table in memory has columns.
    """
    fields = {name: value for name, value in given.items() if name not in GIVEN}
    notes: list[Note] = []
    numbers = _or_note(lambda: _numbers(given.get("per_sample")), "the numbers of its samples are left out", notes)
    if numbers:
        mean = mean_of(numbers)
        worked_out = {"measured": mean, "count": len(numbers), **ends_of(interval_of(numbers))}
        notes += overridden(fields, worked_out)
        fields |= worked_out
        if _is_not_finite(fields.get("value")):
            notes.append((f"value: expected a finite number, found {fields['value']}: {MEAN}", LEAVE_OUT))
            fields["value"] = mean
        if fields.get("value") is None:
            fields["value"] = mean
    found = _or_note(lambda: _groups(given, splits, numbers, column_of), "its groups are left out", notes)
    name = _or_note(lambda: _name(given.get("group")), "the name of its groups is left out", notes)
    if name is not None:
        fields["group"] = name
    if found is None:
        awaited = _awaited(given, splits, column_of, notes)
        return Grouped(fields, notes=tuple(notes), awaited=awaited)
    fields["groups"] = found.values
    return Grouped(fields, found.members, (*notes, *found.notes))


def _awaited(
    given: Mapping[str, Any], splits: Mapping[str, Any], column_of: ColumnOf | None, notes: list[Note]
) -> Awaited | None:
    """What a claim without numbers of samples awaits of its function; a note where it has none that could give them."""
    if given.get("group") is None or given.get("per_sample") is not None or _is_stated(given):
        return None
    if given.get("entry") is None:
        notes.append((f"its groups are left out: {NOT_CALLED if given.get('command') else NO_NUMBERS}", WAY_OUT))
        return None
    named = _or_note(lambda: names_of(column(given, splits, column_of)), "its groups are left out", notes)
    return None if named is None else Awaited(tuple(named))


def _is_stated(given: Mapping[str, Any]) -> bool:
    """Whether the person gave the numbers of the groups themselves."""
    return given.get("groups") not in (None, (), [], {})


def _or_note(action: Callable[[], Any], what: str, notes: list[Note]) -> Any:
    """What the action gives; None and a note where what it was given does not fit, or cannot be read."""

    def plainly() -> Any:
        try:
            return action()
        except MisfitError as error:
            notes.append((f"{what}: {error}", error.hint))
            return None

    made = attempt(plainly)
    if isinstance(made, Failure):
        notes.append((f"{what}: {made.why}", made.hint or "give plain lists or arrays"))
        return None
    return made


def _is_not_finite(value: Any) -> bool:
    """Whether a stated value is NaN or infinite, plain or as the one element of an array."""
    plain = arrays.to_array(value) if arrays.is_array(value) else value
    if getattr(plain, "size", None) == 1:
        plain = plain.reshape(()).item()
    return isinstance(plain, float) and not math.isfinite(plain)


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


def ends_of(reach: Interval | None) -> dict[str, Any]:
    """The ends of an interval and its method as fields of a record; nothing where there is none."""
    return {} if reach is None else {"low": reach.low, "high": reach.high, "method": reach.method}


def _numbers(given: Any) -> list[float] | None:
    if given is None:
        return None
    listed = arrays.to_array(given).reshape(-1).tolist() if arrays.is_array(given) else listed_of(given)
    numbers = [float(value) for value in listed]
    if not numbers:
        raise MisfitError("per_sample: expected one number a sample, found none", "give one number for each sample")
    odd = [index for index, number in enumerate(numbers) if not abs(number) <= LARGEST]
    if odd:
        found = f"found {numbers[odd[0]]} at sample {odd[0]:,}" + (f" and {len(odd) - 1:,} more" if odd[1:] else "")
        raise MisfitError(f"per_sample: expected finite numbers, {found}", FINITE)
    return numbers


def _name(group: Any) -> str | None:
    """The name of what the samples are grouped by, where it has one."""
    if isinstance(group, Mapping) and len(group) == 1:
        group = str(next(iter(group)))
    if not isinstance(group, str):
        return None
    name = readable(group).strip()
    if not 0 < len(name) <= LONGEST_GROUP:
        expected = f"group: expected a name of at most {counted(LONGEST_GROUP, 'character')}"
        raise MisfitError(f"{expected}, found {len(name):,}", "group={'sex': [...]} names the column")
    return name


def _groups(
    given: Mapping[str, Any], splits: Mapping[str, Any], numbers: list[float] | None, column_of: ColumnOf | None
) -> _Groups | None:
    """The numbers by group; None where the person speaks of none."""
    if _is_stated(given):
        try:
            values, notes = stated(given["groups"])
        except ValueError as error:
            hint = "groups={'a': 0.91, 'b': {'value': 0.84, 'count': 120}}"
            raise MisfitError(f"groups: {error}", hint) from error
        return _beside(_Groups(values, notes=notes), given, splits, numbers, column_of)
    if given.get("group") is None or numbers is None:
        return None
    return _measured(numbers, column(given, splits, column_of))


def _beside(
    said: _Groups,
    given: Mapping[str, Any],
    splits: Mapping[str, Any],
    numbers: list[float] | None,
    column_of: ColumnOf | None,
) -> _Groups:
    """Stated groups with what their own samples give, where both are there; what cannot be compared is told."""
    group = given.get("group")
    if group is None or (isinstance(group, str) and given.get("split") not in splits):
        return said  # a name alone says what the groups are of
    if numbers is None:
        return _placed(said, given, splits, column_of)
    notes: list[Note] = []
    what = "its groups are not compared with its samples"
    found = _or_note(lambda: _measured(numbers, column(given, splits, column_of)), what, notes)
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


def _placed(said: _Groups, given: Mapping[str, Any], splits: Mapping[str, Any], column_of: ColumnOf | None) -> _Groups:
    """Stated groups with each sample's place among them, for a replay that computes them; where it is known."""
    found = attempt(lambda: names_of(column(given, splits, column_of)))
    places = {one["name"]: place for place, one in enumerate(said.values)}
    if isinstance(found, Failure) or not set(found) <= set(places):  # a name alone may say what the groups are of
        return said
    return _Groups(said.values, tuple(places[name] for name in found), said.notes)


def names_of(values: Sequence[Any]) -> list[str]:
    """The name of each sample's group.

    Raises:
        MisfitError: They are too many, or too long, for groups.
    """
    named = [group_name(group) for group in values]
    different = set(named)
    if len(different) > MOST_GROUPS:
        raise MisfitError(f"group: expected at most {MOST_GROUPS:,} groups, found {len(different):,}", COARSER)
    long = next((name for name in named if len(name) > LONGEST_GROUP), None)
    if long is not None:
        raise MisfitError(
            f"group: expected names of at most {LONGEST_GROUP:,} characters, found {long[:40]!r}…", COARSER
        )
    return named


def _measured(numbers: Sequence[float], values: Sequence[Any]) -> _Groups:
    """By group, in the order of their names: the mean, the number of samples and how far the true one may lie."""
    if len(values) != len(numbers):
        expected = f"group: expected a group for each of {counted(len(numbers), 'sample')}"
        raise MisfitError(f"{expected}, found {len(values):,}", EACH)
    made, places = by_group(numbers, names_of(values))
    return _Groups(made, places)


def by_group(numbers: Sequence[float], named: Sequence[str]) -> tuple[list[dict[str, Any]], tuple[int, ...]]:
    """The numbers by group as a record has them, in the order of their names, and each sample's place among the groups.

    Args:
        numbers: One a sample.
        named: The name of each sample's group, as many.
    """
    members: dict[str, list[float]] = {}
    for name, number in zip(named, numbers, strict=True):
        members.setdefault(name, []).append(number)
    order = in_order(members)
    places = {name: place for place, name in enumerate(order)}
    shares = _are_shares(numbers)
    return [_group(name, members[name], shares=shares) for name in order], tuple(places[name] for name in named)


def _group(name: str, numbers: Sequence[float], *, shares: bool) -> dict[str, Any]:
    """One group's number; of rights and wrongs of the whole, also a group of them has the interval of a share."""
    mean = mean_of(numbers)
    reach = wilson(mean, len(numbers)) if shares else bootstrap(numbers) if len(numbers) > 1 else None
    return {"name": name, "value": mean, "count": len(numbers), **ends_of(reach)}
