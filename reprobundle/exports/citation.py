"""``CITATION.cff`` 1.2: how to cite the model, for tools that read it."""

from __future__ import annotations

import re
from typing import Any

from reprobundle.components.code.section import Repository
from reprobundle.components.documentation.card import Author, Card, without_placeholders
from reprobundle.exports.people import parted
from reprobundle.rendering.escaping import escape, prose

MESSAGE = "If you use this model, please cite it as below."
_DOI = re.compile(
    r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+"
)  # the standard's own pattern, narrower than a card's
_ORCID = "https://orcid.org/"
_PUBLIC = re.compile(r"(?!\d+(\.\d+){3}/)([A-Za-z0-9-]+\.)+(?!local/|internal/|lan/|localhost/)[A-Za-z]{2,}/[\w./~+-]+")


def citation(card: Card, repository: Repository | None = None) -> str | None:
    """The file's text; None without a title or authors, which the standard requires.

    Args:
        card: What people said.
        repository: Where the source came from; None where there was none.
    """
    card = without_placeholders(card)
    people = [named for named in map(_author, card.authors) if named]
    if not card.title or not people:
        return None
    import yaml

    given = {
        "cff-version": "1.2.0",
        "message": MESSAGE,
        "type": "software",
        "title": prose(card.title),
        "abstract": prose(card.description or ""),
        "authors": people,
        "version": escape(card.version or ""),
        "date-released": card.released,
        "license": _licence(card.license),
        "doi": card.doi if card.doi and _DOI.fullmatch(card.doi) else None,
        "repository-code": address_of(repository),
        "commit": repository.commit if repository is not None and not repository.dirty else None,
        "keywords": list(dict.fromkeys(map(escape, card.tags))),
    }
    present = {key: value for key, value in given.items() if value}
    text: str = yaml.safe_dump(present, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def address_of(repository: Repository | None) -> str | None:
    """Where everybody finds the source; None where its host is no public name, such as a number or ``git.internal``.

    The manifest keeps host and path alone; every public forge shows a repository under both by https, however it was cloned.
    """
    remote = (repository.remote or "") if repository is not None else ""
    return f"https://{remote.removesuffix('.git')}" if _PUBLIC.fullmatch(remote) else None


def _author(author: Author) -> dict[str, Any]:
    """A person by the parts of the name, unless the card says that it is an organisation's."""
    orcid = _ORCID + author.orcid.removeprefix(_ORCID) if author.orcid else None
    if author.kind == "organisation":
        named = {"name": escape(author.name), "orcid": orcid}
    else:
        named = {**parted(escape(author.name)), "affiliation": escape(author.affiliation or ""), "orcid": orcid}
    return {key: value for key, value in named.items() if value}


def _licence(expression: str | None) -> str | list[str] | None:
    """The licence, or those one may choose from; None for an expression the standard cannot hold."""
    if expression is None:
        return None
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonical = str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        return None
    choices = canonical.split(" OR ")
    if any(" " in choice or "(" in choice or choice.startswith("LicenseRef-") for choice in choices):
        return None
    return choices[0] if len(choices) == 1 else choices
