"""``CITATION.cff`` 1.2: how to cite the model, for tools that read it."""

from __future__ import annotations

import re
from typing import Any

from reprobundle.components.documentation.card import Author, Card
from reprobundle.rendering.escaping import escape, prose

MESSAGE = "If you use this model, please cite it as below."
_DOI = re.compile(
    r"10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+"
)  # the standard's own pattern, narrower than a card's
_ORCID = "https://orcid.org/"


def citation(card: Card) -> str | None:
    """The file's text; None without a title or authors, which the standard requires."""
    if not card.title or not card.authors:
        return None
    import yaml

    given = {
        "cff-version": "1.2.0",
        "message": MESSAGE,
        "type": "software",
        "title": prose(card.title),
        "abstract": prose(card.description or ""),
        "authors": [_author(author) for author in card.authors],
        "version": escape(card.version or ""),
        "license": _licence(card.license),
        "doi": card.doi if card.doi and _DOI.fullmatch(card.doi) else None,
        "keywords": list(dict.fromkeys(map(escape, card.tags))),
    }
    present = {key: value for key, value in given.items() if value}
    text: str = yaml.safe_dump(present, sort_keys=False, allow_unicode=True, width=10_000)
    return text


def _author(author: Author) -> dict[str, Any]:
    """A person where family and given name are parted by a comma, else a name as it stands."""
    family, comma, given = (part.strip() for part in escape(author.name).partition(","))
    orcid = _ORCID + author.orcid.removeprefix(_ORCID) if author.orcid else None
    if not (comma and family and given):
        named = {"name": escape(author.name), "orcid": orcid}
    else:
        named = {
            "family-names": family,
            "given-names": given,
            "affiliation": escape(author.affiliation or ""),
            "orcid": orcid,
        }
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
