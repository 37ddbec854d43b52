"""Whether a recorded state has the form of what it goes into, found out before anything is changed."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reprobundle.components.hyperparameters.section import Optimizer
from reprobundle.phrases import counted, some

OWN = "torch.optim"  # the package of the optimizers whose states are known by name
NOT_OPTIONS = frozenset({"params", "param_names"})
OF_PARAMETER = frozenset(
    {
        "acc_delta",
        "ax",
        "exp_avg",
        "exp_avg_sq",
        "exp_inf",
        "grad_avg",
        "max_exp_avg_sq",
        "momentum_buffer",
        "prev",
        "square_avg",
        "step_size",
        "sum",
        "variance",
    }
)  # what torch's own optimizers keep in the shape of the parameter
NUMBERS = frozenset({"step", "eta", "mu", "mu_product"})  # and what they keep as one number
COUNTING = frozenset(
    f"torch.{name}"
    for name in ("float16", "bfloat16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
)
OF_GROUPS = ("base_lrs", "_last_lr")  # what a scheduler holds one of for each group


def of_optimizer(optimizer: Any, state: Mapping[str, Any], record: Optimizer) -> Iterator[str]:
    """What in a state is not of the form that an optimizer takes, in words.

    Args:
        optimizer: One of torch's own, or of a class made from torch's.
        state: The recorded state.
        record: What the manifest says of it; its groups hold as many parameters as the optimizer's.
    """
    groups, states = state.get("param_groups"), state.get("state")
    if not isinstance(groups, list) or len(groups) != len(optimizer.param_groups):
        yield f"param_groups: expected {counted(len(optimizer.param_groups), 'group')}, found {_told(groups)}"
        return
    if not isinstance(states, dict):
        yield f"state: expected a mapping by parameter, found {_told(states)}"
        return
    first = 0
    for number, (group, live) in enumerate(zip(groups, optimizer.param_groups, strict=True)):
        indices = list(range(first, first + len(live["params"])))
        first += len(indices)
        yield from _group(f"param_groups[{number}]", group, live, indices, set(record.groups[number].options))
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for key, kept in states.items():
        yield from _of_key(key, kept, parameters, is_own=_is_own(optimizer))
    yield from _steps(states, record.steps)


def _group(where: str, group: Any, live: Mapping[str, Any], indices: list[int], recorded: set[str]) -> Iterator[str]:
    if not isinstance(group, dict):
        yield f"{where}: expected a mapping, found {_told(group)}"
        return
    if group.get("params") != indices:
        yield f"{where}.params: expected the numbers of its {counted(len(indices), 'parameter')} in order"
    missing = sorted(recorded - set(group))
    if missing:
        yield f"{where}: lacks the recorded {some([repr(name) for name in missing])}"
    for name in sorted(set(group) & set(live) - NOT_OPTIONS):
        yield from unlike(f"{where}.{name}", live[name], group[name])


def _of_key(key: Any, kept: Any, parameters: list[Any], *, is_own: bool) -> Iterator[str]:
    """One entry of the state; optimizers of other classes may keep entries of their own beside those of parameters."""
    where = f"state[{key!r:.80}]"
    if type(key) is int and not 0 <= key < len(parameters):
        yield f"{where}: expected one of {counted(len(parameters), 'parameter')}"
    elif is_own and type(key) is not int:
        yield f"{where}: expected the number of a parameter"
    elif is_own and not isinstance(kept, dict):
        yield f"{where}: expected a mapping, found {_told(kept)}"
    elif is_own:
        shape = tuple(parameters[key].shape)
        for name, value in kept.items():
            yield from _kept(f"{where}.{name!s:.80}", name, value, shape)


def _kept(where: str, name: Any, value: Any, shape: tuple[int, ...]) -> Iterator[str]:
    if name in NUMBERS and _family(value) != "number":
        yield f"{where}: expected a number, found {_told(value)}"
    elif name in OF_PARAMETER and value is not None and getattr(value, "shape", None) != shape:
        yield f"{where}: expected a tensor of shape {shape}, found {_told(value)}"


def _steps(states: Mapping[Any, Any], recorded: int | None) -> Iterator[str]:
    counts = [kept["step"] for kept in states.values() if isinstance(kept, dict) and "step" in kept]
    found = max((float(step) for step in counts if _family(step) == "number"), default=0.0)
    if recorded is not None and not recorded <= found < recorded + 1:
        yield f"state: expected {counted(recorded, 'step')} as recorded, found {found:,.0f}"


def _is_own(optimizer: Any) -> bool:
    return type(optimizer).__module__.startswith(OWN)


def of_scheduler(scheduler: Any, state: Mapping[str, Any], recorded: Mapping[str, Any]) -> Iterator[str]:
    """What in a state is not of the form that a scheduler or a scaler takes, in words.

    Args:
        scheduler: The scheduler or scaler.
        state: The recorded state.
        recorded: What the manifest says of its values.
    """
    live = scheduler.state_dict()
    missing = sorted(set(recorded) - set(state))
    if missing:
        yield f"lacks the recorded {some([repr(name) for name in missing])}"
    for name in sorted(set(live) & set(state)):
        yield from unlike(name, live[name], state[name])
    for name in OF_GROUPS:
        if _family(live.get(name)) == _family(state.get(name)) == "sequence" and len(live[name]) != len(state[name]):
            yield f"{name}: expected {len(live[name])} numbers, found {len(state[name])}"


def unlike(where: str, live: Any, recorded: Any) -> Iterator[str]:
    """What of a recorded value is of another kind than the value in its place: text for a number, a list for a mapping.

    Args:
        where: Its place, for the message.
        live: The value in its place; None may become anything.
        recorded: The recorded value.
    """
    expected, found = _family(live), _family(recorded)
    if None in {expected, found}:
        return
    if expected != found:
        yield f"{where}: expected {KINDS[str(expected)]}, found {_told(recorded)}"
    elif expected == "mapping":
        for name in live.keys() & recorded.keys():
            yield from unlike(f"{where}.{name!s:.80}", live[name], recorded[name])
    elif expected == "sequence" and live:
        yield from _items(where, live, recorded)


def _items(where: str, live: Sequence[Any], recorded: Sequence[Any]) -> Iterator[str]:
    """Items one by one where there are as many, else each against all those that are there."""
    if len(live) == len(recorded):
        for index, (one, other) in enumerate(zip(live, recorded, strict=True)):
            yield from unlike(f"{where}[{index}]", one, other)
        return
    known = {_family(item) for item in live}
    strange = [] if None in known else [item for item in recorded if _family(item) not in {*known, None}]
    if strange:
        yield f"{where}: expected items like {live[0]!r:.80}, found {_told(strange[0])}"


KINDS: Mapping[str, str] = {
    "number": "a number",
    "text": "a text",
    "sequence": "a list",
    "mapping": "a mapping",
    "tensor": "a tensor",
}


def _family(value: Any) -> str | None:
    """What kind of value it is, as far as one may stand for another; None for what is nothing or of no kind known here."""
    if isinstance(value, numbers.Real):
        return "number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return "sequence"
    if isinstance(value, Mapping):
        return "mapping"
    if hasattr(value, "numel"):
        return "number" if value.numel() == 1 and str(value.dtype) in COUNTING else "tensor"
    return None


def _told(value: Any) -> str:
    if hasattr(value, "shape"):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{len(value)} items" if isinstance(value, list) else f"{value!r:.80}"
