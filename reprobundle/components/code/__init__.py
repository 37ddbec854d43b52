"""The source that ran: as plain files, with the git commit it belongs to and what was changed on top.

Under ``code/source`` lie the project's files at their own paths: all that git tracks, as they are in the working tree,
and each loaded module that git does not know. Loaded modules from elsewhere lie under ``code/outside``. What a notebook
defined is written to ``code/source/notebook_main.py``. ``import_roots`` are the folders from which all of it can be
imported again under the same names. Beside, outside the importable tree: ``code/git.json`` and
``code/uncommitted.patch``.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle.components.code.section import (
    GitFile,
    ImportedModule,
    LeftOut,
    Repository,
    Section,
    Submodule,
)
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.report import Finding

if TYPE_CHECKING:
    from reprobundle.components.code.changes import State

__all__ = [
    "NAME",
    "GitFile",
    "ImportedModule",
    "LeftOut",
    "Repository",
    "Section",
    "Submodule",
    "capture",
    "check",
    "original_folders",
    "state",
    "why_not_importable",
]

NAME = "code"


def capture(source: Source, stage: Stage) -> Section:
    """Copy the source into the bundle and tell where it came from; what stays out is listed and noted.

    Raises:
        UsageError: The project named is not a folder.
        UnavailableError: The disk is full.
    """
    from reprobundle.components.code.recording import record

    return record(source, stage)


def state(project: Path | None = None) -> State:
    """What stands now, for ``begin`` to keep and ``capture`` to compare."""
    from reprobundle.components.code import changes

    return changes.state(project)


def original_folders(source: Source) -> tuple[Path, ...]:
    """The folders a replay does without: the project, and wherever else loaded modules of the person's own lie."""
    from reprobundle.components.code import recording

    return recording.original_folders(source)


def why_not_importable(section: Section) -> str | None:
    """Why the source must not be imported again, or None."""
    if section.main_guard == "missing":
        return "the training script has no main guard: importing it would train again"
    return None


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Whether every module is where the section says, and what a reviewer should know of the source; runs nothing."""
    from reprobundle.components.code import telling

    yield from telling.findings(section, site)
