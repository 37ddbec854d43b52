"""What makes a model again: its class or factory by name, the arguments, and the documents ``from_pretrained`` reads."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reprobundle import entries
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.model import mixin, mixin_config, unwrapping
from reprobundle.components.model.arguments import WHOLE_CONFIGURATION, Called, found_out, given
from reprobundle.components.model.section import NAME, Loader
from reprobundle.components.recipes.form import Arguments
from reprobundle.errors import ReproBundleError
from reprobundle.records import Json

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
    called = given(source)
    return Recipe("for_callable", _entry(source, stage), Arguments() if called is None else called.recorded)


def of_torch(source: Source, stage: Stage) -> Recipe:
    """The recipe of a module, of transformers' kind or any other."""
    from reprobundle.worker import for_transformers

    unwrapping.note_wrappers(source, stage)
    model, entry = source.model, _entry(source, stage)
    asked = source.factory is not None or source.init is not None
    if for_transformers.recognises(model):
        told = attempt(lambda: (Arguments(kwargs=for_transformers.arguments(model)), for_transformers.documents(model)))
        if not isinstance(told, Failure):
            arguments, documents = told[0], _not_there_yet(told[1], stage)
            _note_quantised(model, stage)
            if asked:
                return Recipe("for_torch", entry, _init(found_out(source, stage)), documents)
            return Recipe("for_transformers", entry, arguments, documents, CONFIGURATION)
        stage.note(NAME, f"the model's configuration cannot be written: {told.why}", hint="capture(…, factory=…)")
    called = found_out(source, stage)
    return Recipe("for_torch", entry, _init(called), _documents(source, called, stage))


def _not_there_yet(documents: Mapping[str, str], stage: Stage) -> dict[str, str]:
    """The documents without those that a tokenizer wrote already, such as a module that both are defined in."""
    there = {entry.path for entry in stage.writer.entries}
    for path in documents.keys() & there:
        if (stage.root / path).read_bytes() != documents[path].encode("utf-8"):
            stage.note(NAME, f"{path!r} of the model is left out: the tokenizer brings another file of that name")
    return {path: text for path, text in documents.items() if path not in there}


def _note_quantised(model: Any, stage: Stage) -> None:
    if getattr(model, "is_quantized", False):
        message = "the model is quantised, and its class alone does not make the quantised layers again"
        stage.note(NAME, message, hint="capture model.dequantize(), or the model as it was before")


def _entry(source: Source, stage: Stage) -> str | None:
    thing = source.factory if source.factory is not None else source.model
    if isinstance(thing, str):
        return str(entries.parse_entry(thing))
    try:
        return entries.entry_of(thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing))
    except ReproBundleError as error:
        stage.note(NAME, f"the model cannot be made again by name: {error}", hint=error.hint)
        return None


def _init(called: Called | None) -> Arguments | None:
    return None if called is None else called.recorded


def _documents(source: Source, called: Called | None, stage: Stage) -> dict[str, str]:
    """``config.json``: of a model with the mixin what its ``from_pretrained`` reads, else the constructor's arguments."""
    if mixin.is_one(source.model) and (called is None or source.factory is None):
        return _of_mixin(source.model, called, stage)
    return {} if called is None else {CONFIGURATION: _text(_whole(called.recorded))}


def _of_mixin(model: Any, called: Called | None, stage: Stage) -> dict[str, str]:
    values = attempt(lambda: {} if called is None else mixin_config.bound(model, called.args, called.kwargs))
    made = attempt(lambda: mixin_config.content(model, {} if isinstance(values, Failure) else values))
    if isinstance(made, Failure):
        stage.note(NAME, f"config.json cannot be written: {made.why}", hint="give arguments that JSON can hold")
        return {}
    text = _text(made)
    if called is not None and not isinstance(values, Failure):
        told = attempt(lambda: mixin_config.note_faults(model, values, text, stage))
        if isinstance(told, Failure):
            stage.note(NAME, f"what from_pretrained makes of the bundle could not be found out: {told.why}")
    return {CONFIGURATION: text}


def _whole(init: Arguments) -> Json:
    """The one argument that is a configuration, else all of them by name: what ``MyModel(json.load(…))`` takes."""
    given = {f"/args/{index}": value for index, value in enumerate(init.args)}
    given.update({f"/kwargs/{name}": init.kwargs[name] for name in WHOLE_CONFIGURATION if name in init.kwargs})
    place = next(iter(given), "") if len(init.args) + len(init.kwargs) == 1 else "/kwargs/config"
    whole = _unpacked(given.get(place), place, init)
    return whole if isinstance(whole, dict) else dict(init.kwargs)


def _unpacked(whole: Json, place: str, init: Arguments) -> Json:
    """What is inside a call that makes a configuration of one dictionary, such as ``OmegaConf.create(obj={…})``."""
    made_by = init.objects.get(place, "")
    if isinstance(whole, dict) and made_by.endswith((".create", ".from_dict")) and len(whole) == 1:
        return next(iter(whole.values()))
    return whole


def _text(content: Json) -> str:
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
