"""Whether a deposit of a bundle was begun or done before: by what is remembered, by the card's DOI, or by a search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reprobundle.bundle import VerifiedBundle
from reprobundle.publish.destinations import Say
from reprobundle.publish.invenio.answers import RECORD, Deposition
from reprobundle.publish.invenio.describing import card_of, mark
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.refusing import GoneError
from reprobundle.publish.invenio.remembering import forget, remembered

_RECORD = re.compile(RECORD)


@dataclass(frozen=True)
class Begun:
    """A deposit that is there.

    Attributes:
        deposition: The draft or record.
        bundle: Id of the bundle that it was begun for.
    """

    deposition: Deposition
    bundle: str


def find(drafts: Drafts, bundle: VerifiedBundle, *, say: Say, keep: bool = False) -> Begun | None:
    """The deposit of a bundle, a draft or a record, if there is one.

    One that was begun for an earlier bundle, which this one was resealed from, counts only where the card names its DOI:
    a card that was mended since is another deposit.

    Args:
        drafts: The repository.
        bundle: The bundle.
        say: Is told when what is remembered cannot be read.
        keep: Do not forget a draft that is gone.

    Raises:
        UnavailableError: The repository refuses or does not answer.
    """
    server = drafts.line.server.url
    known = remembered(server, bundle.id, say=say)
    if known is not None:
        found = look(drafts, known.record)
        if found is not None:
            return Begun(found, known.bundle)
        if not keep:
            forget(server, bundle.id)
    return next(_searched(drafts, bundle), None)


def look(drafts: Drafts, record: str) -> Deposition | None:
    """A draft or record as it is now."""
    try:
        return drafts.draft(record)
    except GoneError:
        pass
    try:
        return drafts.record(record)
    except GoneError:
        return None


def record_of(text: str) -> str | None:
    """The record that a DOI or an id names; None where it names none.

    Args:
        text: Such as ``10.5281/zenodo.123``, ``10.1234/abcde-fgh12`` or ``123``.
    """
    last = text.rpartition("/")[2]
    last = last.rpartition(".")[2] if "/" in text else last
    return last if _RECORD.fullmatch(last) else None


def _searched(drafts: Drafts, bundle: VerifiedBundle) -> Iterator[Begun]:
    doi = card_of(bundle).doi
    record = record_of(doi) if doi else None
    named = look(drafts, record) if record is not None else None
    for bundle_id in (bundle.id, *bundle.manifest.previous):
        if named is not None and named.doi == doi and _is_of(named, bundle_id):
            yield Begun(named, bundle_id)
    yield from (Begun(found, bundle.id) for found in drafts.holding(bundle.id) if _is_of(found, bundle.id))


def _is_of(found: Deposition, bundle_id: str) -> bool:
    return any(mark(bundle_id) in one.description for one in found.metadata.additional_descriptions)
