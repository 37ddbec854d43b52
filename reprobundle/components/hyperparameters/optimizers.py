"""Optimizers, schedulers and scalers as configuration: classes, options, names of parameters; no state of a tensor's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reprobundle import entries, frameworks
from reprobundle.components.hyperparameters.section import NAME, Group, Optimizer, Stateful
from reprobundle.components.hyperparameters.training import Training
from reprobundle.components.interface import Failure, Stage, attempt
from reprobundle.errors import ReproBundleError
from reprobundle.phrases import counted
from reprobundle.plain_values import plain

NOT_OPTIONS = frozenset({"params", "param_names"})


def records(used: Training, model: Any, stage: Stage) -> tuple[Optimizer, ...]:
    """Each optimizer as it stands; one that cannot be read is a note."""
    found = []
    for name, optimizer in used.optimizers.items():
        made = attempt(lambda name=name, optimizer=optimizer: _record(name, optimizer, model, stage))  # type: ignore[misc]
        if isinstance(made, Failure):
            stage.note(NAME, f"optimizer {name!r} is not recorded: {made.why}")
        else:
            found.append(made)
    return tuple(found)


def stateful(found: Mapping[str, Any], word: str, stage: Stage) -> tuple[Stateful, ...]:
    """Schedulers or scalers with what they say of themselves.

    Args:
        found: By name.
        word: What to call one of them in notes.
        stage: Takes the notes.
    """
    return tuple(_stateful(name, thing, f"{word} {name!r}", stage) for name, thing in found.items())


def names_of(model: Any) -> dict[int, str]:
    """The first name of each parameter of a torch module, by the parameter's identity; none for another model."""
    if not frameworks.module_of("for_torch").recognises(model):
        return {}
    return {id(parameter): name for name, parameter in model.named_parameters()}


def class_of(thing: Any) -> str | None:
    """The class of an object as ``module:name``; None where it cannot be imported."""
    try:
        return entries.entry_of(type(thing))
    except ReproBundleError:
        return None


def _record(name: str, optimizer: Any, model: Any, stage: Stage) -> Optimizer:
    names = names_of(model)
    groups = tuple(_group(group, names) for group in optimizer.param_groups)
    foreign = sum(group.foreign for group in groups)
    if names and foreign:
        message = f"optimizer {name!r}: {counted(foreign, 'parameter')} of it are none of the model's"
        stage.note(NAME, message, hint="training cannot be continued from this bundle alone")
    for number, group in enumerate(groups):
        for missing in group.unsaved:
            where = f"optimizer {name!r}, group {number}: {missing.path}"
            stage.note(NAME, f"{where}: {missing.type} is not saved: {missing.reason}")
    return Optimizer(
        name=name, entry=_entry(optimizer, f"optimizer {name!r}", stage), steps=_steps(optimizer), groups=groups
    )


def _group(group: Mapping[str, Any], names: Mapping[int, str]) -> Group:
    made = plain({key: value for key, value in group.items() if key not in NOT_OPTIONS})
    known = [names.get(id(parameter)) for parameter in group["params"]]
    return Group(
        options=made.value if isinstance(made.value, dict) else {},
        unsaved=made.unsaved,
        parameters=tuple(name for name in known if name is not None),
        foreign=known.count(None),
    )


def _steps(optimizer: Any) -> int | None:
    """The largest number of steps that any parameter counts."""
    counted_steps = [
        state["step"] for state in optimizer.state.values() if isinstance(state, Mapping) and "step" in state
    ]
    return max((int(step) for step in counted_steps), default=None)


def _entry(thing: Any, where: str, stage: Stage) -> str | None:
    found = class_of(thing)
    if found is None:
        message = f"{where}: its class {type(thing).__qualname__!r} cannot be imported by another process"
        stage.note(NAME, message, hint="move it to the top level of a module")
    return found


def _stateful(name: str, thing: Any, where: str, stage: Stage) -> Stateful:
    made = attempt(lambda: plain(dict(thing.state_dict())))
    if isinstance(made, Failure):
        stage.note(NAME, f"{where}: what it says of itself is not recorded: {made.why}")
        return Stateful(name=name, entry=_entry(thing, where, stage), values={})
    values = made.value if isinstance(made.value, dict) else {}
    return Stateful(name=name, entry=_entry(thing, where, stage), values=values, unsaved=made.unsaved)
