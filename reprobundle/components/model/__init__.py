"""The model: its class by name, the arguments that make it, its weights, and a digest of each tensor.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from reprobundle.components.interface import Site, Source, Stage
from reprobundle.components.model.section import NAME, Section, TensorEntry
from reprobundle.components.recipes.form import Arguments
from reprobundle.report import Finding

__all__ = [
    "NAME",
    "Arguments",
    "Section",
    "TensorEntry",
    "capture",
    "check",
    "check_values",
    "count_not_recorded",
    "opened",
]


def opened(source: Source) -> Source:
    """The same source with its model in memory, opened where the person named a file or folder, out of its wrappers.

    Raises:
        UsageError: There is no such file or folder, it is of no known kind, or it does not fit the factory; or the model
            is spread over processes.
        RefusedInputError: The file breaks its form, or may run code when it is read.
    """
    from reprobundle.components.model import opening, unwrapping

    return unwrapping.unwrapped(opening.opened(source) if isinstance(source.model, str | os.PathLike) else source)


def capture(source: Source, stage: Stage) -> Section:
    """Record how the model is made and write its weights.

    Raises:
        UsageError: It is neither a module nor a function, or its weights cannot be stored.
        UnavailableError: The disk is full.
    """
    from reprobundle.components.model.recording import record

    return record(source, stage)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Compare the tensors after load with the recorded digests: are these the right weights?"""
    from reprobundle.components.model.checking import findings

    yield from findings(section, site)


def check_values(section: Section, site: Site) -> Iterator[Finding]:
    """The part of `check` that can change outputs: not which tensors are one."""
    from reprobundle.components.model.checking import values

    yield from values(section, site)


def count_not_recorded(section: Section, site: Site) -> int:
    """How many tensors after load are not the recorded ones; 0 where none was compared."""
    from reprobundle.components.model.checking import not_recorded

    return not_recorded(section, site)
