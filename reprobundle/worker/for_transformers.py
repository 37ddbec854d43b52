"""Rebuild a transformers model from its class and its ``config.json``; the rest is torch's own loader.

The program writes the configuration with the same file that reads it, so that both sides agree by construction.
"""

from __future__ import annotations

import copy
import os
import sys
import tempfile
from typing import Any, Dict, Mapping

CONFIGURATION = "config.json"
GENERATION = "generation_config.json"


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith("_reprobundle_worker_"):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def recognises(model: Any) -> bool:
    """Whether a model is of transformers' kind; transformers is not imported to find out."""
    library = sys.modules.get("transformers.modeling_utils")
    return library is not None and isinstance(model, library.PreTrainedModel)


def documents(model: Any) -> Dict[str, str]:
    """What transformers writes beside a model's weights, as text by the file's name; the model stays as it is.

    Of a class that was registered for an ``Auto`` class this is its module, too, which ``trust_remote_code=True`` reads.
    """
    config = copy.deepcopy(model.config)
    config.architectures = [type(model).__name__]
    config.dtype = model.dtype
    found = registered(model, config)
    found[CONFIGURATION] = config.to_json_string()
    if model.can_generate() and getattr(model, "generation_config", None) is not None:
        found[GENERATION] = model.generation_config.to_json_string()
    return found


def registered(model: Any, config: Any) -> Dict[str, str]:
    """The modules of classes that ask to be found by an ``Auto`` class, by the file's name; named in the configuration."""
    things = [thing for thing in (model, config) if getattr(thing, "_auto_class", None) is not None]
    if not things:
        return {}
    from transformers.dynamic_module_utils import custom_object_save

    with tempfile.TemporaryDirectory(prefix="reprobundle-modules-") as folder:
        for thing in things:
            custom_object_save(thing, folder, config=config)
        return {name: read(os.path.join(folder, name)) for name in sorted(os.listdir(folder))}


def read(path: str) -> str:
    """The text of a source file."""
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def arguments(model: Any) -> Dict[str, Any]:
    """What changes a model's numbers and does not stand in its configuration's file."""
    config = model.config
    parts = {name: getattr(config, name, None) for name in config.sub_configs}
    chosen = {name: part._attn_implementation for name, part in parts.items() if part is not None}  # noqa: SLF001  no other name
    own = config._attn_implementation  # noqa: SLF001  no other name
    found = {"attn_implementation": {"": own, **chosen} if chosen else own}
    experts = getattr(config, "_experts_implementation", None)
    if experts is not None:
        found["experts_implementation"] = experts
    return found


def build(model: Mapping[str, Any]) -> Any:
    """Make the model by its class and configuration.

    Args:
        model: ``entry`` as ``module:name``, ``configuration``: path of its ``config.json``, ``init`` with what stands
            in no configuration as ``kwargs``.

    Returns:
        The module, its weights still at their initial values.
    """
    kind = sibling("importing").resolve(model["entry"])
    config = kind.config_class.from_pretrained(model["configuration"])
    return kind._from_config(config, **model["init"]["kwargs"])  # noqa: SLF001  what AutoModel.from_config calls


def __getattr__(name: str) -> Any:
    """All else is done as for any torch model: settings, weights, inputs, outputs."""
    return getattr(sibling("for_torch"), name)
