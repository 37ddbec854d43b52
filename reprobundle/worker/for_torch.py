"""Rebuild a torch model by name, load its weights strictly, run it."""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, Mapping, Tuple

CANNOT: Mapping[str, str] = {}  # what this kind of model cannot be asked, and why
ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules[ALONE + name]
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def recognises(model: Any) -> bool:
    """Whether a model is a torch module; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def prepare(job: Mapping[str, Any]) -> None:
    """Import the framework, so that its settings can be applied before the model exists."""
    import torch  # noqa: F401  imported for its effect


def build(model: Mapping[str, Any]) -> Any:
    """Make the model by its recorded class or factory and arguments.

    Args:
        model: ``entry`` as ``module:name``, ``init`` with ``args``, ``kwargs`` and ``objects``.

    Returns:
        The module, its weights still at their initial values.
    """
    factory = sibling("importing").resolve(model["entry"])
    args, kwargs = sibling("arguments").restored(model["init"])
    return factory(*args, **kwargs)


def load(module: Any, model: Mapping[str, Any]) -> Dict[str, str]:
    """Load the weights strictly: every name must be there, none may be left over, dtypes stay as saved.

    Args:
        module: What `build` made.
        model: ``weights``: paths of safetensors files; ``aliases``: names that share another's tensor; ``strides``:
            layouts in memory that are not C's, by name; ``buffers``: path of the values of buffers that are no part of the
            state, or None; ``device``.

    Returns:
        Digest of each tensor of the module's state after load, by name.

    Raises:
        RuntimeError: Names or shapes do not fit; the message lists them.
    """
    loading = sibling("loading")
    device = model["device"] if _is_here(model["device"]) else "cpu"
    state = loading.laid_out(loading.read(model["weights"], device), model.get("strides") or {})
    loading.load(module, state, model["aliases"])
    module.to(device)
    if model.get("buffers"):
        loading.restore_buffers(module, loading.read([model["buffers"]], device))
    return digests(module)


def _is_here(device: str) -> bool:
    """Whether this machine has a kind of device."""
    import torch

    places: Tuple[Any, ...] = (getattr(torch, device, None), getattr(torch.backends, device, None))
    return any(place.is_available() for place in places if hasattr(place, "is_available"))


def after_load(module: Any, model: Mapping[str, Any]) -> Dict[str, Any]:
    """What else a loaded module says of its weights.

    Returns:
        ``forms``: dtype and shape of each tensor of the state, as text, by name; ``sharing``: names that share the memory
        of an earlier name; ``buffers``: digest of each recorded buffer that is no part of the state and that it has.
    """
    loading, tensor_bytes, found = sibling("loading"), sibling("tensor_bytes"), tensors_of(module)
    forms = {
        name: tensor_bytes.dtype_name(value) + " " + str(tensor_bytes.shape_of(value)) for name, value in found.items()
    }
    wanted = loading.read([model["buffers"]], "cpu") if model.get("buffers") else {}
    buffers = {name: value for name, value in module.named_buffers(remove_duplicate=False) if name in wanted}
    told = {name: tensor_bytes.digest(name, value) for name, value in buffers.items()}
    return {"forms": forms, "sharing": loading.sharing(found), "buffers": told}


def device_of(module: Any) -> str:
    """Kind of device the module's tensors are on: ``cpu``, ``cuda`` and so on."""
    return next((str(value.device.type) for value in tensors_of(module).values()), "cpu")


def digests(module: Any) -> Dict[str, str]:
    """Digest of each tensor of a module's state, by name."""
    digest = sibling("tensor_bytes").digest
    return {name: digest(name, value) for name, value in tensors_of(module).items()}


def tensors_of(module: Any) -> Dict[str, Any]:
    """The tensors of a module's state by name; other extra state is left out."""
    import torch

    return {name: value for name, value in module.state_dict().items() if isinstance(value, torch.Tensor)}


def call(module: Any, structure: Any, leaves: Mapping[str, Any], seed: int = 0) -> Tuple[Any, Dict[str, Any]]:
    """Run a module in evaluation mode, without gradients, from a fixed seed.

    Args:
        module: The model.
        structure: Structure of the inputs: a mapping is passed as keywords, a sequence by position, else one argument.
        leaves: The inputs' tensors by name; cloned first, so that a model that works in place spoils nothing.
        seed: Of every generator.

    Returns:
        The structure of the outputs and their tensors by name, caches left out; bare floats become 0-d float64 tensors.
    """
    import torch

    tree = sibling("tree")
    device = next((value.device for value in tensors_of(module).values()), torch.device("cpu"))
    given = tree.unflatten(structure, {name: leaf.clone().to(device) for name, leaf in leaves.items()})
    sibling("seeding").seed(seed)
    module.eval()
    with torch.no_grad():
        if structure["kind"] == "dict":
            output = module(**given)
        elif structure["kind"] in ("list", "tuple"):
            output = module(*given)
        else:
            output = module(given)
    described, found = tree.flatten(without_caches(output), lambda value: isinstance(value, (torch.Tensor, float)))
    return described, {name: as_tensor(value) for name, value in found.items()}


def without_caches(output: Any) -> Any:
    """Outputs without transformers' caches: these are what a model hands itself for the next token, and no result."""
    cache = getattr(sys.modules.get("transformers.cache_utils"), "Cache", None)
    if cache is None:
        return output
    if isinstance(output, Mapping):
        return {name: value for name, value in output.items() if not isinstance(value, cache)}
    if type(output) is tuple:
        return tuple(value for value in output if not isinstance(value, cache))
    return output


def as_tensor(value: Any) -> Any:
    """A tensor on the CPU, detached, dense and contiguous; a float becomes a 0-d float64 tensor."""
    import torch

    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    dense = value.detach().to("cpu")
    return (dense.to_dense() if dense.layout != torch.strided else dense).resolve_conj().resolve_neg().contiguous()


def read_leaves(file: str) -> Dict[str, Any]:
    """The tensors of a safetensors file, on the CPU."""
    from safetensors.torch import load_file

    return dict(load_file(file))


def doubled(leaves: Mapping[str, Any]) -> Dict[str, Any]:
    """Inputs in float64, where they are floats."""
    return {name: leaf.double() if leaf.is_floating_point() else leaf for name, leaf in leaves.items()}


def overlaid(module: Any, file: str, job: Mapping[str, Any], owe: Callable[[Callable[[], object]], object]) -> Any:
    """The module with other values in some of its tensors, until what `owe` takes is called."""
    sibling("changing").overlay(module, file, owe)
    return module


def save(found: Mapping[str, Any], target: str) -> None:
    """Write tensors to a safetensors file, each with memory of its own."""
    from safetensors.torch import save_file

    save_file({name: value.clone() for name, value in found.items()}, target)
