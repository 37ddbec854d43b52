"""Opening a model that the person named by a file or folder, so that all later steps see a model in memory.

Weights alone run no code: safetensors after a check of its header, checkpoints with ``weights_only``, JSON. TorchScript and
ONNX files are programs: their runtimes load and run them in this process, as a class of the person's own would, so what came
from elsewhere may do here what TorchScript can, write files for one. What a file may hold besides is told in
`Source.opened`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.interface import Source
from reprobundle.components.model.opening import kinds, self_contained, weights
from reprobundle.components.model.opening.folders import opened as opened_folder
from reprobundle.errors import UsageError


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint file, and where in it the state dict stands.

    Attributes:
        path: The file.
        key: Its key in the checkpoint, nested ones joined by dots: ``model_ema``, ``ema.state_dict``. None: found out, where
            the file holds only one state dict.
    """

    path: str | os.PathLike[str]
    key: str | None = None

    def __fspath__(self) -> str:
        """The path of the file."""
        return os.fspath(self.path)


def opened(source: Source) -> Source:
    """The same source, its model in memory, and in `Source.opened` where it came from; a model in memory stays as it is.

    Raises:
        UsageError: There is no such file or folder, it is of no kind that is known, or it does not fit the factory.
        RefusedInputError: The file breaks its form, or it is a pickle that may run code: the message names what it calls.
    """
    if not isinstance(source.model, str | os.PathLike):
        return source
    place = Path(source.model)
    key = source.model.key if isinstance(source.model, Checkpoint) else None
    if place.is_dir():
        return opened_folder(source, place)
    if not place.is_file():
        hint = "give the path of a file or folder, or the model itself"
        raise UsageError(f"model: no file or folder {os.fspath(place)!r}", hint=hint)
    kind = kinds.kind_of(place)
    if key is not None and kind != "checkpoint":
        raise UsageError(f"model {place.name!r}: key {key!r} is given, but it is {kinds.WORDS[kind]}, not a checkpoint")
    if kind == "checkpoint":
        return weights.from_checkpoint(source, place, key)
    return OPENERS[kind](source, place)


OPENERS: Mapping[str, Callable[[Source, Path], Source]] = {
    "safetensors": weights.from_safetensors,
    "torchscript": self_contained.from_torchscript,
    "onnx": self_contained.from_onnx,
}
