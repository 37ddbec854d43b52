"""Folders as ``from_pretrained`` reads them: a configuration, weights in one file or in shards, and what goes with them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reprobundle.components.interface import Failure, Opened, Source, attempt
from reprobundle.components.model.opening import making, pretrained
from reprobundle.components.model.opening.folder_files import (
    NAMES_SHOWN,
    Beside,
    Weights,
    beside,
    configuration_of,
    weights_of,
)
from reprobundle.errors import UsageError
from reprobundle.phrases import some


def opened(source: Source, place: Path) -> Source:
    """Open a folder; its class is the factory's, or the one of transformers that the configuration names.

    Raises:
        UsageError: It holds no weights, its class is not known, or they do not fit.
        UnavailableError: transformers is not installed.
        RefusedInputError: A document, a header or the table of shards is broken, or a checkpoint would run code.
    """
    configuration = configuration_of(place)
    kind = pretrained.class_for(source.factory, configuration, place)
    if kind is None and source.factory is None:
        hint = f'name it: capture(…, model="{place.name}", factory=MyModel)'
        raise UsageError(f"model {place.name!r}: its configuration names no class of transformers", hint=hint)
    weights = weights_of(place)
    found = beside(place, weights)
    told = Opened(
        kind="folder",
        place=place,
        weights=weights.files,
        documents=found.taken,
        left_out=found.left_out,
        notes=_elsewhere(found, place),
    )
    if kind is not None:
        model = pretrained.made(kind, place, weights.state)
        return replace(source, model=model, factory=None, opened=told)
    return _made(source, configuration, weights, told)


def _made(source: Source, configuration: Mapping[str, Any], weights: Weights, told: Opened) -> Source:
    """The source with a class of the person's own, called with what the configuration holds by its arguments' names."""
    said = source.hyperparameters
    known = {**configuration, **said} if isinstance(said, Mapping) else configuration if said is None else said
    init = source.init
    if init is None and isinstance(known, Mapping):
        init = _arguments(source.factory, configuration, known)
    made, wrapped = making.loaded(source.factory, init, known, weights.state, told.place.name)
    notes = () if wrapped is None else (f"the names in {told.place.name!r} are those of a model in {wrapped}",)
    return replace(source, model=made.model, init=made.init, opened=replace(told, notes=(*told.notes, *notes)))


def _elsewhere(found: Beside, place: Path) -> tuple[str, ...]:
    if not found.elsewhere:
        return ()
    names = some([repr(name[:200]) for name in found.elsewhere], NAMES_SHOWN)
    return (f"{place.name!r} also holds {names}, which lead out of it or to a file of secrets: left out of the bundle",)


def _arguments(factory: Any, configuration: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """As PyTorchModelHubMixin's ``from_pretrained``: by name, and all the rest where a class takes any keywords."""
    function = making.resolved("factory", factory) if isinstance(factory, str) else factory
    init = making.init_of(function, None, known, "factory")
    parameters = attempt(lambda: tuple(inspect.signature(function).parameters.values()))
    if isinstance(parameters, Failure) or not any(one.kind is one.VAR_KEYWORD for one in parameters):
        return init
    taken = {one.name for one in parameters}
    rest = {name: value for name, value in configuration.items() if name not in taken}
    return {"args": init["args"], "kwargs": {**init["kwargs"], **rest}}
