"""A bundle in the words of DataCite 4.5, who registers DOIs: what an archive without forms of its own asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import Author, Card, read_card, without_placeholders
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.exports.citation import address_of
from reprobundle.exports.copying import export_time
from reprobundle.exports.licences import choices
from reprobundle.exports.people import family_and_given
from reprobundle.extras import how_to_install
from reprobundle.rendering.escaping import escape, prose
from reprobundle.store import inside
from reprobundle.store.sealing import staging_file
from reprobundle.store.writing import disk_errors

SCHEMA = "http://datacite.org/schema/kernel-4"
ORCID, SPDX = "https://orcid.org/", "https://spdx.org/licenses/"
UNKNOWN = ":unkn"  # DataCite's own word for what is not known yet

Values = dict[str, Any]


def export(bundle: VerifiedBundle, target: Path) -> Path:
    """Write the document into a new file; gives its path.

    Raises:
        UsageError: The file exists.
        UnavailableError: As for `content`, or the file cannot be written.
        RefusedInputError: As for `content`.
    """
    written = content(bundle)
    with staging_file(target) as place, disk_errors(str(target)):
        place.write_bytes(written)
    return target


def content(bundle: VerifiedBundle) -> bytes:
    """The document as JSON, once DataCite's own schema has accepted it.

    Raises:
        UnavailableError: datacite is not installed, or the bundle names no authors.
        RefusedInputError: The schema does not accept it; the message names the path of the fault.
    """
    made = document(bundle)
    try:
        from datacite import schema45
    except ImportError as error:
        message = "export datacite: datacite is not installed"
        raise UnavailableError(message, hint=how_to_install("archive")) from error
    fault = next(iter(schema45.validator.iter_errors(made)), None)
    if fault is not None:
        where = ".".join(map(str, fault.absolute_path)) or "the whole"
        raise RefusedInputError(f"DataCite's schema does not accept {where}: {fault.message:.200}")
    return json.dumps(made, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def document(bundle: VerifiedBundle) -> Values:
    """What DataCite asks of a model, from its card.

    Raises:
        UnavailableError: The card names no authors.
    """
    card = without_placeholders(read_card(inside(bundle.path, bundle.manifest.documentation.path).read_bytes()))
    if not card.authors:
        hint = "name them in the card: reprobundle document BUNDLE card.yaml"
        raise UnavailableError("export datacite: needs authors, which the bundle does not have", hint=hint)
    day = card.released or export_time().date().isoformat()
    given: Values = {
        "schemaVersion": SCHEMA,
        "doi": card.doi,
        "types": {"resourceTypeGeneral": "Model", "resourceType": "Machine learning model"},
        "creators": [_creator(author) for author in card.authors],
        "titles": [{"title": escape(card.title or bundle.manifest.name)}],
        "publisher": {"name": _publisher(card)},
        "publicationYear": day[:4],
        "dates": [{"date": card.released, "dateType": "Issued"}] if card.released else [],
        "subjects": [{"subject": escape(tag)} for tag in dict.fromkeys(card.tags)],
        "version": escape(card.version or ""),
        "language": card.language[0] if len(card.language) == 1 else None,
        "rightsList": [_right(licence) for licence in choices(card.license)],
        "descriptions": _described(bundle, card),
        "relatedIdentifiers": _related(bundle, card),
        "sizes": [f"{sum(entry.size for entry in bundle.manifest.files)} bytes"],
        "alternateIdentifiers": [
            {"alternateIdentifier": bundle.id, "alternateIdentifierType": "XXH3-128 of the manifest"}
        ],
    }
    return {field: value for field, value in given.items() if value}


def _publisher(card: Card) -> str:
    return "Zenodo" if (card.doi or "").startswith("10.5281/zenodo.") else UNKNOWN


def _creator(author: Author) -> Values:
    name = escape(author.name)
    if author.kind == "organisation":
        return {"name": name, "nameType": "Organizational"}
    family, given = family_and_given(name)
    made: Values = {"name": f"{family}, {given}" if given else family, "nameType": "Personal", "familyName": family}
    if given:
        made["givenName"] = given
    if author.orcid:
        orcid = ORCID + author.orcid.removeprefix(ORCID)
        made["nameIdentifiers"] = [
            {"nameIdentifier": orcid, "nameIdentifierScheme": "ORCID", "schemeUri": "https://orcid.org"}
        ]
    if author.affiliation:
        made["affiliation"] = [{"name": escape(author.affiliation)}]
    return made


def _right(licence: str) -> Values:
    """A licence; only what is a single name of SPDX has an address there."""
    if " " in licence or ":" in licence or licence.startswith("LicenseRef-"):
        return {"rights": licence}
    return {
        "rights": licence,
        "rightsUri": f"{SPDX}{licence}.html",
        "rightsIdentifier": licence,
        "rightsIdentifierScheme": "SPDX",
        "schemeUri": SPDX,
    }


def _described(bundle: VerifiedBundle, card: Card) -> list[Values]:
    told = f"A bundle of reprobundle {bundle.manifest.reprobundle}, which replays the model and compares its outputs."
    made = [{"description": told, "descriptionType": "TechnicalInfo"}]
    if card.description:
        made.insert(0, {"description": prose(card.description), "descriptionType": "Abstract"})
    return made


def _related(bundle: VerifiedBundle, card: Card) -> list[Values]:
    """Where the source is, and the data that was learned from, where they have addresses."""
    source = address_of(bundle.manifest.code.repository)
    made = [] if source is None else [_relation(source, "URL", "IsSupplementTo")]
    for name in dict.fromkeys(card.datasets):
        if name.startswith("10.") and "/" in name:
            made.append(_relation(name, "DOI", "References"))
        elif name.startswith("https://"):
            made.append(_relation(name, "URL", "References"))
    return made


def _relation(identifier: str, kind: str, relation: str) -> Values:
    return {"relatedIdentifier": identifier, "relatedIdentifierType": kind, "relationType": relation}
