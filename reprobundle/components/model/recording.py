"""Recording the model: its class by name, the arguments that make it, its weights, and a digest of each tensor."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from reprobundle import entries, tensors
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.model.arguments import found_out, given
from reprobundle.components.model.section import NAME, Arguments, Loader, Section, TensorEntry
from reprobundle.errors import ReproBundleError, UsageError

WEIGHTS = "model.safetensors"
CONFIGURATION = "config.json"


def record(source: Source, stage: Stage) -> Section:
    """Record how the model is made and write its weights."""
    if callable(source.model) and not hasattr(source.model, "state_dict"):
        return Section(
            loader="for_callable", framework=None, entry=_entry(source, stage), init=given(source) or Arguments()
        )
    if not hasattr(source.model, "state_dict"):
        raise UsageError(f"model: expected an nn.Module or a function, found {type(source.model).__name__}")
    import torch

    state, aliases = _state(source.model, stage)
    loader, init, documents = _recipe(source, stage)
    for path, text in documents.items():
        stage.writer.write(path, text.encode("utf-8"))
    return Section(
        loader=loader,
        framework=f"torch {torch.__version__}",
        entry=_entry(source, stage),
        init=init,
        files=_write_weights(state, aliases, stage),
        tensors=tuple(_tensor_entry(name, value) for name, value in state.items()),
        aliases=aliases,
        configuration=CONFIGURATION if loader == "for_transformers" else None,
        parameters=sum(parameter.numel() for parameter in source.model.parameters()),
        device=next((value.device.type for value in state.values()), "cpu"),
    )


def _entry(source: Source, stage: Stage) -> str | None:
    thing = source.factory if source.factory is not None else source.model
    if isinstance(thing, str):
        return str(entries.parse_entry(thing))
    try:
        return entries.entry_of(thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing))
    except ReproBundleError as error:
        stage.note(NAME, f"the model cannot be made again by name: {error}", hint=error.hint)
        return None


def _state(model: Any, stage: Stage) -> tuple[dict[str, Any], dict[str, str]]:
    """The state's tensors, and which names share one tensor with an earlier name."""
    from reprobundle.worker import for_torch

    state = for_torch.tensors_of(model)
    for name in model.state_dict().keys() - state.keys():
        stage.note(NAME, f"state entry {name!r} is no tensor and is not saved", hint="rebuild it in the constructor")
    for name, value in state.items():
        for_torch.dtype_name(value)
        if value.is_sparse or value.is_quantized or value.is_meta:
            raise UsageError(f"model: tensor {name!r} is {value.layout}, expected dense values in memory")
    first: dict[tuple[Any, ...], str] = {}
    aliases: dict[str, str] = {}
    for name, value in state.items():
        kept = first.setdefault(_memory(name, value), name)
        if kept != name:
            aliases[name] = kept
    return state, aliases


def _memory(name: str, value: Any) -> tuple[Any, ...]:
    """Equal for two names of one tensor; empty tensors share nothing."""
    if value.numel() == 0:
        return (name,)
    return value.device, value.data_ptr(), value.dtype, tuple(value.shape), value.stride()


def _write_weights(state: Mapping[str, Any], aliases: Mapping[str, str], stage: Stage) -> tuple[str, ...]:
    from reprobundle.worker import for_torch

    def place(value: Any) -> tensors.TensorBytes:
        return tensors.TensorBytes(for_torch.dtype_name(value), tuple(value.shape), lambda: for_torch.content(value))

    tensors.write(stage.writer, WEIGHTS, {name: place(value) for name, value in state.items() if name not in aliases})
    return (WEIGHTS,)


def _tensor_entry(name: str, value: Any) -> TensorEntry:
    from reprobundle.worker import for_torch

    digest = for_torch.digest(name, value)
    return TensorEntry(name=name, dtype=for_torch.dtype_name(value), shape=tuple(value.shape), xxh3_128=digest)


def _recipe(source: Source, stage: Stage) -> tuple[Loader, Arguments | None, dict[str, str]]:
    """What makes the model again: the loader, the arguments, and documents for the root of the bundle."""
    from reprobundle.worker import for_transformers

    model, asked = source.model, source.factory is not None or source.init is not None
    if for_transformers.is_pretrained(model):
        told = attempt(lambda: (Arguments(kwargs=for_transformers.arguments(model)), for_transformers.documents(model)))
        if not isinstance(told, Failure):
            return ("for_torch", found_out(source, stage), told[1]) if asked else ("for_transformers", *told)
        stage.note(NAME, f"the model's configuration cannot be written: {told.why}", hint="capture(…, factory=…)")
    init = found_out(source, stage)
    return "for_torch", init, _configuration(init)


def _configuration(init: Arguments | None) -> dict[str, str]:
    if init is None:
        return {}
    whole = init.args[0] if len(init.args) == 1 and not init.kwargs else init.kwargs.get("config")
    content = whole if isinstance(whole, dict) else init.kwargs
    text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return {CONFIGURATION: text + "\n"}
