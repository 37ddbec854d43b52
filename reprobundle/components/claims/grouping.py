"""A claim by groups of samples: from one number a sample and its group, or from numbers that are there already.

``per_sample`` holds one number a sample, such as 1 where the model was right and 0 where not; the claim's value is their
mean. ``group`` holds each sample's group, or names the column of the claim's split that does. ``groups`` holds the numbers
themselves: by group a number, or a mapping with ``value``, ``count``, ``low`` and ``high``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reprobundle import arrays
from reprobundle.components.interface import Failure, attempt
from reprobundle.intervals import Interval, bootstrap, wilson
from reprobundle.phrases import counted

MOST_GROUPS = 1000
GIVEN = ("per_sample", "group", "groups")
PARTS = frozenset({"value", "count", "low", "high"})


def with_groups(given: Mapping[str, Any], splits: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a claim as a record has them, those that tell of groups worked out.

    Args:
        given: The fields as a person gave them.
        splits: Data splits by name, as handed to ``capture``.

    Raises:
        ValueError: What is given does not fit together; the message says what was expected and what was found.
    """
    fields = {name: value for name, value in given.items() if name not in GIVEN}
    name, column = _column(given, splits)
    if name:
        fields["group"] = name
    if given.get("groups") is not None:
        return {**fields, "groups": _stated(given["groups"])}
    if given.get("per_sample") is None:
        return fields
    numbers = _numbers(given["per_sample"])
    if fields.get("value") is None:
        fields["value"] = sum(numbers) / len(numbers)
    if column is not None:
        fields["groups"] = _measured(numbers, column)
    return fields


def _column(given: Mapping[str, Any], splits: Mapping[str, Any]) -> tuple[str | None, Sequence[Any] | None]:
    """The name of the grouping column, and what stands in it; None for what is not known."""
    group = given.get("group")
    if isinstance(group, Mapping):
        if len(group) != 1:
            raise ValueError(f"group: expected one column by its name, found {len(group)}")
        ((name, column),) = group.items()
        return str(name), _listed(column)
    if group is None or not isinstance(group, str):
        return None, None if group is None else _listed(group)
    if given.get("per_sample") is None:
        return group, None
    split: Any = splits.get(given.get("split") or "")
    found = attempt(lambda: _listed(getattr(split, "data", split)[group]))
    if isinstance(found, Failure):
        message = (
            f"group: split {given.get('split')!r} has no column {group!r} to read here: give the values themselves"
        )
        raise ValueError(message)  # noqa: TRY004  a wrong value, not a wrong type
    return group, found


def _listed(values: Any) -> list[Any]:
    """Plain values, one a sample."""
    if hasattr(values, "tolist"):
        values = values.tolist()  # arrays, tensors, columns of tables
    elif hasattr(values, "to_list"):
        values = values.to_list()
    return list(values)


def _numbers(values: Any) -> list[float]:
    listed = arrays.to_array(values).reshape(-1).tolist() if arrays.is_array(values) else _listed(values)
    numbers = [float(value) for value in listed]
    if not numbers:
        raise ValueError("per_sample: expected one number a sample, found none")
    if any(number - number != 0 for number in numbers):
        raise ValueError("per_sample: expected finite numbers, found one that is not")
    return numbers


def _measured(numbers: Sequence[float], column: Sequence[Any]) -> list[dict[str, Any]]:
    """By group, in the order of their names: the mean, the number of samples and how far the true one may lie."""
    if len(column) != len(numbers):
        message = f"group: expected a group for each of {counted(len(numbers), 'sample')}, found {len(column):,}"
        raise ValueError(message)
    members: dict[str, list[float]] = {}
    for group, number in zip(column, numbers, strict=True):
        members.setdefault(_name(group), []).append(number)
    if len(members) > MOST_GROUPS:
        raise ValueError(f"group: expected at most {MOST_GROUPS:,} groups, found {len(members):,}")
    shares = set(numbers) <= {0.0, 1.0}
    return [_group(name, found, shares=shares) for name, found in sorted(members.items())]


def _name(group: Any) -> str:
    """A group's name; a sample without any is in a group of its own."""
    missing = group is None or (isinstance(group, float) and group != group)
    return "(missing)" if missing else str(group)


def _group(name: str, numbers: Sequence[float], *, shares: bool) -> dict[str, Any]:
    mean = sum(numbers) / len(numbers)
    reach: Interval = wilson(mean, len(numbers)) if shares else bootstrap(numbers)
    ends = {"low": reach.low, "high": reach.high, "method": reach.method}
    return {"name": name, "value": mean, "count": len(numbers), **ends}


def _stated(given: Any) -> list[dict[str, Any]]:
    """Numbers by group as a person gives them."""
    if not isinstance(given, Mapping):
        if isinstance(given, list | tuple):  # as a record of an earlier bundle has them
            return [dict(one) for one in given]
        raise ValueError(f"groups: expected numbers by group, found {type(given).__name__}")
    return [{"name": str(name), **_parts(str(name), value)} for name, value in given.items()]


def _parts(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"value": float(value)}
    unknown = sorted(set(map(str, value)) - PARTS)
    if unknown or "value" not in value:
        found = f"found {unknown[0]!r}" if unknown else "found no value"
        raise ValueError(f"groups: {name!r}: expected value, count, low and high, {found}")
    return {key: int(part) if key == "count" else float(part) for key, part in value.items() if part is not None}
