"""Recording the hyperparameters, step by step: values, seeds, generators, what updated the weights, its states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reprobundle import seeding
from reprobundle.components.hyperparameters import generators, optimizers, seeds, states, training
from reprobundle.components.hyperparameters.section import NAME, Section
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.phrases import some
from reprobundle.plain_values import Converted, Plain, Unsaved, fields_of, plain

MAX_SHOWN = 10

_NOTHING = Plain({}, (), ())


def record(source: Source, stage: Stage) -> Section:
    """Record all that the training was told and what it ran with."""
    chosen = _values(source.hyperparameters, stage)
    used = _used(source, stage)
    here = training.ran_here(source)
    if here:
        seeds.note_unseeded(source, stage)
    return Section(
        values=chosen.value if isinstance(chosen.value, dict) else {},
        converted=chosen.converted,
        unsaved=chosen.unsaved,
        seeds=dict(seeds.at_the_call(source)) if here else seeds.of_variables(),
        seeds_at_begin={} if source.run is None else dict(source.run.seeds),
        seeding=seeding.latest() if here else None,
        generators=generators.write(source, stage) if here else None,
        optimizers=optimizers.records(used, source.model, stage),
        schedulers=optimizers.stateful(used.schedulers, "scheduler", stage),
        scalers=optimizers.stateful(used.scalers, "scaler", stage),
        resuming=states.write(used, source, stage) if source.resumable else None,
    )


def _used(source: Source, stage: Stage) -> training.Training:
    found = attempt(lambda: training.taken(source.optimizer, source.scheduler))
    if isinstance(found, Failure):
        stage.note(NAME, f"optimizer and scheduler cannot be read: {found.why}", hint=training.GIVE)
        return training.Training()
    for name, kind in found.unknown.items():
        stage.note(NAME, f"{name}: {training.EXPECTED}, found {kind}", hint=training.GIVE)
    return found


def _values(given: Any, stage: Stage) -> Plain:
    fields = attempt(lambda: {} if given is None else fields_of(given))
    if isinstance(fields, Failure) or fields is None:
        _note_type(given, fields, stage)
        return _NOTHING
    return _plain(fields, stage)


def _plain(fields: Mapping[Any, Any], stage: Stage) -> Plain:
    made = attempt(lambda: plain(fields))
    if isinstance(made, Failure):
        stage.note(NAME, f"the hyperparameters cannot be read: {made.why}", hint="give a dict of plain values")
        return _NOTHING
    _note_changes(made.converted, made.unsaved, stage)
    return made


def _note_type(given: Any, fields: Failure | None, stage: Stage) -> None:
    found = type(given).__name__ if fields is None else fields.why
    message = f"expected a mapping, a dataclass, a Namespace or an object with to_dict(), found {found}"
    stage.note(NAME, message, hint="give a dict of plain values")


def _note_changes(converted: tuple[Converted, ...], unsaved: tuple[Unsaved, ...], stage: Stage) -> None:
    for missing in unsaved:
        message = f"{missing.path}: {missing.type} is not saved: {missing.reason}"
        stage.note(NAME, message, hint=missing.hint)
    told = [item for item in converted if item.type != "tuple"]  # every tuple is a list in JSON; the section says it
    if told:
        shown = some([f"{item.path} ({item.type})" for item in told], MAX_SHOWN)
        stage.note(NAME, f"saved in another form: {shown}")
