"""Taking a model out of what training put around it, so that its own class, arguments and names of tensors are found.

Nothing of the person's is changed: where a wrapper sits in the module itself, a shallow copy without it is captured.
"""

from __future__ import annotations

import copy
import sys
from dataclasses import replace
from typing import Any

from reprobundle.components.interface import Source, Stage
from reprobundle.components.model.section import NAME
from reprobundle.errors import UsageError

MAX_DEPTH = 16
INNER = {  # where each wrapper keeps the model, by the wrapper's class
    ("torch.nn.parallel.distributed", "DistributedDataParallel"): "module",
    ("torch.nn.parallel.data_parallel", "DataParallel"): "module",
    ("torch._dynamo.eval_frame", "OptimizedModule"): "_orig_mod",
    ("torch.optim.swa_utils", "AveragedModel"): "module",
    ("lightning.fabric.wrappers", "_FabricModule"): "module",
    ("lightning_fabric.wrappers", "_FabricModule"): "module",
}
COMPILED = ("OptimizedModule", "compile")
MIXED = "mixed precision"
SHARDED = (
    ("torch.distributed.fsdp.fully_sharded_data_parallel", "FullyShardedDataParallel"),
    ("torch.distributed.fsdp", "FSDPModule"),
)
ADAPTED = (("peft.peft_model", "PeftModel"), ("peft.mixed_model", "PeftMixedModel"))
WHOLE = "gather the weights, torch.distributed.checkpoint.state_dict.get_model_state_dict, load them into a plain model"


def unwrapped(source: Source) -> Source:
    """The same source with the innermost model, and the wrappers that were taken off it, outermost first.

    Raises:
        UsageError: The model is spread over processes, or adapters are laid over it that are no part of its class.
    """
    torch = sys.modules.get("torch")
    model, wrappers = source.model, list(source.wrappers)
    while torch is not None and isinstance(model, torch.nn.Module) and len(wrappers) < MAX_DEPTH:
        _refuse(model)
        name, inner = _taken_off(model)
        if name is None:
            break
        wrappers.append(name)
        model = inner
    return replace(source, model=model, wrappers=tuple(wrappers)) if model is not source.model else source


def note_wrappers(source: Source, stage: Stage) -> None:
    """Tell where a model without its wrapper may give other numbers than the person saw with it."""
    if any(name in COMPILED for name in source.wrappers):
        stage.note(NAME, "the model was compiled; the recorded outputs are those of the module run eagerly")
    if MIXED in source.wrappers:
        stage.note(NAME, "mixed precision was taken off; the recorded outputs are those of the module's own dtypes")
    if "AveragedModel" in source.wrappers:
        hint = "run torch.optim.swa_utils.update_bn before the capture"
        stage.note(
            NAME, "the averaged weights are captured; batch statistics are averaged only by update_bn", hint=hint
        )
    named = source.model.named_modules() if hasattr(source.model, "named_modules") else ()
    inside = [name for name, module in named if name and _is_a(module, "torch._dynamo.eval_frame", "OptimizedModule")]
    if inside:
        message = f"submodule {inside[0]!r} is compiled, so the names of its tensors hold '_orig_mod'"
        stage.note(NAME, message, hint="compile a submodule in place: model.layer.compile()")


def _taken_off(model: Any) -> tuple[str | None, Any]:
    """The name of a model's outermost wrapper, None where there is none, and what is inside."""
    for (module, name), attribute in INNER.items():
        if _is_a(model, module, name):
            return name, getattr(model, attribute)
    own = vars(model)
    if "_original_forward" in own and "forward" in own:  # as accelerate prepares a model
        return MIXED, _without(model, "forward", "_original_forward")
    if own.get("_compiled_call_impl") is not None:
        return "compile", _without(model, "_compiled_call_impl")
    return None, model


def _without(model: Any, *attributes: str) -> Any:
    """A module with the same parameters, buffers and submodules, without some of its own attributes."""
    bare = copy.copy(model)
    for attribute in attributes:
        vars(bare).pop(attribute, None)
    return bare


def _refuse(model: Any) -> None:
    kind = type(model).__name__
    if any(_is_a(part, *sharded) for part in model.modules() for sharded in SHARDED):
        raise UsageError(f"model: {kind} is sharded over processes, so no process holds its weights", hint=WHOLE)
    if any(type(value).__name__ == "DTensor" for value in model.parameters()):
        raise UsageError(f"model: {kind} holds tensors that are distributed over processes", hint=WHOLE)
    if any(_is_a(model, *adapted) for adapted in ADAPTED) or vars(model).get("_hf_peft_config_loaded", False):
        hint = "capture model.merge_and_unload(), which has the adapters in its weights"
        raise UsageError(
            f"model: adapters of peft lie over the model ({kind}), which its own class does not know", hint=hint
        )


def _is_a(value: Any, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)  # nobody has such an object without it
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(value, kind)
