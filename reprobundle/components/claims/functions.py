"""Functions that a claim names: what computes it, and what gives the numbers of its samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle import arrays, entries
from reprobundle.components.claims.section import NAME
from reprobundle.components.interface import Stage
from reprobundle.errors import ReproBundleError

OTHER = "per_sample names another function than entry, so the numbers of its samples are left out"
BESIDE = "per_sample names a function beside a command, so the numbers of its samples are left out"
ONE_FUNCTION = "name one function in both, or give the numbers themselves: per_sample=[…]"


@dataclass(frozen=True)
class Asked:
    """A claim as it was given, a function for the numbers of its samples being what computes it.

    Attributes:
        fields: Its fields, without such a ``per_sample``.
        each: Whether its function is to give the numbers of its samples.
    """

    fields: Mapping[str, Any]
    each: bool = False


def samples_of_function(given: Mapping[str, Any], stage: Stage, name: str) -> Asked:
    """Where ``per_sample`` is a function, or names one, it is called as an entry is: with the model, in a fresh process.

    Args:
        given: The fields of a claim.
        stage: Takes a note where another function, or a command, computes the claim.
        name: How to call the claim in notes.
    """
    function = given.get("per_sample")
    if not _is_function(function):
        return Asked(given)
    fields = {key: value for key, value in given.items() if key != "per_sample"}
    other = fields.get("entry")
    if fields.get("command"):
        stage.note(NAME, f"{name}: {BESIDE}", hint=ONE_FUNCTION)
        return Asked(fields)
    if other is not None and _text(other) != _text(function):
        stage.note(NAME, f"{name}: {OTHER}", hint=ONE_FUNCTION)
        return Asked(fields)
    return Asked({**fields, "entry": function}, each=True)


def entry_text(value: Any) -> str:
    """A function's name, as ``module:name``.

    Raises:
        ValueError: It has none.
    """
    try:
        return str(entries.parse_entry(value)) if isinstance(value, str) else entries.entry_of(value)
    except ReproBundleError as error:
        raise ValueError(f"entry: {error}") from error


def _is_function(value: Any) -> bool:
    if isinstance(value, str):
        return _text(value) is not None
    return callable(value) and not arrays.is_array(value)


def _text(value: Any) -> str | None:
    try:
        return entry_text(value)
    except ValueError:
        return None
