"""The folder of a report: as a document, as a page and as text."""

from __future__ import annotations

import os
from pathlib import Path

from reprobundle import records, reporting
from reprobundle.drifts import DriftReport
from reprobundle.rendering import drift, drift_page
from reprobundle.store import Writer, staging
from reprobundle.store.sealing import refuse_existing

COLUMNS = 100


def refuse_taken(folder: str | os.PathLike[str] | None, bundle: Path) -> None:
    """Make sure, before anything is read, that the report can be written.

    Raises:
        UsageError: The folder exists, or lies inside the bundle.
    """
    if folder is not None:
        refuse_existing(Path(folder))
        reporting.refuse_inside(Path(folder), bundle)


def keep(report: DriftReport, folder: str | os.PathLike[str] | None) -> None:
    """Write the report in its three renderings; nothing without a folder.

    Raises:
        UsageError: The folder exists.
        UnavailableError: It cannot be written.
    """
    if folder is None:
        return
    with staging(Path(folder)) as place:
        writer = Writer(place)
        writer.write("drift.json", records.to_bytes(report))
        writer.write("drift.html", drift_page.render(report).encode("utf-8"))
        writer.write("drift.txt", f"{drift.render(report, colour=False, width=COLUMNS)}\n".encode())
    reporting.ignore_default(Path(folder))
