"""What a deposit of a bundle would be: a new record, a version, a draft taken up, or nothing, as all of it is there.

Only questions are asked here, so that a plan and the work itself decide alike.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import UsageError
from reprobundle.publish.destinations import Say
from reprobundle.publish.invenio import describing
from reprobundle.publish.invenio.answers import Deposition
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.finding import Begun, find, record_of
from reprobundle.publish.invenio.identifying import made_before, place_of
from reprobundle.publish.invenio.refusing import GoneError
from reprobundle.store.sealing import refuse_unwritable

Kind = Literal["new", "version", "draft", "there"]
IN_REVIEW = "in_review"
UNSIGNED = "--sign-with KEY signs it then; or --draft, sign that bundle, and publish it"
DOI_THERE = "--new-version-of that DOI; or take it out of the card by reprobundle document"
DOI_OR_NUMBER = "such as 10.5281/zenodo.1234567"


@dataclass(frozen=True)
class Wishes:
    """How a bundle is to be deposited.

    Attributes:
        new_version_of: DOI or id of the record that this is the next version of.
        draft: Stop before publishing.
        community: Who shall look at it and publish it.
        out: Where the bundle with its DOI is made.
        sign_with: Private key to sign that bundle with.
        allow_other_files: Publish what else the draft holds.
    """

    new_version_of: str | None = None
    draft: bool = False
    community: str | None = None
    out: Path | None = None
    sign_with: Path | None = None
    allow_other_files: bool = False

    @property
    def earlier(self) -> str | None:
        """The record that this is the next version of.

        Raises:
            UsageError: What was given names none.
        """
        if self.new_version_of is None:
            return None
        found = record_of(self.new_version_of)
        if found is None:
            message = f"--new-version-of {self.new_version_of!r}: expected a DOI or the number of a record"
            raise UsageError(message, hint=DOI_OR_NUMBER)
        return found


@dataclass(frozen=True)
class Decision:
    """What is to be done.

    Attributes:
        kind: ``new``: a record; ``version``: of one that is there; ``draft``: one is taken up; ``there``: nothing.
        begun: The draft, or the record that is there.
        notes: What was asked for and changes nothing.
    """

    kind: Kind
    begun: Begun | None = None
    notes: tuple[str, ...] = ()


def decide(drafts: Drafts, bundle: VerifiedBundle, wishes: Wishes, *, say: Say, keep: bool = False) -> Decision:
    """Look what is there of a bundle, and what therefore is to be done.

    Args:
        drafts: The repository.
        bundle: The bundle.
        wishes: How.
        say: Is told what cannot be read.
        keep: Change nothing on this machine, either.

    Raises:
        UsageError: The wishes or the card do not fit what is there.
        UnavailableError: The repository refuses or does not answer.
    """
    begun, earlier = find(drafts, bundle, say=say, keep=keep), _earlier(drafts, wishes)
    if begun is not None and earlier is not None and begun.deposition.id == earlier.id:
        begun = None  # this very bundle once more, such as with a signature
    if begun is not None and earlier is not None:
        _refuse_other_parent(drafts, begun.deposition, earlier)
    if begun is not None and (begun.deposition.is_published or begun.deposition.status == IN_REVIEW):
        return Decision("there", begun, _notes(drafts, bundle, wishes, begun.deposition))
    _refuse_before(bundle, wishes, begun)
    if begun is not None:
        return Decision("draft", begun)
    return Decision("new" if earlier is None else "version")


def refuse_unsigned(bundle: VerifiedBundle) -> None:
    """Say that a signature would be lost.

    Raises:
        UsageError: Always.
    """
    raise UsageError(f"{bundle.manifest.name}: is signed, and the bundle with its DOI would not be", hint=UNSIGNED)


def _earlier(drafts: Drafts, wishes: Wishes) -> Deposition | None:
    if wishes.earlier is None:
        return None
    try:
        return drafts.record(wishes.earlier)
    except GoneError as error:
        host = drafts.line.server.host
        raise UsageError(f"--new-version-of {wishes.new_version_of!r}: {host} has no such record") from error


def _refuse_other_parent(drafts: Drafts, found: Deposition, earlier: Deposition) -> None:
    if found.parent is None or earlier.parent is None or found.parent.id == earlier.parent.id:
        return
    what = "record" if found.is_published else "draft"
    message = f"{drafts.line.server.host}: {what} {found.id} holds this bundle, and is no version of {earlier.id}"
    hint = (
        "leave --new-version-of out"
        if found.is_published
        else "throw the draft away on its page, or leave --new-version-of out"
    )
    raise UsageError(message, hint=hint)


def _refuse_before(bundle: VerifiedBundle, wishes: Wishes, begun: Begun | None) -> None:
    """Find out what cannot end well before anything is made.

    Raises:
        UsageError: The card has another DOI, the bundle's signature would be lost, or its new folder exists.
    """
    named, doi = describing.card_of(bundle).doi, None if begun is None else begun.deposition.doi
    if named is not None and named == doi:
        return
    if named is not None and wishes.new_version_of is None:
        raise UsageError(f"{bundle.manifest.name}: the card names the DOI {named} already", hint=DOI_THERE)
    if begun is None:
        refuse_unwritable(place_of(bundle, wishes.out))
        if bundle.bundle.signatures() and wishes.sign_with is None and not wishes.draft:
            refuse_unsigned(bundle)


def _notes(drafts: Drafts, bundle: VerifiedBundle, wishes: Wishes, found: Deposition) -> tuple[str, ...]:
    """What was wished and changes nothing at a record that is there.

    Raises:
        UsageError: A wish would be passed over that somebody relies on.
    """
    _refuse_other_signatures(drafts, bundle, wishes, found)
    notes = []
    if wishes.sign_with is not None:
        notes.append("--sign-with signed nothing: the record is signed already")
    if wishes.draft:
        notes.append(
            f"--draft changes nothing: record {found.id} is {'published' if found.is_published else 'handed in'}"
        )
    if wishes.out is not None and describing.card_of(bundle).doi == found.doi:
        notes.append("--out makes nothing: this bundle names its DOI already")
    elif wishes.out is not None:
        _refuse_nothing_made(drafts, bundle, wishes.out, found)
    return tuple(notes)


def _refuse_other_signatures(drafts: Drafts, bundle: VerifiedBundle, wishes: Wishes, found: Deposition) -> None:
    """Make sure that a record holds a bundle with the signatures that it has, or is to get, here."""
    own, seal = describing.signatures_of(bundle), describing.sealed_as(found)
    if own is None and wishes.sign_with is None:
        return
    if seal is None:
        what = "holds this bundle, and does not say whether it is signed"
    elif seal.signatures is None:
        what = "holds this bundle unsigned"
    elif seal.bundle == bundle.id and own not in (None, seal.signatures):
        what = "holds this bundle with other signatures"
    else:
        return
    hint = f"--new-version-of {found.doi or found.id} deposits it as it is here, with a DOI of its own"
    raise UsageError(f"{drafts.line.server.host}: record {found.id} {what}", hint=hint)


def _refuse_nothing_made(drafts: Drafts, bundle: VerifiedBundle, out: Path, found: Deposition) -> None:
    if os.path.lexists(place_of(bundle, out)):
        made_before(bundle, found.doi or "", place_of(bundle, out))
        return
    server = drafts.line.server
    message = f"--out {str(out)!r}: nothing is made, as record {found.id} of {server.host} holds this bundle already"
    raise UsageError(message, hint=f"reprobundle pull {server.source(found.id)} {out}")
