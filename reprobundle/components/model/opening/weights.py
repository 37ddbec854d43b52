"""Weights alone in a file: the person names the class they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reprobundle import tensors
from reprobundle.components.interface import Failure, Opened, Source, attempt
from reprobundle.components.model.opening import containers, making, pickles
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.store.writing import disk_errors


def from_safetensors(source: Source, place: Path) -> Source:
    """Open a safetensors file: its tensors stay in the file until they are used.

    Raises:
        UsageError: No factory is named, or the weights do not fit it.
        RefusedInputError: The file's header lies.
    """
    _need_factory(source, place)
    state = state_of(place)
    opened = Opened(kind="safetensors", place=place, weights=(place.resolve(),))
    return _made(source, state, opened)


def from_checkpoint(source: Source, place: Path, key: str | None) -> Source:
    """Open a checkpoint that ``torch.save`` wrote; what it holds besides the state dict is left out and named.

    Raises:
        UsageError: No factory is named, there is no state dict or more than one, or it does not fit.
        RefusedInputError: It would run code, or is broken.
    """
    _need_factory(source, place)
    found = containers.find(pickles.read(place), key, place.name)
    opened = Opened(kind="checkpoint", place=place, key=found.key, left_out=found.left_out, init=found.arguments)
    return _made(source, found.state, opened)


def state_of(place: Path, name: str | None = None) -> dict[str, Any]:
    """The tensors of a safetensors file by name, after its header was checked.

    Args:
        place: The file.
        name: What messages call it; None: by its own name.

    Raises:
        RefusedInputError: The header lies, there is no tensor, or this torch has no such dtype.
    """
    from safetensors.torch import load_file

    name = name or place.name
    with disk_errors(name):
        places = tensors.read_places(place.resolve())
    if not places:
        raise RefusedInputError(f"model {name!r}: holds no tensor")
    state = attempt(lambda: load_file(place))
    if isinstance(state, Failure):
        raise RefusedInputError(f"model {name!r}: cannot be read: {state.why}")
    return state


def _need_factory(source: Source, place: Path) -> None:
    if source.factory is None:
        hint = f'capture(…, model="{place.name}", factory=MyModel)'
        raise UsageError(f"model {place.name!r}: holds weights alone: name the class that they belong to", hint=hint)


def _made(source: Source, state: Mapping[str, Any], opened: Opened) -> Source:
    """The source with its module made and loaded; what a checkpoint says of itself counts where the person says nothing."""
    own = opened.init or {}
    said = source.hyperparameters
    known = {**own, **said} if isinstance(said, Mapping) else own if said is None else said
    made, wrapped = making.loaded(source.factory, source.init, known, state, opened.place.name)
    notes = () if wrapped is None else (f"the names in {opened.place.name!r} are those of a model in {wrapped}",)
    return replace(
        source,
        model=made.model,
        init=made.init,
        hyperparameters=dict(own) if said is None and own else said,
        opened=replace(opened, notes=notes),
    )
