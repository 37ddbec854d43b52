"""The things a crate speaks of that are no files: people, the licence and the profile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from reprobundle.components.documentation.card import Author, Card
from reprobundle.rendering.escaping import escape

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
ORCID = "https://orcid.org/"
SPDX_PAGE = "https://spdx.org/licenses/"
UNSTATED = "No licence is stated; ask the authors before using it."

Entity = dict[str, Any]


def present(entity: Entity) -> Entity:
    """The same without what is empty."""
    return {name: value for name, value in entity.items() if value not in (None, "", [], ())}


def references(entities: Sequence[Entity]) -> list[Entity] | Entity:
    """What points at the entities: a list, or for a single one that alone, as RO-Crate recommends."""
    return pointing([entity["@id"] for entity in entities])


def pointing(identities: Sequence[str]) -> list[Entity] | Entity:
    """The same for identities."""
    found = [{"@id": identity} for identity in identities]
    return found[0] if len(found) == 1 else found


def profile(version: str) -> Entity:
    """The profile that the crate keeps; RO-Crate has a type for such since 1.2."""
    kind: str | list[str] = "CreativeWork" if version == "1.1" else ["CreativeWork", "Profile"]
    return {"@id": PROFILE, "@type": kind, "name": "Process Run Crate", "version": "0.5"}


def people(card: Card) -> tuple[Entity, ...]:
    """The authors, each once."""
    known: dict[str, Entity] = {}
    for number, author in enumerate(card.authors, 1):
        one = _author(author, number)
        known.setdefault(one["@id"], one)
    return tuple(known.values())


def _author(author: Author, number: int) -> Entity:
    identity = ORCID + author.orcid.removeprefix(ORCID) if author.orcid else f"#author-{number}"
    if author.kind == "organisation":
        return {"@id": identity, "@type": "Organization", "name": escape(author.name)}
    place = {"@id": _place(author.affiliation)} if author.affiliation else None
    return present({"@id": identity, "@type": "Person", "name": escape(author.name), "affiliation": place})


def organisations(card: Card) -> Iterator[Entity]:
    """Where the authors work, each once."""
    works = (one.affiliation for one in card.authors if one.kind != "organisation" and one.affiliation)
    for name in dict.fromkeys(works):
        yield {"@id": _place(name), "@type": "Organization", "name": escape(name)}


def _place(name: str) -> str:
    return "#organisation-" + quote(name, safe="")


def licence(card: Card) -> Entity | None:
    """The licence's page; None where none is stated, or where it takes more than one to say it."""
    if card.license is None or " " in card.license or "(" in card.license:
        return None
    name, own = escape(card.license), card.license.startswith("LicenseRef-")
    identity = f"#{quote(card.license, safe='')}" if own or ":" in card.license else SPDX_PAGE + card.license
    text = "a licence of the authors' own" if own else "an SPDX identifier; the card names it"
    return {"@id": identity, "@type": "CreativeWork", "name": name, "description": text}


def licence_of(card: Card) -> Entity | str:
    """What the crate gives as its licence: a reference, or words."""
    found = licence(card)
    return {"@id": found["@id"]} if found else escape(card.license or UNSTATED)
