"""Capturing and checking data splits in tests, without a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle.components import data
from reprobundle.components.interface import Begun, Site, Source, Stage
from reprobundle.report import Status
from reprobundle.store import Writer


def new_stage(folder: Path) -> Stage:
    """A stage whose bundle is a new folder."""
    folder.mkdir(parents=True)
    return Stage(Writer(folder))


def take(stage: Stage, run: Begun | None = None, project: Path | None = None, **splits: Any) -> data.Section:
    """Capture splits."""
    return data.capture(Source(model=None, splits=splits, run=run, project=project), stage)


def notes(stage: Stage) -> list[str]:
    """What the person is told."""
    return [note.message for note in stage.notes]


def checked(
    section: data.Section, stage: Stage, salts: Mapping[str, Path] | None = None, **given: Any
) -> list[tuple[Status, str]]:
    """Compare copies of splits with the record."""
    found = data.check(section, Site(root=stage.root, data=given, salts=salts or {}))
    return [
        (finding.status, finding.message) for finding in found if finding.hint is None or "PATH" not in finding.hint
    ]
