"""The manifest's ``model`` section: how the model is made again, and what its weights are."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import pydantic

from reprobundle import entries, tensors
from reprobundle.records import Json, Record
from reprobundle.store.digests import BundlePath, Digest

NAME = "model"

Loader = Literal["for_torch", "for_transformers", "for_callable"]
Pointer = Annotated[str, pydantic.Field(pattern=r"^/(args/[0-9]{1,5}|kwargs/[^/]+)(/[^/]*)*$", max_length=1024)]


class Arguments(Record):
    """What the class or factory is called with.

    Attributes:
        args: By position.
        kwargs: By keyword.
        objects: Values that stand for an object made of named parts, such as a dataclass: its class by the value's place,
            a JSON pointer such as ``/kwargs/config``. The class is called with the parts by keyword.
    """

    args: tuple[Json, ...] = ()
    kwargs: dict[str, Json] = {}
    objects: dict[Pointer, entries.EntryName] = {}


class TensorEntry(Record):
    """One tensor of the model's state.

    Attributes:
        name: Its name in the state.
        dtype: safetensors' name of its dtype.
        shape: Its shape.
        xxh3_128: Digest over name, dtype, shape and bytes (``docs/format.md``).
    """

    name: str
    dtype: tensors.DtypeName
    shape: tuple[Annotated[int, pydantic.Field(ge=0, lt=2**63)], ...]
    xxh3_128: Digest

    @property
    def bytes(self) -> int:
        """Size of its content."""
        return math.prod(self.shape) * tensors.WIDTHS[self.dtype]


class Section(Record):
    """How to make the model again.

    Attributes:
        loader: The worker's file that loads it.
        framework: The framework with its version, e.g. ``torch 2.13.0+cpu``; None for a plain function.
        entry: Class, factory or function as ``module:name``; None when it has no name that can be imported.
        init: What the entry is called with; None when that could not be found out.
        files: The weights.
        tensors: Every tensor of the state, shared ones under each of their names.
        aliases: Names that share the tensor of another name.
        configuration: What the model's class reads its configuration from; None where `init` says it all.
        parameters: Number of parameters, shared ones once.
        device: Kind of device the model was on: ``cpu``, ``cuda``, …
    """

    loader: Loader
    framework: str | None
    entry: entries.EntryName | None
    init: Arguments | None
    files: tuple[BundlePath, ...] = ()
    tensors: tuple[TensorEntry, ...] = ()
    aliases: dict[str, str] = {}
    configuration: BundlePath | None = None
    parameters: int = 0
    device: str = "cpu"


def step(key: str) -> str:
    """A key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")
