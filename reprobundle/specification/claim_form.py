"""The form of claims in a ``reprobundle.yaml``."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

import pydantic

from reprobundle.components.claims import section
from reprobundle.components.claims.commands import parted
from reprobundle.records import Json, Record
from reprobundle.specification.split_form import Entry

SOMETHING = r"\S"
FORMS = {**section.FORMS, SOMETHING: "text"}  # what texts of a pattern are called
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]
Given = TypeVar("Given", str, tuple[str, ...])
NUMBER, PARTS, TEXT, LIST = "number", "", "text", "list"  # an empty name leaves no step in the path of a fault


class GroupSpecification(Record):
    """The number on one group.

    Attributes:
        value: The number.
        count: How many samples it has.
        low: Lower end of its interval.
        high: Upper end of it.
    """

    value: float
    count: Count | None = None
    low: float | None = None
    high: float | None = None


def _form(value: Any) -> str | None:
    if isinstance(value, dict | GroupSpecification):
        return PARTS
    return NUMBER if isinstance(value, int | float) and not isinstance(value, bool) else None


GivenGroup = Annotated[
    Annotated[float, pydantic.Tag(NUMBER)] | Annotated[GroupSpecification, pydantic.Tag(PARTS)],
    pydantic.Discriminator(
        _form,
        custom_error_type="group",
        custom_error_message="expected a number, or a mapping with value, count, low and high",
    ),
]


def _command_form(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return LIST
    return TEXT if isinstance(value, str) else None


def _is_command(given: Given) -> Given:
    parted(given)
    return given


Command = Annotated[
    Annotated[str, pydantic.AfterValidator(_is_command), pydantic.Tag(TEXT)]
    | Annotated[tuple[str, ...], pydantic.AfterValidator(_is_command), pydantic.Tag(LIST)],
    pydantic.Discriminator(
        _command_form,
        custom_error_type="command",
        custom_error_message="expected a program and its arguments: a text, or a list of texts",
    ),
]


class ClaimSpecification(Record):
    """A number that is claimed.

    Attributes:
        id: Short name, unique in the file; None: made from the text.
        text: What it says, in words.
        value: The number; None where an entry or `per_sample` gives it.
        tolerance: How far a computed value may lie from it, absolute.
        decimals: Digits after the point with which it is printed.
        split: The data split it was measured on.
        entry: Function that computes it, as ``module:name``.
        command: Program and arguments that compute it instead: a list, or one text that is parted as a shell does.
        group: The column the samples are grouped by, or groups by name as docs/claims.md says.
        groups: The number on each group, by name.
        per_sample: The number of each sample: a list, a file, or a function as ``module:name``.
        count: How many samples it was measured on.
        low: Lower end of its interval.
        high: Upper end of it.
    """

    id: section.Id | None = None
    text: Annotated[str, pydantic.Field(pattern=SOMETHING, max_length=10_000)] | None = None
    value: float | None = None
    tolerance: Annotated[float, pydantic.Field(ge=0)] | None = None
    decimals: Annotated[int, pydantic.Field(ge=0, le=17)] | None = None
    split: str | None = None
    entry: Entry | None = None
    command: Command | None = None
    group: Json = None
    groups: dict[str, GivenGroup] | None = None
    per_sample: Json = None
    count: Count | None = None
    low: float | None = None
    high: float | None = None

    @pydantic.model_validator(mode="after")
    def _claims_a_number(self) -> ClaimSpecification:
        if self.id is None and self.text is None:
            raise ValueError("a claim needs a text that says what it is of, or an id")
        if self.value is None and self.per_sample is None:
            raise ValueError("a claim needs a value, or the numbers of its samples under per_sample")
        if self.entry is not None and self.command is not None:
            raise ValueError("a claim is computed by an entry or by a command, found both")
        return self
