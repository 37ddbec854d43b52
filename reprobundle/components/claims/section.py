"""What a claim is, and what is recorded of claims."""

from __future__ import annotations

from typing import Annotated

import pydantic

from reprobundle.records import Record

NAME = "claims"
MAX_ID = 100
FIELDS = "id, text, value, tolerance, decimals, split, entry, command"

Id = Annotated[
    str, pydantic.Field(pattern=rf"^[a-z0-9][a-z0-9._-]{{0,{MAX_ID - 1}}}$", description="unique in a bundle")
]


class Claim(Record):
    """One number.

    Attributes:
        id: Short name, unique in the bundle.
        text: What the number says, in words.
        value: The number.
        tolerance: How far a computed value may lie from it, absolute, in its own unit; None: not said.
        split: The data split it was measured on.
        entry: Function that computes it, as ``module:name``: called with the model and the path of the split.
        decimals: Digits after the point with which the number is printed, which it must agree with; None: not said.
        command: Program and arguments that compute it instead, without a shell; empty: there is none.
    """

    id: Id
    text: Annotated[str, pydantic.Field(min_length=1, max_length=10_000)]
    value: float
    tolerance: Annotated[float, pydantic.Field(ge=0)] | None = None
    split: str | None = None
    entry: str | None = None
    decimals: Annotated[int, pydantic.Field(ge=0, le=17)] | None = None
    command: Annotated[tuple[str, ...], pydantic.Field(max_length=100)] = ()


class Section(Record):
    """What the person claims.

    Attributes:
        claims: Metrics first, then further claims, in the order given.
    """

    claims: tuple[Claim, ...]
