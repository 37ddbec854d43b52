"""What makes a model again: its class or factory by name, the arguments, and the documents ``from_pretrained`` reads."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from reprobundle import entries
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.model.arguments import found_out, given
from reprobundle.components.model.section import NAME, Arguments, Loader
from reprobundle.errors import ReproBundleError

CONFIGURATION = "config.json"


@dataclass(frozen=True)
class Recipe:
    """How to make a model again.

    Attributes:
        loader: The worker's file that loads it.
        entry: Class, factory or function; None when it has no name that can be imported.
        init: What the entry is called with; None when that could not be found out.
        documents: Texts for the root of the bundle, by path.
        configuration: The one of them that the model's class reads; None where `init` says it all.
    """

    loader: Loader
    entry: str | None
    init: Arguments | None
    documents: Mapping[str, str] = field(default_factory=dict)
    configuration: str | None = None


def of_callable(source: Source, stage: Stage) -> Recipe:
    """The recipe of a plain function."""
    return Recipe("for_callable", _entry(source, stage), given(source) or Arguments())


def of_torch(source: Source, stage: Stage) -> Recipe:
    """The recipe of a module, of transformers' kind or any other."""
    from reprobundle.worker import for_transformers

    model, entry = source.model, _entry(source, stage)
    asked = source.factory is not None or source.init is not None
    if for_transformers.recognises(model):
        told = attempt(lambda: (Arguments(kwargs=for_transformers.arguments(model)), for_transformers.documents(model)))
        if not isinstance(told, Failure):
            if asked:
                return Recipe("for_torch", entry, found_out(source, stage), told[1])
            return Recipe("for_transformers", entry, *told, CONFIGURATION)
        stage.note(NAME, f"the model's configuration cannot be written: {told.why}", hint="capture(…, factory=…)")
    init = found_out(source, stage)
    return Recipe("for_torch", entry, init, _configuration(init))


def _entry(source: Source, stage: Stage) -> str | None:
    thing = source.factory if source.factory is not None else source.model
    if isinstance(thing, str):
        return str(entries.parse_entry(thing))
    try:
        return entries.entry_of(thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing))
    except ReproBundleError as error:
        stage.note(NAME, f"the model cannot be made again by name: {error}", hint=error.hint)
        return None


def _configuration(init: Arguments | None) -> dict[str, str]:
    if init is None:
        return {}
    whole = init.args[0] if len(init.args) == 1 and not init.kwargs else init.kwargs.get("config")
    content = whole if isinstance(whole, dict) else init.kwargs
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return {CONFIGURATION: text + "\n"}
