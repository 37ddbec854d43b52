"""Folders of transformers: the class is found by its name, and made and loaded by transformers itself, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model.opening import making
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.phrases import some

GENERATION = "generation_config.json"
ADAPTER = "adapter_config.json"
NAMES_SHOWN = 5
FACTORY_HINT = "name the class that is to be made: capture(…, factory=MyModel)"


def class_for(factory: Any, configuration: Mapping[str, Any], place: Path) -> Any:
    """The class of transformers' kind for a folder; None where the factory, or the configuration, names another.

    Raises:
        UsageError: The folder brings its own code, holds an adapter, or names a class that transformers does not have.
        UnavailableError: transformers is not installed.
    """
    if (place / ADAPTER).is_file():
        hint = "merge it into its model first: peft's merge_and_unload(), then save_pretrained"
        raise UsageError(f"model {place.name!r}: holds an adapter for another model, not a model", hint=hint)
    if factory is not None:
        given = making.resolved("factory", factory) if isinstance(factory, str) else factory
        return given if isinstance(given, type) and hasattr(given, "config_class") else None
    if not {"architectures", "model_type"} & configuration.keys():
        return None
    if configuration.get("auto_map"):
        message = f"model {place.name!r}: its configuration asks for code of its own (auto_map), which is not run"
        raise UsageError(message, hint=FACTORY_HINT)
    return _named(configuration.get("architectures"), place)


def made(kind: Any, place: Path, state: Mapping[str, Any]) -> Any:
    """Make a model of a class of transformers from a folder's configuration, its weights being the given tensors.

    transformers takes each tensor as it is, ties what its class ties, and translates names of older versions.

    Raises:
        UsageError: It cannot be made, or the weights do not fit.
    """
    done = attempt(lambda: _loaded(kind, place, state))
    if isinstance(done, Failure):
        raise UsageError(f"model {place.name!r}: {kind.__name__} cannot be made: {done.why}", hint=FACTORY_HINT)
    model, told = done
    for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if told[what]:
            names = some(sorted(repr(name)[:200] for name in told[what]), NAMES_SHOWN)
            message = f"model {place.name!r}: does not fit {kind.__name__}: {what.replace('_', ' ')}: {names}"
            raise UsageError(message, hint=FACTORY_HINT)
    return model.eval()


def _loaded(kind: Any, place: Path, state: Mapping[str, Any]) -> tuple[Any, Mapping[str, Any]]:
    configuration = kind.config_class.from_pretrained(str(place), local_files_only=True)
    options = {"config": configuration, "state_dict": dict(state), "output_loading_info": True, "dtype": "auto"}
    model, told = kind.from_pretrained(None, **options)
    if (place / GENERATION).is_file() and model.can_generate():
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
