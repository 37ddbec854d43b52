"""What is changed for one run of a torch module only: some of its values, its precision, the settings of the process.

Each function says what undoes it before it changes anything, so that a failure half way is undone, too.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, Mapping, Optional

ALONE = "_reprobundle_worker_"  # how the worker names its own modules
SPARE = 1.3  # times the tensors: what loading and one forward pass hold beside them
Owe = Callable[[Callable[[], object]], object]


class Cannot(RuntimeError):
    """What was asked for cannot be done with this model, whatever is wrong with it."""


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def overlay(module: Any, file: str, owe: Owe) -> None:
    """Put other values into some of a module's parameters and buffers, where they lie: whoever shares them sees them.

    Args:
        module: The model.
        file: safetensors; names as in its state.
        owe: Takes what puts the values back.

    Raises:
        Cannot: A name is none of its parameters and buffers, or of another form.
    """
    from safetensors.torch import load_file

    values, own = load_file(file), named(module)
    for name, value in values.items():
        if name not in own:
            raise Cannot("cannot overlay " + repr(name) + ": it is no parameter or buffer of the model")
        if (own[name].shape, own[name].dtype) != (value.shape, value.dtype):
            raise Cannot("cannot overlay " + repr(name) + ": it is of another form")
    put = sibling("keeping").put
    kept = {name: own[name].detach().clone() for name in values}  # all of them first: some may share their memory
    owe(lambda: [put(own[name], value) for name, value in kept.items()])
    for name, value in values.items():
        put(own[name], value)


def named(module: Any) -> Dict[str, Any]:
    """All parameters and buffers of a module, by each of their names."""
    found = dict(module.named_parameters(remove_duplicate=False))
    found.update(module.named_buffers(remove_duplicate=False))
    return found


def double(module: Any, owe: Owe, memory: Optional[int] = None) -> None:
    """Let a module compute in float64: its floats, and what it makes itself without saying of what kind.

    Args:
        module: The model. Its own tensors are set aside, not copied, and come back as they are.
        owe: Takes what brings them back; that their names stand for them again is the matter of `keeping.Before`.
        memory: Bytes that this process may have; None: not known.

    Raises:
        Cannot: There is no room for them.
    """
    import torch

    own = {id(tensor): tensor for tensor in named(module).values()}.values()
    here = [tensor for tensor in own if tensor.device.type == "cpu"]  # another device says itself when it is full
    needed = sum(8 * tensor.numel() for tensor in here if tensor.is_floating_point())
    free = None if memory is None else memory - sum(tensor.numel() * tensor.element_size() for tensor in here)
    if free is not None and needed * SPARE > free:
        raise Cannot("cannot compute in float64: that takes " + str(needed) + " bytes more, " + str(free) + " are free")
    kept = [(tensor, tensor.data) for tensor in own]
    usual = torch.get_default_dtype()
    owe(lambda: _returned(kept, usual))
    torch.set_default_dtype(torch.float64)
    module.double()


def _returned(kept: Any, usual: Any) -> None:
    import torch

    torch.set_default_dtype(usual)
    for tensor, data in kept:
        tensor.data = data


def settings(wanted: Mapping[str, Any], owe: Owe) -> None:
    """Set this process otherwise.

    Args:
        wanted: By the names of ``torch_settings.py`` and of ``libraries.py``.
        owe: Takes what sets all back, those too that stand on one of these.

    Raises:
        Cannot: One cannot be set in a process that runs.
    """
    numerics = sibling("numerics")
    before = numerics.now()
    unknown = sorted(set(wanted) - set(numerics.settings(wanted)))
    if unknown:
        raise Cannot("cannot set " + ", ".join(unknown) + ": no setting of a process that runs")
    owe(lambda: numerics.apply(before))
    lines = numerics.apply(wanted)
    if lines:
        raise Cannot("cannot set all: " + "; ".join(lines))
