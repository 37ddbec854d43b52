"""The manifest's ``model`` section: how the model is made again, and what its weights are."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle import entries, tensors
from reprobundle.components.recipes.form import Arguments
from reprobundle.records import Record
from reprobundle.store.digests import BundlePath, Digest

NAME = "model"

Loader = Literal["for_torch", "for_transformers", "for_torchscript", "for_onnx", "for_skops", "for_callable"]
Natural = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


class TensorEntry(Record):
    """One tensor of the model's state.

    Attributes:
        name: Its name in the state.
        dtype: safetensors' name of its dtype.
        shape: Its shape.
        xxh3_128: Digest over name, dtype, shape and bytes (``docs/format.md``).
        strides: How its elements lay in memory, in elements a dimension, where that was another order than C's; the
            loaded tensor is laid out so again, because libraries add in the order of memory.
    """

    name: str
    dtype: tensors.DtypeName
    shape: tuple[Natural, ...]
    xxh3_128: Digest
    strides: tuple[Natural, ...] | None = None

    @property
    def bytes(self) -> int:
        """Size of its content."""
        return tensors.size_of(self.dtype, self.shape)


class Given(Record):
    """What the person handed over, where that was not a module in memory.

    Attributes:
        kind: ``safetensors`` or ``checkpoint`` (a file of weights), ``folder`` (as ``from_pretrained`` reads it),
            ``torchscript`` or ``onnx`` (weights and computation in one file).
        name: Name of the file or folder, without its place.
        xxh3_128: Digest of the file; None for a folder.
        key: Where in a checkpoint the state dict stood, e.g. ``state_dict``; None where the file held nothing else.
        left_out: What else the checkpoint held, which is not in the bundle, by name.
        linked: Whether the weights' files in the bundle are the given files, byte for byte.
    """

    kind: Literal["safetensors", "checkpoint", "folder", "torchscript", "onnx"]
    name: str
    xxh3_128: Digest | None = None
    key: str | None = None
    left_out: tuple[str, ...] = ()
    linked: bool = False


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
        index: The shards' table, ``model.safetensors.index.json``; None where the weights are one file.
        buffers: Buffers that are no part of the state, which the constructor computes.
        buffers_file: Their values; None where there are none.
        wrappers: What was taken off the model, outermost first: ``DistributedDataParallel``, ``OptimizedModule``, …
        given: What the person handed over, where that was not a module in memory.
        mixin: Whether the class has `PyTorchModelHubMixin`, whose ``from_pretrained`` reads the bundle.
        trusted: Types that a scikit-learn model is made of and that skops asks about, sorted.
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
    index: BundlePath | None = None
    buffers: tuple[TensorEntry, ...] = ()
    buffers_file: BundlePath | None = None
    wrappers: tuple[str, ...] = ()
    given: Given | None = None
    trusted: tuple[str, ...] = ()
    mixin: bool = False
