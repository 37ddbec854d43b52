"""The source that ran: as plain files, with the git commit it belongs to and what was changed on top.

Under ``code/source`` lie the project's files at their own paths: all that git tracks, as they are in the working tree,
and each loaded module that git does not know. Loaded modules from elsewhere lie under ``code/outside``. What a notebook
defined is written to ``code/source/notebook_main.py``. ``import_roots`` are the folders from which all of it can be
imported again under the same names. Beside, outside the importable tree: ``code/git.json`` and
``code/uncommitted.patch``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reprobundle.components.code import changes, gathering, telling
from reprobundle.components.code.changes import State, process_start, state
from reprobundle.components.code.guard import missing_guard
from reprobundle.components.code.objects import objects_of
from reprobundle.components.code.packing import Packer
from reprobundle.components.code.project import find
from reprobundle.components.code.repository import Checkout
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

__all__ = [
    "NAME",
    "GitFile",
    "ImportedModule",
    "LeftOut",
    "Repository",
    "Section",
    "State",
    "Submodule",
    "capture",
    "check",
    "missing_guard",
    "objects_of",
    "original_folders",
    "process_start",
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
    project = find(source.project)
    packer = Packer(stage.writer)
    gathering.notebook(source, packer, stage)
    modules = gathering.modules(project, packer)
    gathering.tracked(project, packer, stage)
    patch = gathering.patch(project, packer, stage)
    if isinstance(project.checkout, Checkout):
        gathering.git_file(project.checkout, patch, stage)
    section = Section(
        repository=project.checkout.facts if isinstance(project.checkout, Checkout) else None,
        patch=patch,
        import_roots=gathering.import_roots(project, packer),
        modules=modules,
        left_out=packer.left_out,
        changed_since_start=changes.changed(project, source.run, stage),
        main_guard=gathering.main_guard(source, project, stage),
    )
    telling.notes(project, section, stage)
    return section


def original_folders(source: Source) -> tuple[Path, ...]:
    """The folders a replay does without: the project, and wherever else loaded modules of the person's own lie."""
    project = find(source.project)
    roots = {local.root or local.file.parent for local in project.loaded}
    return (project.base, *sorted(root for root in roots if project.base not in (root, *root.parents)))


def why_not_importable(section: Section) -> str | None:
    """Why the source must not be imported again, or None."""
    if section.main_guard == "missing":
        return "the training script has no main guard: importing it would train again"
    return None


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Whether every module is where the section says, and what a reviewer should know of the source; runs nothing."""
    yield from telling.findings(section, site)
