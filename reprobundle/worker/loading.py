"""Weights into a torch module, strictly: nothing missing, nothing left over, dtypes, ties and device as they were."""

from __future__ import annotations

import collections
import inspect
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

SHOWN = 10
LONGEST_NAME = 200
ALIGNMENT = 64  # bytes: where torch itself begins a tensor's memory
EXTRA = "_extra_state"  # torch's own name for what a module adds to its state besides tensors
Form = Tuple[str, Tuple[int, ...]]  # dtype without "torch.", shape


class UnfitWeights(RuntimeError):
    """The weights are not those of the class.

    Attributes:
        misfit: Names under ``missing`` (the class has it, the weights do not), ``unexpected`` (the other way round) and
            ``other``, whose items are name, recorded form and made form; the first ten each, all counted in ``counts``.
    """

    def __init__(self, kind: str, misfit: Mapping[str, Sequence[Any]]) -> None:
        """Say all that does not fit in one line."""
        counts = {name: len(found) for name, found in misfit.items()}
        self.misfit: Dict[str, Any] = {name: list(found[:SHOWN]) for name, found in misfit.items()}
        self.misfit["counts"] = counts
        words = {
            "missing": ("missing from the weights", [repr(name) for name in misfit["missing"]]),
            "unexpected": ("unknown to the class", [repr(name) for name in misfit["unexpected"]]),
            "other": (
                "of another form",
                [repr(n) + " recorded " + was + ", made " + now for n, was, now in misfit["other"]],
            ),
        }
        told = [title + " (" + str(len(found)) + "): " + _some(found) for title, found in words.values() if found]
        super().__init__("the weights do not fit " + kind + ": " + "; ".join(told))


def _some(words: Sequence[str]) -> str:
    rest = " and " + str(len(words) - SHOWN) + " more" if len(words) > SHOWN else ""
    return ", ".join(words[:SHOWN]) + rest


def read(files: Sequence[str], device: str) -> Dict[str, Any]:
    """All tensors of some safetensors files, by name, on a device."""
    from safetensors.torch import load_file

    state: Dict[str, Any] = {}
    for path in files:
        state.update({name: aligned(value) for name, value in load_file(path, device=device).items()})
    return state


def aligned(value: Any) -> Any:
    """A tensor that begins where torch would have begun it: one that lies elsewhere in a file is copied.

    A file keeps to 8 bytes only, and a matrix that begins between two steps of 64 is multiplied by other instructions of the
    processor, which give another last digit.
    """
    return value.clone() if _is_astray(value) else value


def _is_astray(value: Any) -> bool:
    return value.device.type == "cpu" and bool(value.data_ptr() % ALIGNMENT)


def settle(module: Any) -> None:
    """Give every parameter and buffer of a module that was left where it lies in a file the memory of its own it needs."""
    for value in [*module.parameters(), *module.buffers()]:
        if _is_astray(value):
            value.data = value.data.clone()


def laid_out(state: Mapping[str, Any], strides: Mapping[str, Sequence[int]]) -> Dict[str, Any]:
    """The same tensors, those of another order in memory in that order: libraries add in the order of memory."""
    return {name: _ordered(value, strides[name]) if name in strides else value for name, value in state.items()}


def _ordered(value: Any, strides: Sequence[int]) -> Any:
    """A copy whose dimensions follow each other in memory from the largest stride to the smallest."""
    order = sorted(range(value.ndim), key=lambda axis: -strides[axis] if axis < len(strides) else 0)
    back = sorted(range(value.ndim), key=lambda axis: order[axis])
    return value.permute(order).contiguous().permute(back).as_strided(value.shape, strides)


def load(module: Any, state: Mapping[str, Any], aliases: Mapping[str, str]) -> None:
    """Put a state into a module: the very tensors, so that dtypes stay and names of one tensor share it again.

    Args:
        module: As its constructor made it; its own hooks and loading methods have their say.
        state: Tensors by name.
        aliases: Names that share the tensor of another name.

    Raises:
        UnfitWeights: Names or shapes differ, or a number of another kind stands where the class trains one.
        RuntimeError: torch or the module itself refuses them for another reason.
    """
    whole = collections.OrderedDict(state)
    for alias, kept in aliases.items():
        whole[alias] = whole[kept]
    made = module.state_dict()
    for name, value in made.items():
        if name.rpartition(".")[2] == EXTRA and name not in whole:  # no tensor, so it is as the constructor makes it
            whole[name] = value
    before, given, untrainable = forms(made), forms(whole), _untrainable(module, whole)
    _share(module, whole, aliases)
    whole._metadata = getattr(made, "_metadata", {})  # type: ignore[attr-defined]  # noqa: SLF001  versions of its parts
    try:
        _call(module, whole)
    except RuntimeError:
        _refuse(module, before, given, untrainable)
        raise
    _refuse(module, forms(module.state_dict()), given, [])  # a method of the module's own may have passed over some


