"""Folders of transformers: the class is found by its name, and made and loaded by transformers itself, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model.opening import links, making, offline
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.phrases import some

GENERATION = "generation_config.json"
ADAPTER = "adapter_config.json"
FETCHING = "use_pretrained_backbone"
NAMES_SHOWN = 5
FACTORY_HINT = "name the class that is to be made: capture(…, factory=MyModel)"


def class_for(factory: Any, configuration: Mapping[str, Any], place: Path) -> Any:
    """The class of transformers' kind for a folder; None where the factory, or the configuration, names another.

    Raises:
        UsageError: The folder brings its own code, asks for weights from elsewhere, holds an adapter, or names a class that transformers does not have.
        UnavailableError: transformers is not installed.
    """
    if (place / ADAPTER).is_file():
        hint = "merge it into its model first: peft's merge_and_unload(), then save_pretrained"
        raise UsageError(f"model {place.name!r}: holds an adapter for another model, not a model", hint=hint)
    if factory is not None:
        given = making.resolved("factory", factory) if isinstance(factory, str) else factory
        if not isinstance(given, type) or not hasattr(given, "config_class"):
            return None
        _refuse_fetching(configuration, place)
        return given
    if not {"architectures", "model_type"} & configuration.keys():
        return None
    _refuse_fetching(configuration, place)
    if configuration.get("auto_map"):
        message = f"model {place.name!r}: its configuration asks for code of its own (auto_map), which is not run"
        raise UsageError(message, hint=FACTORY_HINT)
    return _named(configuration.get("architectures"), place)


def _refuse_fetching(configuration: Mapping[str, Any], place: Path) -> None:
    """Make sure that a configuration does not ask for weights from elsewhere, be it in a part of it.

    Raises:
        UsageError: It does.
    """
    waiting: list[Any] = [configuration]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping) and part.get(FETCHING):
            message = (
                f"model {place.name!r}: its configuration asks for other weights ({FETCHING}), which are not fetched"
            )
            raise UsageError(
                message, hint=f"the folder has all the weights: set {FETCHING} to false in its config.json"
            )
        waiting += part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()


def made(kind: Any, place: Path, state: Mapping[str, Any]) -> Any:
    """Make a model of a class of transformers from a folder's configuration, its weights being the given tensors.

    transformers takes each tensor as it is, ties what its class ties, and translates names of older versions.

    Raises:
        UsageError: It cannot be made, or the weights do not fit.
        RefusedInputError: A document of it is a link to a file elsewhere.
    """
    generation = (place / GENERATION).is_file() and links.needed(place, GENERATION) is not None
    with offline.only():
        done = attempt(lambda: _loaded(kind, place, state, generation=generation))
    if isinstance(done, Failure):
        raise UsageError(f"model {place.name!r}: {kind.__name__} cannot be made: {done.why}", hint=FACTORY_HINT)
    model, told = done
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if told[what]:
            names = some(sorted(repr(name)[:200] for name in told[what]), NAMES_SHOWN)
            message = f"model {place.name!r}: does not fit {kind.__name__}: {what.replace('_', ' ')}: {names}"
            raise UsageError(message, hint=FACTORY_HINT)
    return model.eval()


def _loaded(kind: Any, place: Path, state: Mapping[str, Any], *, generation: bool) -> tuple[Any, Mapping[str, Any]]:
    configuration = kind.config_class.from_pretrained(str(place), local_files_only=True)
    options = {"config": configuration, "state_dict": dict(state), "output_loading_info": True, "dtype": "auto"}
    model, told = kind.from_pretrained(None, **options)
    if generation and model.can_generate():
        from transformers import GenerationConfig

        model.generation_config = GenerationConfig.from_pretrained(str(place), local_files_only=True)
    return model, told


def _named(architectures: Any, place: Path) -> Any:
    try:
        import transformers
    except ImportError as error:
        hint = how_to_install("transformers")
        raise UnavailableError(f"model {place.name!r}: transformers is not installed", hint=hint) from error
    name = architectures[0] if isinstance(architectures, list) and architectures else None
    kind = getattr(transformers, name, None) if isinstance(name, str) else None
    if not isinstance(kind, type) or not issubclass(kind, transformers.PreTrainedModel):
        raise UsageError(f"model {place.name!r}: transformers has no model {name!r:.100}", hint=FACTORY_HINT)
    return kind
