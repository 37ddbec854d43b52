"""``ro-crate-metadata.json``: the whole graph, for a bundle itself and for a crate around one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from reprobundle import manifest as manifests
from reprobundle.components.documentation.card import Card, without_placeholders
from reprobundle.exports.rocrate import actions, entities, programs
from reprobundle.exports.rocrate.contents import CODE, FILES, Contents, contents, described
from reprobundle.exports.rocrate.entities import Entity, present, references
from reprobundle.manifest import Manifest
from reprobundle.rendering.escaping import escape, prose
from reprobundle.store import FileEntry

METADATA = "ro-crate-metadata.json"
SPECIFICATION = "https://w3id.org/ro/crate/"
UNSIZED = "0" * 32
DOI = "https://doi.org/"
SIGNATURES: Entity = {
    "@id": "#signatures",
    "@type": "CreativeWork",
    "name": "Signatures",
    "description": "Added after the bundle was sealed, as signatures/*.sigstore.json, over the contents of all files "
    "(OpenSSF model-signing). Nothing in this description says whether there is one, or whether it is good.",
}

Version = Literal["1.1", "1.2"]


@dataclass(frozen=True)
class Crate:
    """What a crate is made of.

    Attributes:
        manifest: The bundle's manifest.
        card: What people said.
        files: The bundle's files, its manifest among them.
        prefix: Where the bundle lies in the crate; empty where it is the crate.
        published: The day or moment of publication; None where nobody said it.
        identifier: What the crate is known by; None where nothing but its bytes says it.
        replays: Replays, in order.
        reports: The files of their reports, in the same order.
        version: Of the specification.
    """

    manifest: Manifest
    card: Card
    files: Sequence[FileEntry]
    prefix: str = ""
    published: str | None = None
    identifier: str | None = None
    replays: Sequence[actions.Replay] = ()
    reports: Sequence[FileEntry] = field(default=())
    version: Version = "1.1"


def view(manifest: Manifest, card: Card, files: Iterable[FileEntry]) -> bytes:
    """The file as it stands in a bundle: the same whenever and wherever it is made.

    It cannot hold the bundle's id, nor the size of the manifest, which names it. `Card.released` is the day of publication,
    which capture takes from SOURCE_DATE_EPOCH; where neither says one, none is made up.

    Args:
        manifest: What was captured; its table of files is not used.
        card: What people said.
        files: All other files of the bundle.
    """
    own = FileEntry(path=manifests.NAME, size=0, xxh3_128=UNSIZED)
    listed = [entry for entry in files if entry.path != METADATA]
    doi = card.doi and DOI + card.doi
    return written(Crate(manifest, without_placeholders(card), [*listed, own], published=card.released, identifier=doi))


def written(crate: Crate) -> bytes:
    """The file's bytes."""
    document = {"@context": f"{SPECIFICATION}{crate.version}/context", "@graph": _graph(crate)}
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"


def _graph(crate: Crate) -> list[Entity]:
    held = contents(crate.manifest, crate.files, crate.prefix)
    reports = [
        {**described(file, crate.manifest), "description": FILES["replay/report.json"]} for file in crate.reports
    ]
    top = _bundle(crate, held)
    parts = [*(top or held.top), *reports]
    runs = _runs(crate)
    root = _root(crate, parts, runs)
    licence = entities.licence(crate.card)
    about = [*entities.people(crate.card), *entities.organisations(crate.card), *([licence] if licence else [])]
    known = [entities.profile(crate.version), SIGNATURES, *about, *_programs(crate)]
    files = [*top, *held.top, *held.below, *reports]
    return [_descriptor(crate.version), root, *known, *runs, *files]


def _descriptor(version: str) -> Entity:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": SPECIFICATION + version},
    }


def _root(crate: Crate, parts: Sequence[Entity], runs: Sequence[Entity]) -> Entity:
    manifest, card = crate.manifest, crate.card
    entity = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": entities.PROFILE},
        "name": prose(card.title or manifest.name),
        "description": prose(card.description or f"A trained model that can be replayed: {manifest.name}"),
        "datePublished": crate.published,
        "license": entities.licence_of(card),
        "identifier": crate.identifier,
        "version": escape(card.version or ""),
        "keywords": ", ".join(dict.fromkeys(map(escape, card.tags))),
        "author": references(entities.people(card)),
        "mentions": references([*runs, SIGNATURES]),
        "hasPart": references(parts),
    }
    return present(entity)


def _bundle(crate: Crate, held: Contents) -> list[Entity]:
    """The folder of the bundle in a crate around it."""
    if not crate.prefix:
        return []
    name = escape(crate.manifest.name)
    text = "the bundle: a trained model that can be replayed"
    entity = {"@id": crate.prefix, "@type": "Dataset", "name": name, "description": text}
    return [{**present({**entity, "identifier": crate.identifier}), "hasPart": references(held.top)}]


def _programs(crate: Crate) -> list[Entity]:
    manifest = crate.manifest
    versions = dict.fromkeys([manifest.reprobundle, *(one.report.reprobundle for one in crate.replays)])
    source = [programs.source(manifest, crate.prefix)] if CODE in _folders(crate) else []
    every = [*map(programs.own, versions), *source, *(programs.needed(manifest) if source else ())]
    return list({one["@id"]: one for one in every}.values())  # one of the needed may be this program


def _folders(crate: Crate) -> set[str]:
    return {entry.path.partition("/")[0] + "/" for entry in crate.files if "/" in entry.path}


def _runs(crate: Crate) -> list[Entity]:
    agents = entities.people(crate.card)
    made = actions.capture(crate.manifest, agents, _folders(crate), crate.prefix)
    later = (actions.replayed(one, number, crate.prefix or "./") for number, one in enumerate(crate.replays, 1))
    return [made, *later]