def _call(module: Any, state: Any) -> None:
    """As torch does it, or as a method of the module's own does that knows less."""
    known = inspect.signature(module.load_state_dict).parameters
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in known.values())
    wanted = {name: True for name in ("strict", "assign") if anything or name in known}
    if "assign" not in wanted:
        _cast(module, state)
    module.load_state_dict(state, **wanted)


def _cast(module: Any, state: Mapping[str, Any]) -> None:
    """Give each tensor of a module the dtype and place that it is to have, since its values are copied into it."""
    import torch

    for name, value in module.state_dict(keep_vars=True).items():
        if name in state and isinstance(value, torch.Tensor) and not torch.nn.parameter.is_lazy(value):
            value.data = value.data.to(dtype=state[name].dtype, device=state[name].device)


def _share(module: Any, state: Dict[str, Any], aliases: Mapping[str, str]) -> None:
    """Make one parameter of each tensor that goes by several names, so that it stays one wherever it is moved."""
    import torch

    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    for kept in set(aliases.values()):
        group = [kept] + [alias for alias, other in aliases.items() if other == kept]
        if parameters.issuperset(group):
            one = torch.nn.Parameter(state[kept], requires_grad=False)
            state.update(dict.fromkeys(group, one))


def forms(state: Mapping[str, Any]) -> Dict[str, Optional[Form]]:
    """Dtype and shape of each entry of a state; None where it has none yet, as in a lazy module, or is no tensor."""
    import torch

    found: Dict[str, Optional[Form]] = {}
    for name, value in state.items():
        known = isinstance(value, torch.Tensor) and not torch.nn.parameter.is_lazy(value)
        found[name] = (str(value.dtype).replace("torch.", ""), tuple(value.shape)) if known else None
    return found


def _untrainable(module: Any, state: Mapping[str, Any]) -> List[str]:
    """Names of parameters to be trained whose recorded values no slope can be taken of."""
    wanted = {name for name, value in module.named_parameters(remove_duplicate=False) if value.requires_grad}
    numbers = {name: value for name, value in state.items() if name in wanted and hasattr(value, "is_floating_point")}
    return [name for name, value in numbers.items() if not value.is_floating_point() and not value.is_complex()]


def _refuse(
    module: Any, made: Mapping[str, Optional[Form]], given: Mapping[str, Optional[Form]], untrainable: Sequence[str]
) -> None:
    other = []
    for name, was in given.items():
        now = made.get(name)
        if was is not None and now is not None and (was[1] != now[1] or name in untrainable):
            other.append([name[:LONGEST_NAME], _form(was), _form(now)])
    misfit: Dict[str, Sequence[Any]] = {
        "missing": [name[:LONGEST_NAME] for name in made if name not in given],
        "unexpected": [name[:LONGEST_NAME] for name in given if name not in made],
        "other": other,
    }
    if any(misfit.values()):
        raise UnfitWeights(type(module).__name__, misfit)


def _form(form: Form) -> str:
    return form[0] + " " + str(form[1])


def restore_buffers(module: Any, values: Mapping[str, Any]) -> Dict[str, Any]:
    """Give buffers that are no part of the state their recorded values, dtype and shape included.

    Returns:
        Those that the module has, by name; what its constructor makes no more is left out.
    """
    places: Dict[str, Tuple[Any, str, Any]] = {}
    same: Dict[int, List[Tuple[Any, str]]] = collections.defaultdict(list)
    for path, owner in module.named_modules(remove_duplicate=False):
        for last, made in owner._buffers.items():  # noqa: SLF001  where a buffer stands that has no value yet
            places[path + "." + last if path else last] = (owner, last, made)
            same[id(made)].append((owner, last))
    found = {}
    for name in values.keys() & places.keys():
        owner, last, made = places[name]
        for holder, slot in (
            [(owner, last)] if made is None else same[id(made)]
        ):  # one buffer in several modules stays one
            setattr(holder, slot, values[name])
        found[name] = values[name]
    return found


def sharing(tensors: Mapping[str, Any]) -> Dict[str, str]:
    """Names that share the memory of another, earlier name; an empty tensor shares nothing."""
    first: Dict[Tuple[Any, ...], str] = {}
    shared = {}
    for name, value in tensors.items():
        if value.numel():
            memory = (
                value.device,
                value.data_ptr(),
                value.dtype,
                tuple(value.shape),
                value.stride(),
                value.is_conj(),
                value.is_neg(),
            )
            kept = first.setdefault(memory, name)
            if kept != name:
                shared[name] = kept
    return shared
