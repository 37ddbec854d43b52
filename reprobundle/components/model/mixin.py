"""What `PyTorchModelHubMixin` remembers of the arguments that a model was made with; huggingface_hub is never imported."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Container, Mapping
from typing import Any

from reprobundle.components.interface import Failure, attempt

CONFIG = "config"


def is_one(model: Any) -> bool:
    """Whether a model's class has the mixin."""
    library = sys.modules.get("huggingface_hub.hub_mixin")
    return library is not None and isinstance(model, library.ModelHubMixin)


def remembered(model: Any) -> Mapping[str, Any]:
    """What the mixin would write into ``config.json``, before it is JSON; empty where it remembers nothing."""
    kept = getattr(model, "_hub_mixin_config", None) if is_one(model) else None
    if dataclasses.is_dataclass(kept) and not isinstance(kept, type):
        return dataclasses.asdict(kept)
    return kept if isinstance(kept, Mapping) else {}


def called_with(model: Any) -> Mapping[str, Any]:
    """The arguments that the mixin remembers under their own names; a dataclass named ``config`` as the object it is."""
    kept = getattr(model, "_hub_mixin_config", None) if is_one(model) else None
    if dataclasses.is_dataclass(kept):
        return {CONFIG: kept}
    named = set(inspect.signature(type(model)).parameters) - {CONFIG} if isinstance(kept, Mapping) else set()
    return {name: value for name, value in remembered(model).items() if name in named}


def whole(model: Any) -> Mapping[str, Any] | None:
    """The dictionary that was handed over as ``config``; None where the mixin kept none of it.

    The mixin puts the other arguments in, too; an attribute of the model may tell which keys were its own.
    """
    kept = remembered(model)
    if not set(kept) - set(called_with(model)):
        return None
    own = vars(model).get(CONFIG)
    return {name: kept[name] for name in own} if isinstance(own, Mapping) and set(own) <= set(kept) else kept


def further(model: Any, named: Container[str]) -> Mapping[str, Any] | None:
    """Arguments that ``**options`` took; None where they are not known.

    Args:
        model: The model.
        named: The parameters of its constructor.
    """
    if not is_one(model) or CONFIG in named:
        return None
    return {name: value for name, value in remembered(model).items() if name not in named}


def kept_nothing_of(model: Any, name: str) -> bool:
    """Whether this is a ``config`` of which the mixin kept nothing: it was empty, or JSON cannot hold it."""
    return name == CONFIG and is_one(model) and whole(model) is None


def doubtful(model: Any, name: str) -> str | None:
    """Why the value that the mixin knows of an argument with a default may not be the one that was handed over.

    Beside a dataclass ``config`` it keeps nothing, and for what JSON cannot hold it keeps the default.
    """
    if not is_one(model) or name == CONFIG:
        return None
    if dataclasses.is_dataclass(model._hub_mixin_config) and name not in vars(model):  # noqa: SLF001  no other name
        return "the mixin keeps nothing beside a dataclass config"
    if not _is_default(model, name) or _is_json(vars(model).get(name)):
        return None
    return f"the model now holds {vars(model)[name]!r:.60}, which JSON cannot hold"


def kept_instead(model: Any, name: str) -> bool:
    """Whether the model's own attribute is the argument rather than what the mixin kept: None, or an encoded form."""
    if not is_one(model) or name not in vars(model):
        return False
    value = vars(model)[name]
    forgot = called_with(model).get(name) is None and _is_default(model, name) and not _is_json(value)
    return forgot or isinstance(value, tuple(type(model)._hub_mixin_coders))  # noqa: SLF001  no other name


def _is_default(model: Any, name: str) -> bool:
    defaults, kept = type(model)._hub_mixin_jsonable_default_values, called_with(model)  # noqa: SLF001  no other name
    return name in defaults and name in kept and kept[name] is defaults[name]


def _is_json(value: Any) -> bool:
    return not isinstance(attempt(lambda: json.dumps(value)), Failure)


def encoded(model: Any, value: Any) -> Any:
    """A value as the coder of the model's class gives it; None where the class has no coder for it."""
    if not is_one(model) or not isinstance(value, tuple(type(model)._hub_mixin_coders)):  # noqa: SLF001  no other name
        return None
    return type(model)._encode_arg(value)  # noqa: SLF001  no other name


def decoded(model: Any, hint: Any, value: Any) -> Any:
    """What a remembered value was before the class's coder encoded it, by the annotation of its argument."""
    coders = tuple(type(model)._hub_mixin_coders) if is_one(model) else ()  # noqa: SLF001  no other name
    return type(model)._decode_arg(hint, value) if coders and not isinstance(value, coders) else value  # noqa: SLF001  the same
