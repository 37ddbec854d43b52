"""The arguments that an object is made with, as they stand in a bundle."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle import entries
from reprobundle.records import Json, Record

Kind = Literal[
    "tuple",
    "set",
    "frozenset",
    "float",
    "complex",
    "bytes",
    "path",
    "dtype",
    "device",
    "size",
    "enum",
    "entry",
    "coded",
    "array",
    "tensor",
]
Pointer = Annotated[str, pydantic.Field(pattern=r"^/(args/[0-9]{1,5}|kwargs/[^/]+)(/[^/]*)*$", max_length=1024)]


class Arguments(Record):
    """What the class or factory is called with.

    Attributes:
        args: By position.
        kwargs: By keyword.
        objects: Values that stand for an object made of named parts, such as a dataclass: its class by the value's place,
            a JSON pointer such as ``/kwargs/config``. The class is called with the parts by keyword; of an ``enum``, the
            member is looked up by its name; of a ``coded`` value, it is the mixin class that decodes it.
        kinds: Values that JSON has no form for, by the value's place: what they are, e.g. ``tuple`` of a list, ``dtype`` of
            the text ``float16``, ``entry`` of a class or function as ``module:name`` (``docs/format.md`` has them all). Of an
            ``array`` (numpy) or ``tensor`` (torch) the text is its name in the file beside the recipe.
    """

    args: tuple[Json, ...] = ()
    kwargs: dict[str, Json] = {}
    objects: dict[Pointer, entries.EntryName] = {}
    kinds: dict[Pointer, Kind] = {}


def step(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
