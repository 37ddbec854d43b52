"""A deposit, step by step: find or begin → DOI → reseal and sign → pack → send and compare → describe → publish.

Every step looks before it acts, so that whatever was cut short is taken up where it ended, in the same run or in a later
one. Nothing is public before the last request, and that one is made when everything else was compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.exports.archives import pack
from reprobundle.exports.views import CITATION, README
from reprobundle.phrases import some
from reprobundle.publish.admitting import Admitted, published_files, verified_again
from reprobundle.publish.destinations import Say
from reprobundle.publish.invenio import describing
from reprobundle.publish.invenio.answers import Deposition, File, refuse_errors
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.finding import Begun, find, look, record_of
from reprobundle.publish.invenio.identifying import place_of, sign_once, with_doi
from reprobundle.publish.invenio.remembering import Deposited, remember
from reprobundle.publish.invenio.sending import Local, Sending, refuse_too_much
from reprobundle.publish.patience import Patience
from reprobundle.signals import ended_politely
from reprobundle.store import inside
from reprobundle.store.sealing import refuse_unwritable
from reprobundle.store.writing import disk_errors

State = Literal["draft", "submitted", "published"]
IN_REVIEW = "in_review"
UNSIGNED = "--sign-with KEY signs it then; or --draft, sign that bundle, and publish it"
DOI_THERE = "--new-version-of that DOI; or take it out of the card by reprobundle document"


@dataclass(frozen=True)
class Wishes:
    """How a bundle is to be deposited.

    Attributes:
        new_version_of: DOI or id of the record that this is the next version of.
        draft: Stop before publishing.
        community: Who shall look at it and publish it.
        out: Where the bundle with its DOI is made.
        sign_with: Private key to sign that bundle with.
    """

    new_version_of: str | None = None
    draft: bool = False
    community: str | None = None
    out: Path | None = None
    sign_with: Path | None = None


@dataclass(frozen=True)
class Done:
    """What came of it.

    Attributes:
        record: Its name in the repository.
        doi: Its DOI.
        bundle: The bundle that was deposited; None where nothing was done.
        state: Where it stands now.
        changed: Whether something was done.
        files: How many files it has.
    """

    record: str
    doi: str
    bundle: VerifiedBundle | None
    state: State
    changed: bool
    files: int = 0


@dataclass(frozen=True)
class Depositing:
    """One deposit.

    Attributes:
        drafts: The repository.
        wishes: How.
        patience: How long it is waited for.
        say: Is told each step.
    """

    drafts: Drafts
    wishes: Wishes
    patience: Patience
    say: Say

    def deposit(self, admitted: Admitted) -> Done:
        """Deposit a bundle, or take an interrupted deposit of it up.

        Raises:
            RefusedInputError: The bundle has changed since it was verified.
            UsageError: The wishes or the card do not fit what is there.
            UnavailableError: The repository refuses or does not answer, or gives back other bytes.
        """
        bundle, server = admitted.bundle, self.drafts.line.server
        if server.token is None:
            raise UnavailableError(f"{server.host}: a deposit needs a token, and none is set", hint=server.sign_in)
        refuse_too_much([sum(file.size for file in admitted.files)])
        self.say(f"look at {server.host}")
        begun = self.patience.through(lambda: find(self.drafts, bundle, say=self.say), self.say)
        if begun is not None and (begun.deposition.is_published or begun.deposition.status == IN_REVIEW):
            return _there_already(begun.deposition)
        self._refuse_before(bundle, begun)
        if begun is None:
            begun = self._begin(bundle)
        return self._finish(admitted, begun)

    def _refuse_before(self, bundle: VerifiedBundle, begun: Begun | None) -> None:
        """Find out what cannot end well before anything is made.

        Raises:
            UsageError: The card has another DOI, the bundle's signature would be lost, or its new folder exists.
        """
        named, doi = describing.card_of(bundle).doi, None if begun is None else begun.deposition.doi
        if named is not None and named == doi:
            return
        if named is not None and self.wishes.new_version_of is None:
            raise UsageError(f"{bundle.manifest.name}: the card names the DOI {named} already", hint=DOI_THERE)
        if begun is None:
            refuse_unwritable(place_of(bundle, self.wishes.out))
            if bundle.bundle.signatures() and self.wishes.sign_with is None and not self.wishes.draft:
                self._refuse_unsigned(bundle)

    def _refuse_unsigned(self, bundle: VerifiedBundle) -> None:
        message = f"{bundle.manifest.name}: is signed, and the bundle with its DOI would not be"
        raise UsageError(message, hint=UNSIGNED)

    def _begin(self, bundle: VerifiedBundle) -> Begun:
        """Make a draft, remember it, and look whether the repository takes what is said of it."""
        told = describing.document(self._described(bundle, bundle.id).metadata)

        def make() -> Deposition:
            begun = find(self.drafts, bundle, say=self.say)  # an earlier try may have made it, and its answer was lost
            return begun.deposition if begun is not None else self._made(told)

        self.say("make a draft")
        made = self.patience.through(make, self.say)
        server = self.drafts.line.server
        remember(Deposited(server=server.url, bundle=bundle.id, record=made.id), bundle.id, say=self.say)
        return Begun(made, bundle.id)

    def _made(self, told: dict[str, object]) -> Deposition:
        if self.wishes.new_version_of is None:
            return self.drafts.create(told)
        earlier = record_of(self.wishes.new_version_of)
        if earlier is None:
            message = f"--new-version-of {self.wishes.new_version_of!r}: expected a DOI or the number of a record"
            raise UsageError(message, hint="such as 10.5281/zenodo.1234567")
        made = self.drafts.of_version(earlier)
        if made.id == earlier:
            raise UnavailableError(f"{self.drafts.line.server.host}: record {earlier} got no draft of a new version")
        return self.drafts.change(made.id, self._keeping(told, made))

    def _described(self, bundle: VerifiedBundle, begun_for: str) -> describing.Described:
        publisher = self.drafts.line.server.publisher
        return self.patience.through(
            lambda: describing.describe(bundle, begun_for, publisher, self.drafts.has_word), self.say
        )

    def _keeping(self, told: dict[str, object], draft: Deposition) -> dict[str, object]:
        """What is said of a draft, with the DOI it has, which it would lose otherwise."""
        doi = draft.pids.doi
        return told if doi is None else {**told, "pids": {"doi": doi.model_dump(exclude_none=True)}}

    def _finish(self, admitted: Admitted, begun: Begun) -> Done:
        draft = self.patience.through(lambda: self._reserved(begun.deposition.id), self.say)
        doi = draft.doi or ""
        self.say(f"the DOI is {doi}")
        with ended_politely():
            sealed = sign_once(with_doi(admitted.bundle, doi, self.wishes.out), self.wishes.sign_with)
            if admitted.bundle.bundle.signatures() and not sealed.bundle.signatures() and not self.wishes.draft:
                self._refuse_unsigned(admitted.bundle)
            server = self.drafts.line.server.url
            known = Deposited(server=server, bundle=begun.bundle, record=draft.id)
            remember(known, admitted.bundle.id, sealed.id, say=self.say)
            there = self._filled(sealed, admitted.let_through, draft.id)
        self._told(sealed, begun.bundle, draft)
        if self.wishes.community is not None:
            self._meant_for(draft.id, self.wishes.community)
        if self.wishes.draft:
            return Done(draft.id, doi, sealed, "draft", changed=True, files=len(there))
        return self._end(sealed, draft.id, doi, there)

    def _reserved(self, record: str) -> Deposition:
        """The draft, with a DOI."""
        draft = self.drafts.draft(record)
        if draft.doi is None:
            self.say("reserve a DOI")
            draft = self.drafts.reserve(record)
        if draft.doi is None or draft.id != record:
            raise UnavailableError(f"{self.drafts.line.server.host}: draft {record} got no DOI")
        return draft

    def _filled(self, sealed: VerifiedBundle, let_through: tuple[str, ...], record: str) -> Mapping[str, File]:
        """The files of the draft, once all are there and were compared."""
        self.say("pack")
        fresh = Admitted(
            verified_again(sealed), published_files(sealed), let_through
        )  # a DOI and what is made of it are new
        parent = fresh.bundle.path.resolve().parent
        with (
            disk_errors(str(parent)),
            tempfile.TemporaryDirectory(prefix=".reprobundle-deposit-", dir=parent) as folder,
        ):
            key = f"{fresh.bundle.manifest.name}.zip"
            archive = pack(fresh.bundle, Path(folder) / key)
            views = [view for view in (README, CITATION) if inside(fresh.bundle.path, view).is_file()]
            files = [Local(key, archive.path, archive.size, archive.digest)]
            files += [Local.of(view, inside(fresh.bundle.path, view)) for view in views]
            others = self.patience.through(lambda: self.drafts.files(record), self.say).keys() - {
                one.key for one in files
            }
            refuse_too_much([one.size for one in files], others=len(others))
            if others:
                self.say(f"the draft holds more than the bundle: {some(sorted(map(repr, others)), 3)}")
            return Sending(self.drafts, record, self.patience, self.say).send(files)

    def _told(self, sealed: VerifiedBundle, begun_for: str, draft: Deposition) -> None:
        """Say of the draft what the card says."""
        self.say("describe it")
        told = self._keeping(describing.document(self._described(sealed, begun_for).metadata), draft)
        changed = self.patience.through(lambda: self.drafts.change(draft.id, told), self.say)
        server = self.drafts.line.server
        refuse_errors(changed, server, f"draft {draft.id}")
        if changed.doi != draft.doi:
            message = f"{server.host}: draft {draft.id} has another DOI: expected {draft.doi}, found {changed.doi}"
            raise UnavailableError(message, hint="nothing was published; look at the draft")

    def _meant_for(self, record: str, name: str) -> None:
        community = self.patience.through(lambda: self.drafts.community(name), self.say)
        self.patience.through(lambda: self.drafts.choose(record, community), self.say)

    def _end(self, sealed: VerifiedBundle, record: str, doi: str, there: Mapping[str, File]) -> Done:
        """Publish, or hand to the community, what was compared and nothing else; then look at it."""
        verified_again(sealed)
        self._compare(record, there, published=False)
        if self.wishes.community is not None:
            self.say("hand it to the community")
            self.patience.through(lambda: self._submitted(record, sealed), self.say)
            return Done(record, doi, sealed, "submitted", changed=True, files=len(there))
        self.say("publish")
        found = self.patience.through(lambda: self._published(record), self.say)
        try:
            self._compare(record, there, published=True)
        except UnavailableError as error:
            error.advise(f"it is published: look at {self.drafts.line.server.url}/records/{record}")
            raise
        if found.doi != doi:
            host = self.drafts.line.server.host
            raise UnavailableError(f"{host}: record {record} has another DOI: expected {doi}, found {found.doi}")
        return Done(record, doi, sealed, "published", changed=True, files=len(there))

    def _published(self, record: str) -> Deposition:
        """The record; an earlier try may have published it, and its answer was lost."""
        found = look(self.drafts, record)
        if found is None or not found.is_published:
            self.drafts.publish(record)
            found = self.drafts.record(record)
        if not found.is_published:
            raise UnavailableError(f"{self.drafts.line.server.host}: draft {record} is not published, without a reason")
        return found

    def _submitted(self, record: str, sealed: VerifiedBundle) -> None:
        if self.drafts.draft(record).status != IN_REVIEW:
            self.drafts.submit(record, f"{describing.mark(sealed.id)}")

    def _compare(self, record: str, there: Mapping[str, File], *, published: bool) -> None:
        """Make sure that the files are those that were compared, byte for byte.

        Raises:
            UnavailableError: Somebody changed them.
        """
        found = self.patience.through(lambda: self.drafts.files(record, published=published), self.say)
        other = sorted(
            key for key, file in there.items()
            if key not in found or (found[key].size, found[key].checksum) != (file.size, file.checksum)
        )  # fmt: skip
        if other:
            host = self.drafts.line.server.host
            message = f"{host}: files of {record} are not those that were compared: {some(list(map(repr, other)), 3)}"
            raise UnavailableError(message, hint="nothing was published; try again")


def _there_already(found: Deposition) -> Done:
    state: State = "published" if found.is_published else "submitted"
    return Done(found.id, found.doi or "", None, state, changed=False)
