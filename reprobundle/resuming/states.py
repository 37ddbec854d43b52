"""The recorded states into optimizers, schedulers and scalers that exist, once each was found to be the recorded one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.hyperparameters import optimizers as recording
from reprobundle.components.hyperparameters import states
from reprobundle.components.hyperparameters.section import Optimizer, Section, Stateful
from reprobundle.components.hyperparameters.training import Training
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.phrases import some
from reprobundle.resuming import forms

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
        RefusedInputError: A state is not of the form that it says it is: another shape, a text for a number.
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
    return tuple(_kept(used, whole, section))


def _kept(used: Training, whole: Mapping[str, Mapping[str, Any]], section: Section) -> Iterator[Kept]:
    for kind in states.KINDS:
        records = {record.name: record for record in getattr(section, kind)}
        for name, thing in getattr(used, kind).items():
            title = f"{kind[:-1]} {name!r}"
            state = whole[kind].get(name)
            if not isinstance(state, dict):
                raise RefusedInputError(f"{title}: the bundle records it, but holds no state of it")
            _refuse_unknown(title, thing, state)
            fault = next(_faults(thing, state, records[name]), None)
            if fault is not None:
                raise RefusedInputError(f"{title}: its recorded state is none of such a thing: {fault}")
            yield Kept(title, thing, state if kind == "optimizers" else _counting(thing.state_dict(), state))


def _counting(live: Any, recorded: Any) -> Any:
    """The same state, in which what counts in the live one counts again: JSON has mappings only, `MultiStepLR` needs more."""
    if isinstance(live, Counter):
        return Counter(recorded)
    if isinstance(live, dict) and isinstance(recorded, dict):
        return {name: _counting(live.get(name), value) for name, value in recorded.items()}
    if isinstance(live, list) and isinstance(recorded, list) and len(live) == len(recorded):
        return [_counting(one, other) for one, other in zip(live, recorded, strict=True)]
    return recorded


def _faults(thing: Any, state: Mapping[str, Any], record: Optimizer | Stateful) -> Iterator[str]:
    """What is wrong with a state's form; optimizers that keep theirs in a way of their own judge for themselves."""
    if isinstance(record, Stateful):
        yield from forms.of_scheduler(thing, state, record.values)
    elif {"state", "param_groups"} <= set(thing.state_dict()):
        yield from forms.of_optimizer(thing, state, record)


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
    unknown = sorted(map(str, set(state) - set(thing.state_dict())))
    if unknown:
        raise UsageError(f"{title}: does not know the recorded {some([repr(name) for name in unknown])}", hint=SAME)


@contextmanager
def taken_back_on_error(kept: Sequence[Kept]) -> Iterator[None]:
    """Leave every optimizer, scheduler and scaler as it was where the block does not come to its end.

    Loading gives them other objects and changes none of those they hold, so that it is enough to remember these.
    """
    before = [(part, dict(vars(part))) for one in kept for part in _parts(one.thing)]
    is_done = False
    try:
        yield
        is_done = True
    finally:
        if not is_done:
            for part, attributes in before:
                vars(part).clear()
                vars(part).update(attributes)


def _parts(thing: Any) -> Iterator[Any]:
    """The thing and the schedulers that it runs one after another."""
    if hasattr(thing, "__dict__"):
        yield thing
        for inner in getattr(thing, "_schedulers", ()):
            yield from _parts(inner)


def load(kept: Kept) -> None:
    """Restore one state.

    Raises:
        RefusedInputError: It is no state of such a thing.
    """
    try:
        kept.thing.load_state_dict(kept.state)
        if hasattr(kept.thing, "param_groups"):
            _restore_dtypes(kept.thing, kept.state)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise RefusedInputError(f"{kept.title}: refuses the recorded state: {error}") from error


def _restore_dtypes(optimizer: Any, saved: Mapping[str, Any]) -> None:
    """Take back that torch gives a state its parameter's dtype: a state of float32 beside half weights is one on purpose."""
    import torch

    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, recorded in saved.get("state", {}).items():
        if type(index) is not int or not isinstance(recorded, dict):  # an entry of the optimizer's own
            continue
        state = optimizer.state[parameters[index]]
        for name, value in recorded.items():
            if isinstance(value, torch.Tensor) and state[name].dtype != value.dtype:
                state[name] = value.to(state[name].device)
