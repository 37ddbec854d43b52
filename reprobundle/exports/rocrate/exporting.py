"""A crate around a copy of a bundle, with replays as runs in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reprobundle import records
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import read_card
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports.copying import copy_bundle, export_time
from reprobundle.exports.rocrate.actions import Replay, report_place
from reprobundle.exports.rocrate.document import METADATA, Crate, Version, written
from reprobundle.report import Report
from reprobundle.store import FileEntry, Writer, inside, staging
from reprobundle.store.writing import disk_errors

BUNDLE = "bundle/"


def export(bundle: VerifiedBundle, target: Path, *, replays: Sequence[Path] = (), version: Version = "1.1") -> Path:
    """Write a crate; the bundle in its ``bundle`` folder verifies as before.

    Args:
        bundle: The bundle.
        target: The crate's folder; must not exist.
        replays: ``report.json`` of replays, which stand in the crate as further runs, in the order of their starts.
        version: Of RO-Crate.

    Returns:
        The crate's folder.

    Raises:
        UsageError: The target exists, or a report is given twice.
        RefusedInputError: A report is none, or that of another bundle.
        UnavailableError: The crate cannot be written.
    """
    read = _read_reports(replays, bundle)
    card = read_card(inside(bundle.path, bundle.manifest.documentation.path).read_bytes())
    with staging(target) as place, disk_errors(str(target)):
        writer = Writer(place)
        files = [_in_bundle(entry) for entry in copy_bundle(bundle, writer, BUNDLE)]
        joined = [Replay(report, report_place(number)) for number, (report, _) in enumerate(read, 1)]
        reports = [writer.write(one.path, content) for one, (_, content) in zip(joined, read, strict=True)]
        moment = export_time().strftime("%Y-%m-%dT%H:%M:%S+00:00")
        crate = Crate(bundle.manifest, card, files, BUNDLE, moment, bundle.id, joined, reports, version)
        writer.write(METADATA, written(crate))
    return target


def _in_bundle(entry: FileEntry) -> FileEntry:
    return entry.model_copy(update={"path": entry.path.removeprefix(BUNDLE)})


def _read_reports(places: Sequence[Path], bundle: VerifiedBundle) -> list[tuple[Report, bytes]]:
    read = [_read_report(place, bundle) for place in places]
    seen: dict[bytes, Path] = {}
    for place, (_, content) in zip(places, read, strict=True):
        if content in seen:
            raise UsageError(f"{str(place)!r}: is the same report as {str(seen[content])!r}")
        seen[content] = place
    return sorted(read, key=lambda one: (one[0].started, one[1]))


def _read_report(place: Path, bundle: VerifiedBundle) -> tuple[Report, bytes]:
    with disk_errors(str(place)), place.open("rb") as file:
        content = file.read(records.MAX_DOCUMENT_BYTES + 1)  # one byte over the limit, which refuses it
    report = records.from_bytes(Report, content, name=place.name)
    if report.bundle_id != bundle.id:
        message = f"{place.name}: is of another bundle: expected {bundle.id}, found {report.bundle_id}"
        raise RefusedInputError(message)
    return report, content
