"""What a claim is, and what is recorded of claims."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle.records import Record

NAME = "claims"
MAX_ID = 100
STATED = ("id", "text", "value", "tolerance", "decimals", "split", "entry", "command", "group", "groups", "per_sample")
FIELDS = ", ".join(STATED)
MOST_GROUPS = 1000
LONGEST_GROUP = 1000  # characters of a group's name
MEMBERS = "replay/groups.safetensors"

ID = rf"^[a-z0-9][a-z0-9._-]{{0,{MAX_ID - 1}}}$"
FORMS = {ID: f"small letters, digits, '.', '_' and '-', at most {MAX_ID}, a letter or digit first"}
Id = Annotated[str, pydantic.Field(pattern=ID, description="unique in a bundle")]


class GroupValue(Record):
    """The same number on a part of the samples.

    Attributes:
        name: The group: a value of the grouping column.
        value: The number on its samples.
        count: How many samples it has; None: not said.
        low: Lower end of the interval in which the true value lies in 95 of 100 such samples; None: not known.
        high: Upper end of it.
        method: How the interval was made: ``wilson`` for shares, else ``bootstrap``; None: as the person gave it.
        measured: Mean of the numbers that were given of its samples, where `value` is stated beside them; None: none were.
        gave: The number that the reloaded model gave on its samples before the bundle was sealed, where that differs.
    """

    name: Annotated[str, pydantic.Field(max_length=LONGEST_GROUP)]
    value: float
    count: Annotated[int, pydantic.Field(ge=0, lt=2**63)] | None = None
    low: float | None = None
    high: float | None = None
    method: Literal["wilson", "bootstrap"] | None = None
    measured: float | None = None
    gave: float | None = None


class Claim(Record):
    """One number.

    Attributes:
        id: Short name, unique in the bundle.
        text: What the number says, in words.
        value: The number.
        tolerance: How far a computed value may lie from it, absolute, in its own unit; None: not said.
        split: The data split it was measured on, as stated, else as its text names it.
        entry: Function that computes it, as ``module:name``: called with the model and the path of the split.
        decimals: Digits after the point with which the number is printed, which it must agree with; None: not said.
        command: Program and arguments that compute it instead, without a shell; empty: there is none.
        group: What the samples are grouped by, such as the name of a column; None: not said.
        groups: The number on each group of them; empty: they were not told apart.
        measured: Mean of the numbers that were given with it, one a sample, whatever `value` says; None: none were given.
        count: How many samples it was measured on; None: not said.
        low: Lower end of the interval in which the true value lies in 95 of 100 such samples; None: not known.
        high: Upper end of it.
        method: How the interval was made: ``wilson`` for shares, else ``bootstrap``; None: as the person gave it.
        split_guessed: Whether `split` was read from the text, as none was stated; what computes the number is given no data then.
        reloaded: What came of computing it with the reloaded model before the bundle was sealed; None: it was not computed.
        gave: The number that the reloaded model gave, where that differs.
    """

    id: Id
    text: Annotated[str, pydantic.Field(min_length=1, max_length=10_000)]
    value: float
    tolerance: Annotated[float, pydantic.Field(ge=0)] | None = None
    split: str | None = None
    entry: str | None = None
    decimals: Annotated[int, pydantic.Field(ge=0, le=17)] | None = None
    command: Annotated[tuple[str, ...], pydantic.Field(max_length=100)] = ()
    group: Annotated[str, pydantic.Field(min_length=1, max_length=LONGEST_GROUP)] | None = None
    groups: Annotated[tuple[GroupValue, ...], pydantic.Field(max_length=MOST_GROUPS)] = ()
    measured: float | None = None
    count: Annotated[int, pydantic.Field(ge=0, lt=2**63)] | None = None
    low: float | None = None
    high: float | None = None
    method: Literal["wilson", "bootstrap"] | None = None
    split_guessed: bool = False
    reloaded: Literal["agrees", "differs", "failed"] | None = None
    gave: float | None = None

    @property
    def needs(self) -> str | None:
        """The split whose data it is computed on; None: what computes it is given no data."""
        return None if self.split_guessed else self.split


class Section(Record):
    """What the person claims.

    Attributes:
        claims: Metrics first, then further claims, in the order given.
        members: A safetensors file with a tensor for each claim whose samples are known, under the claim's id: U16, one
            number a sample, which counts the claim's `groups` from 0. No worker ever sees it. None: there is no such claim.
    """

    claims: tuple[Claim, ...]
    members: str | None = None
