"""Reading what ``torch.save`` wrote without running anything in it; a pickle that would is refused by what it calls."""

from __future__ import annotations

import contextlib
import pickletools
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import some

LEGACY_PICKLES = 5  # magic number, protocol, machine, the object, the keys of its storages
NAMES_SHOWN = 10
ADVICE = "weights_only"
HARMLESS = ("torch.", "collections.OrderedDict", "_codecs.")  # what a state dict of that form is made of
HINT = (
    "load it in your own script, where you trust it, and save the weights alone: torch.save(model.state_dict(), …); or hand "
    "the model itself to capture"
)


def read(place: Path) -> Any:
    """What a checkpoint holds, its tensors on the CPU; those of a zip archive stay in the file until they are used.

    Raises:
        RefusedInputError: It would run code, or it is broken.
    """
    import torch

    mapped = zipfile.is_zipfile(place)
    unsafe = attempt(lambda: _unsafe(place, mapped=mapped))
    if not isinstance(unsafe, Failure) and unsafe:
        names = some([repr(name[:200]) for name in unsafe], NAMES_SHOWN)
        raise RefusedInputError(f"model {place.name!r}: is a pickle that would call {names}", hint=HINT)
    content = attempt(lambda: torch.load(place, map_location="cpu", weights_only=True, mmap=mapped))
    if isinstance(content, Failure):
        advised = ADVICE in content.why  # to run it
        why = "torch finds more than weights in it, or it is broken" if advised else content.why
        raise RefusedInputError(f"model {place.name!r}: cannot be read as a checkpoint: {why}", hint=HINT)
    return content


def _unsafe(place: Path, *, mapped: bool) -> list[str]:
    """What a checkpoint names beyond tensors and plain values, sorted."""
    if mapped:
        from torch.serialization import get_unsafe_globals_in_checkpoint

        return sorted(get_unsafe_globals_in_checkpoint(place))
    named: set[str] = set()
    with place.open("rb") as file, contextlib.suppress(ValueError):  # it ends, or goes on with the tensors' bytes
        for _ in range(LEGACY_PICKLES):
            named.update(_named(file))
    return sorted(name for name in named if not name.startswith(HARMLESS))


def _named(file: BinaryIO) -> Iterator[str]:
    """Every global that the next pickle of a file names, as ``module.name``; the pickle is looked through, not run."""
    texts: list[str] = []
    for operation, argument, _ in pickletools.genops(file):
        if operation.name in {"GLOBAL", "INST"}:
            yield str(argument).replace(" ", ".")
        elif operation.name == "STACK_GLOBAL":
            yield ".".join(texts[-2:])
        elif isinstance(argument, str):
            texts.append(argument)
