"""A bundle as an RO-Crate: a copy of it, described in JSON-LD, with the runs that made and replayed it (Process Run Crate)."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reprobundle import records
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import Card, read_card
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.exports.copying import copy_bundle, export_time
from reprobundle.extras import how_to_install
from reprobundle.rendering import escape
from reprobundle.rendering.escaping import prose
from reprobundle.report import Report
from reprobundle.store import FileEntry, Writer, inside, staging
from reprobundle.store.writing import disk_errors

METADATA = "ro-crate-metadata.json"
BUNDLE, REPLAY = "bundle/", "replay/report.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
STATUS = "http://schema.org/{}ActionStatus"
TYPES = {".safetensors": "application/octet-stream", ".yaml": "application/yaml", ".cff": "application/yaml"}
ORCID = "https://orcid.org/"

Entity = dict[str, Any]


def export(bundle: VerifiedBundle, target: Path, *, replay: Path | None = None) -> Path:
    """Write a crate; the bundle in its ``bundle`` folder verifies as before.

    Args:
        bundle: The bundle.
        target: The crate's folder; must not exist.
        replay: A replay's ``report.json``, which then stands in the crate as the outcome of a second run.

    Returns:
        The crate's folder.

    Raises:
        UsageError: The target exists.
        RefusedInputError: The report is none, or that of another bundle.
        UnavailableError: rocrate is not installed, or the crate cannot be written.
    """
    _require_library()
    report, content = (None, b"") if replay is None else _read_report(replay, bundle)
    card = read_card(inside(bundle.path, bundle.manifest.documentation.path).read_bytes())
    with staging(target) as place, disk_errors(str(target)):
        writer = Writer(place)
        files = list(copy_bundle(bundle, writer, BUNDLE))
        if report is not None:
            files.append(writer.write(REPLAY, content))
        document = _document(bundle, card, files, report)
        writer.write(METADATA, json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    return target


def _require_library() -> None:
    try:
        import rocrate.rocrate  # noqa: F401
    except ImportError as error:
        hint = how_to_install("archive")
        raise UnavailableError(f"a crate needs the library rocrate: {error}", hint=hint) from error


def _read_report(place: Path, bundle: VerifiedBundle) -> tuple[Report, bytes]:
    with disk_errors(str(place)):
        content = place.read_bytes()
    report = records.from_bytes(Report, content, name=place.name)
    if report.bundle_id != bundle.id:
        message = f"{place.name}: is of another bundle: expected {bundle.id}, found {report.bundle_id}"
        raise RefusedInputError(message)
    return report, content


def _document(bundle: VerifiedBundle, card: Card, files: list[FileEntry], report: Report | None) -> Entity:
    """The metadata file's JSON-LD."""
    from rocrate.model import ContextEntity
    from rocrate.rocrate import ROCrate

    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)
    crate.name = prose(card.title or bundle.manifest.name)
    crate.description = prose(card.description or f"A trained model that can be replayed: {bundle.manifest.name}")
    crate.datePublished = export_time().strftime("%Y-%m-%dT%H:%M:%S+00:00")
    if card.license:
        crate.license = escape(card.license)
    for entity in (*_people(card), *_programs(bundle, report), _profile()):
        crate.add(ContextEntity(crate, entity.pop("@id"), properties=entity))
    crate.root_dataset["conformsTo"] = {"@id": PROFILE}
    crate.root_dataset["identifier"] = bundle.id
    if card.authors:
        crate.root_dataset["author"] = _references(_people(card))
    crate.add_dataset(dest_path=BUNDLE, properties={"name": escape(bundle.manifest.name), "identifier": bundle.id})
    for file in files:
        crate.add_file(dest_path=file.path, properties=_file(file))
    actions = list(_actions(bundle, card, report))
    for action in actions:
        crate.add(ContextEntity(crate, action.pop("@id"), properties=action))
    crate.root_dataset["mentions"] = [{"@id": entity.id} for entity in crate.contextual_entities if _acts(entity)]
    document: Entity = crate.metadata.generate()
    return document


def _acts(entity: Any) -> bool:
    return bool(entity.type == "CreateAction")


def _file(file: FileEntry) -> Entity:
    kind = TYPES.get(Path(file.path).suffix) or mimetypes.guess_type(file.path, strict=True)[0]
    return {"contentSize": str(file.size), **({"encodingFormat": kind} if kind else {})}


def _people(card: Card) -> Iterator[Entity]:
    for number, author in enumerate(card.authors, 1):
        named = ORCID + author.orcid.removeprefix(ORCID) if author.orcid else f"#author-{number}"
        yield {"@id": named, "@type": "Person", "name": escape(author.name)}


def _programs(bundle: VerifiedBundle, report: Report | None) -> Iterator[Entity]:
    versions = dict.fromkeys([bundle.manifest.reprobundle, *([report.reprobundle] if report else [])])
    for version in versions:
        yield {**_program(version), "@type": "SoftwareApplication", "name": "reprobundle", "softwareVersion": version}


def _program(version: str) -> Entity:
    return {"@id": f"#reprobundle-{version}"}


def _profile() -> Entity:
    return {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}


def _references(entities: Iterator[Entity]) -> list[Entity]:
    return [{"@id": entity["@id"]} for entity in entities]


def _actions(bundle: VerifiedBundle, card: Card, report: Report | None) -> Iterator[Entity]:
    """The capture, and the replay where its report is given."""
    manifest = bundle.manifest
    sources = [entry.path for entry in manifest.files if entry.path.startswith(("code/", "data/", "environment/"))]
    capture = {
        "@id": f"#capture-{bundle.id}",
        "@type": "CreateAction",
        "name": "Capture of the trained model",
        "instrument": _program(manifest.reprobundle),
        "object": [{"@id": quote(BUNDLE + path)} for path in sources],  # as the library spells its files' ids
        "result": {"@id": BUNDLE},
        "agent": _references(_people(card)),
        "actionStatus": STATUS.format("Completed"),
    }
    yield {name: value for name, value in capture.items() if value}
    if report is not None:
        finished = "Completed" if report.verdict.reproduced else "Failed"
        yield {
            "@id": f"#replay-{report.started}",
            "@type": "CreateAction",
            "name": "Replay of the model",
            "description": prose(report.verdict.sentence),
            "instrument": _program(report.reprobundle),
            "object": {"@id": BUNDLE},
            "result": {"@id": REPLAY},
            "startTime": report.started,
            "actionStatus": STATUS.format(finished),
        }
