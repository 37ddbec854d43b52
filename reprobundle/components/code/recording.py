"""Recording the source: find it, copy it, say what stays out."""

from __future__ import annotations

from pathlib import Path

from reprobundle.components.code import changes, gathering, pickles, telling
from reprobundle.components.code.data_files import DataFiles
from reprobundle.components.code.packing import MAX_SOURCE_BYTES, Packer
from reprobundle.components.code.project import find
from reprobundle.components.code.repository import Checkout
from reprobundle.components.code.salts import Salts
from reprobundle.components.code.section import Section
from reprobundle.components.interface import Source, Stage


def record(source: Source, stage: Stage) -> Section:
    """Copy the source into the bundle and tell where it came from; what stays out is listed and noted.

    Raises:
        UsageError: The project named is not a folder.
        UnavailableError: The disk is full.
    """
    project = find(source.project)
    data = DataFiles(source.data_places, MAX_SOURCE_BYTES)
    salts = Salts(source.secrets)
    packer = Packer(stage.writer, data, salts, stage.gate)
    gathering.notebook(source, packer, stage)
    modules = gathering.modules(project, packer)
    gathering.tracked(project, packer, stage)
    patch = gathering.patch(project, packer, data, salts, stage)
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
    data.tell(stage)
    salts.tell(stage)
    pickles.tell(packer.pickles, stage)
    return section


def original_folders(source: Source) -> tuple[Path, ...]:
    """The folders a replay does without: the project, and wherever else loaded modules of the person's own lie."""
    project = find(source.project)
    roots = {local.root or local.file.parent for local in project.loaded}
    return (project.base, *sorted(root for root in roots if project.base not in (root, *root.parents)))
