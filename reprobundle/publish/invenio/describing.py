"""What a record says of a bundle, in InvenioRDM's own words, from its card."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import Author, Card, read_card
from reprobundle.errors import UsageError
from reprobundle.exports.citation import address_of
from reprobundle.exports.copying import export_time
from reprobundle.exports.licences import choices
from reprobundle.exports.people import family_and_given
from reprobundle.publish.invenio.answers import Deposition
from reprobundle.rendering.escaping import escape, prose
from reprobundle.store import digest_bytes, digest_file, inside

ORCID = "https://orcid.org/"
KINDS = ("model", "software")  # the first that the repository knows
RESOURCE_TYPES, LICENCES = "resourcetypes", "licenses"
MENDED = "name them in the card: reprobundle document BUNDLE card.yaml"

_SEALED = re.compile(r"reprobundle deposited ([0-9a-f]{32}), (?:unsigned|signatures ([0-9a-f]{32}))")

Knows = Callable[[str, str], bool]
"""Whether a vocabulary, the first, of the repository has a word, the second."""


@dataclass(frozen=True)
class Described:
    """What is said of a bundle.

    Attributes:
        metadata: As InvenioRDM wants it.
        kind: Its resource type.
        rights: Its licences, as they will be shown.
    """

    metadata: dict[str, Any]
    kind: str
    rights: tuple[str, ...]


def card_of(bundle: VerifiedBundle) -> Card:
    """What people say of a bundle."""
    return read_card(inside(bundle.path, bundle.manifest.documentation.path).read_bytes())


def mark(bundle_id: str) -> str:
    """The line of a record that names the bundle a deposit was begun for; an interrupted one is found by it."""
    return f"reprobundle bundle {bundle_id}"


@dataclass(frozen=True)
class Sealed:
    """What a record says of the bundle in its archive.

    Attributes:
        bundle: Its id.
        signatures: Digest of its signatures; None: it is unsigned.
    """

    bundle: str
    signatures: str | None


def sealed_as(found: Deposition) -> Sealed | None:
    """What a record says of the bundle in its archive; None where it does not."""
    told = (_SEALED.search(one.description) for one in found.metadata.additional_descriptions)
    return next((Sealed(one[1], one[2]) for one in told if one), None)


def signatures_of(bundle: VerifiedBundle) -> str | None:
    """A digest of all signatures of a bundle; None: it is unsigned."""
    lines = [f"{path} {digest_file(inside(bundle.path, path))[1]}" for path in bundle.bundle.signatures()]
    return digest_bytes("\n".join(lines).encode()) if lines else None


def sealed_mark(bundle: VerifiedBundle) -> str:
    """The line of a record that names the bundle in its archive, and whether that is signed."""
    signatures = signatures_of(bundle)
    return f"reprobundle deposited {bundle.id}, {'unsigned' if signatures is None else f'signatures {signatures}'}"


def describe(
    bundle: VerifiedBundle, begun_for: str, publisher: str, knows: Knows, *, is_sealed: bool = False
) -> Described:
    """Say of a bundle what a record needs.

    Args:
        bundle: The bundle.
        begun_for: Id of the bundle that the deposit was begun for: this one, or the one it was resealed from.
        publisher: Who publishes the record.
        knows: Looks words up in the repository's vocabularies.
        is_sealed: Whether this is the bundle that goes into the archive.

    Raises:
        UsageError: The card names no authors, or SOURCE_DATE_EPOCH holds no time.
    """
    card = card_of(bundle)
    if not card.authors:
        raise UsageError(f"{bundle.manifest.name}: a deposit needs authors, found none in the card", hint=MENDED)
    kind = next((kind for kind in KINDS[:-1] if knows(RESOURCE_TYPES, kind)), KINDS[-1])
    rights = [_right(licence, knows) for licence in choices(card.license)]
    marks = [mark(begun_for), *([sealed_mark(bundle)] if is_sealed else [])]
    given = {
        "resource_type": {"id": kind},
        "title": escape(card.title or bundle.manifest.name),
        "creators": [_creator(author) for author in card.authors],
        "publication_date": card.released or export_time().date().isoformat(),
        "publisher": publisher,
        "description": _paragraphs(card.description),
        "version": escape(card.version or ""),
        "subjects": [{"subject": escape(tag)} for tag in dict.fromkeys(card.tags)],
        "rights": rights,
        "related_identifiers": list(_related(bundle, card)),
        "additional_descriptions": [{"description": line, "type": {"id": "technical-info"}} for line in marks],
    }
    metadata = {field: value for field, value in given.items() if value}
    shown = tuple(right.get("id") or right["title"]["en"] for right in rights)
    return Described(metadata, kind, shown)


def document(metadata: dict[str, Any]) -> dict[str, Any]:
    """A public record with files, as it is sent."""
    access = {"record": "public", "files": "public"}
    return {"access": access, "files": {"enabled": True}, "metadata": metadata}


def _creator(author: Author) -> dict[str, Any]:
    name = escape(author.name)
    if author.kind == "organisation":
        who: dict[str, Any] = {"type": "organizational", "name": name}
    else:
        family, given = family_and_given(name)
        who = {"type": "personal", "family_name": family, **({"given_name": given} if given else {})}
    if author.orcid and author.kind != "organisation":
        who["identifiers"] = [{"scheme": "orcid", "identifier": author.orcid.removeprefix(ORCID)}]
    where = [{"name": escape(author.affiliation)}] if author.affiliation else []
    return {"person_or_org": who, **({"affiliations": where} if where else {})}


def _right(licence: str, knows: Knows) -> dict[str, Any]:
    """A licence by its name in the repository, or by a title of its own."""
    if " " not in licence and knows(LICENCES, licence.lower()):
        return {"id": licence.lower()}
    link = {"link": f"https://spdx.org/licenses/{licence}.html"} if " " not in licence and ":" not in licence else {}
    return {"title": {"en": licence}, **link}


def _paragraphs(text: str | None) -> str:
    """Plain text as the HTML that a record holds; nothing in it is markup."""
    parts = [part.strip() for part in prose(text or "").split("\n\n")]
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in parts if part)


def _related(bundle: VerifiedBundle, card: Card) -> Iterator[dict[str, Any]]:
    """Where the source is, and the data that was learned from, where they have addresses."""
    source = address_of(bundle.manifest.code.repository)
    if source is not None:
        yield _relation(source, "url", "issupplementto", "software")
    for name in dict.fromkeys(card.datasets):
        if name.startswith("10.") and "/" in name:
            yield _relation(name, "doi", "references", "dataset")
        elif name.startswith("https://"):
            yield _relation(name, "url", "references", "dataset")


def _relation(identifier: str, scheme: str, relation: str, kind: str) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "scheme": scheme,
        "relation_type": {"id": relation},
        "resource_type": {"id": kind},
    }
