"""The recorded states into optimizers, schedulers and scalers that exist, once each was found to be the recorded one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.hyperparameters import optimizers as recording
from reprobundle.components.hyperparameters import states
from reprobundle.components.hyperparameters.section import Optimizer, Stateful
from reprobundle.components.hyperparameters.training import Training
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.phrases import some

HINT = "capture(…, optimizer=optimizer, scheduler=scheduler, resumable=True) puts them into a bundle"
SAME = "make it as the training did, over the same parameters in the same order"


@dataclass(frozen=True)
class Kept:
    """A recorded state and what it goes into.

    Attributes:
        title: How to call it, e.g. ``optimizer '0'``.
        thing: The optimizer, scheduler or scaler.
        state: What its ``state_dict()`` gave.
    """

    title: str
    thing: Any
    state: dict[str, Any]


def fitting(used: Training, verified: VerifiedBundle, module: Any) -> tuple[Kept, ...]:
    """The recorded states of what is given, each compared with it.

    Args:
        used: What is given.
        verified: The bundle.
        module: The model, whose names of parameters are compared; None: their shapes alone.

    Raises:
        UsageError: A state is not recorded, or is one of another class or of other parameters.
    """
    section = verified.manifest.hyperparameters
    if not used:
        return ()
    if section.resuming is None:
        name = verified.manifest.name
        raise UsageError(f"the bundle {name!r} holds no states that a training can be continued from", hint=HINT)
    whole = states.read(section.resuming, verified.path)
    shapes = {entry.name: entry.shape for entry in verified.manifest.model.tensors}
    names = {} if module is None else recording.names_of(module)
    for name, optimizer in used.optimizers.items():
        record = _same_class(f"optimizer {name!r}", name, optimizer, section.optimizers)
        _refuse_others(f"optimizer {name!r}", optimizer, record, names, shapes)
    for name, scheduler in used.schedulers.items():
        _same_class(f"scheduler {name!r}", name, scheduler, section.schedulers)
    for name, scaler in used.scalers.items():
        _same_class(f"scaler {name!r}", name, scaler, section.scalers)
    return tuple(_kept(used, whole))


def _kept(used: Training, whole: Mapping[str, Mapping[str, Any]]) -> Iterator[Kept]:
    for kind in states.KINDS:
        for name, thing in getattr(used, kind).items():
            title = f"{kind[:-1]} {name!r}"
            state = whole[kind].get(name)
            if not isinstance(state, dict):
                raise RefusedInputError(f"{title}: the bundle records it, but holds no state of it")
            if kind != "optimizers":
                _refuse_unknown(title, thing, state)
            yield Kept(title, thing, state)


def _same_class(title: str, name: str, thing: Any, recorded: Sequence[Any]) -> Any:
    """The record of that name.

    Raises:
        UsageError: There is none, or it is of another class.
    """
    found: Optimizer | Stateful | None = next((one for one in recorded if one.name == name), None)
    if found is None:
        there = some([repr(one.name) for one in recorded]) or "none"
        raise UsageError(f"{title}: is not recorded, expected one of {there}", hint="name them as at the capture")
    made = recording.class_of(thing)
    if None not in {made, found.entry} and made != found.entry:
        raise UsageError(f"{title}: recorded {found.entry!r}, found {made!r}", hint=SAME)
    return found


def _refuse_others(
    title: str, optimizer: Any, record: Optimizer, names: Mapping[int, str], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse an optimizer whose groups do not hold the recorded parameters in the recorded order.

    Raises:
        UsageError: They do not; the message names the first that parts.
    """
    groups = optimizer.param_groups
    if len(groups) != len(record.groups):
        raise UsageError(f"{title}: recorded {len(record.groups)} groups, found {len(groups)}", hint=SAME)
    for number, (group, recorded) in enumerate(zip(groups, record.groups, strict=True)):
        where, expected = f"{title}, group {number}", len(recorded.parameters) + recorded.foreign
        if len(group["params"]) != expected:
            raise UsageError(f"{where}: recorded {expected} parameters, found {len(group['params'])}", hint=SAME)
        if recorded.foreign:  # which is which of them is not known
            continue
        for name, parameter in zip(recorded.parameters, group["params"], strict=True):
            found, shape = names.get(id(parameter)), tuple(parameter.shape)
            if names and found != name:
                raise UsageError(
                    f"{where}: recorded parameter {name!r}, found {found or 'one of no name'!r}", hint=SAME
                )
            if shapes.get(name, shape) != shape:
                message = f"{where}: parameter {name!r}: recorded shape {shapes[name]}, found {shape}"
                raise UsageError(message, hint=SAME)


def _refuse_unknown(title: str, thing: Any, state: Mapping[str, Any]) -> None:
    unknown = sorted(set(state) - set(thing.state_dict()))
    if unknown:
        raise UsageError(f"{title}: does not know the recorded {some([repr(name) for name in unknown])}", hint=SAME)


def load(kept: Kept) -> None:
    """Restore one state.

    Raises:
        RefusedInputError: It is no state of such a thing.
    """
    try:
        kept.thing.load_state_dict(kept.state)
        if hasattr(kept.thing, "param_groups"):
            _restore_dtypes(kept.thing, kept.state)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise RefusedInputError(f"{kept.title}: refuses the recorded state: {error}") from error


def _restore_dtypes(optimizer: Any, saved: Mapping[str, Any]) -> None:
    """Take back that torch gives a state its parameter's dtype: a state of float32 beside half weights is one on purpose."""
    import torch

    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, recorded in saved["state"].items():
        state = optimizer.state[parameters[index]]
        for name, value in recorded.items():
            if isinstance(value, torch.Tensor) and state[name].dtype != value.dtype:
                state[name] = value.to(state[name].device)
