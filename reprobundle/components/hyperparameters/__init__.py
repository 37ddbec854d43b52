"""Hyperparameters: what a person chose, the seeds, what updated the weights; what cannot be saved is listed, never dropped.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.hyperparameters.section import (
    NAME,
    Generators,
    Group,
    Optimizer,
    Resuming,
    Section,
    Stateful,
)
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.phrases import counted
from reprobundle.report import Finding, Status

__all__ = [
    "NAME",
    "Generators",
    "Group",
    "Optimizer",
    "Resuming",
    "Section",
    "Stateful",
    "capture",
    "check",
    "seeds_in_force",
]


def seeds_in_force() -> dict[str, int | str]:
    """The seeds that can be asked for now, by name."""
    from reprobundle.components.hyperparameters import seeds

    return seeds.in_force()


def capture(source: Source, stage: Stage) -> Section:
    """Record the hyperparameters, the seeds and generators, the optimizer and scheduler, and on request their states."""
    from reprobundle.components.hyperparameters.recording import record

    return record(source, stage)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Say what is recorded and what is missing: nothing here can be recomputed."""
    del site
    if section.values:
        yield Finding(kind=NAME, status=Status.NOTE, message=f"{counted(len(section.values), 'value')} recorded")
    for missing in section.unsaved:
        message = f"{missing.path}: {missing.type} was not saved: {missing.reason}"
        yield Finding(kind=NAME, status=Status.NOTE, message=message, hint=missing.hint)
