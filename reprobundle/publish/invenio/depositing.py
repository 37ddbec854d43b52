"""A deposit, step by step: find or begin → DOI → reseal and sign → pack → send and compare → describe → publish.

Every step looks before it acts, so that whatever was cut short is taken up where it ended, in the same run or in a later
one. Nothing is public before the last request, and that one is made when everything else was compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import UnavailableError
from reprobundle.exports.archives import pack
from reprobundle.exports.views import CITATION, README
from reprobundle.phrases import some
from reprobundle.publish.admitting import Admitted, published_files, verified_again
from reprobundle.publish.destinations import Say, Trail
from reprobundle.publish.invenio import describing
from reprobundle.publish.invenio.answers import Deposition, File, refuse_errors
from reprobundle.publish.invenio.confirming import Confirming
from reprobundle.publish.invenio.deciding import IN_REVIEW, Wishes, decide, refuse_unsigned
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.finding import Begun, find, look
from reprobundle.publish.invenio.identifying import place_of, sign_once, with_doi
from reprobundle.publish.invenio.others import refuse_changed, refuse_others
from reprobundle.publish.invenio.remembering import Deposited, remember
from reprobundle.publish.invenio.sending import Local, Sending, refuse_too_much
from reprobundle.publish.invenio.servers import Server
from reprobundle.publish.patience import Patience
from reprobundle.signals import ended_politely
from reprobundle.store import inside
from reprobundle.store.writing import disk_errors

State = Literal["draft", "submitted", "published"]


@dataclass(frozen=True)
class Done:
    """What came of it.

    Attributes:
        record: Its name in the repository.
        doi: Its DOI.
        bundle: The bundle that was deposited; None where nothing was done.
        state: Where it stands now.
        changed: Whether something was done.
        files: Names of the files it has.
        bundle_id: Id of the bundle that was deposited, now or earlier; None where the record does not say.
        notes: What was asked for and changed nothing.
    """

    record: str
    doi: str
    bundle: VerifiedBundle | None
    state: State
    changed: bool
    files: tuple[str, ...] = ()
    bundle_id: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Depositing:
    """One deposit.

    Attributes:
        drafts: The repository.
        wishes: How.
        patience: How long it is waited for.
        say: Is told each step.
        trail: Is told what stays.
    """

    drafts: Drafts
    wishes: Wishes
    patience: Patience
    say: Say
    trail: Trail = field(default_factory=Trail)

    def deposit(self, admitted: Admitted) -> Done:
        """Deposit a bundle, or take an interrupted deposit of it up.

        Raises:
            RefusedInputError: The bundle has changed since it was verified.
            UsageError: The wishes or the card do not fit what is there.
            UnavailableError: The repository refuses or does not answer, or gives back other bytes.
        """
        bundle, server = admitted.bundle, self.drafts.line.server
        refuse_without_token(server)
        refuse_too_much([sum(file.size for file in admitted.files)])
        self.say(f"look at {server.host}")
        decision = self.patience.through(lambda: decide(self.drafts, bundle, self.wishes, say=self.say), self.say)
        if decision.kind == "there" and decision.begun is not None:
            confirming = Confirming(
                self.drafts, decision.begun.deposition, self.patience, self.say, self.wishes.allow_other_files
            )
            confirming.confirm(bundle, place_of(bundle, self.wishes.out))
            return _there_already(decision.begun.deposition, decision.notes)
        begun = decision.begun if decision.begun is not None else self._begin(bundle)
        self.trail.stays.append(f"the draft {begun.deposition.id}")
        return self._finish(admitted, begun)

    def _begin(self, bundle: VerifiedBundle) -> Begun:
        """Make a draft, remember it, and look whether the repository takes what is said of it."""
        told = describing.document(self._described(bundle, bundle.id).metadata)

        def make() -> Deposition:
            begun = find(self.drafts, bundle, say=self.say)  # an earlier try may have made it, and its answer was lost
            is_draft = begun is not None and not begun.deposition.is_published
            return begun.deposition if begun is not None and is_draft else self._made(told)

        self.say("make a draft")
        made = self.patience.through(make, self.say)
        server = self.drafts.line.server
        remember(Deposited(server=server.url, bundle=bundle.id, record=made.id), bundle.id, say=self.say)
        return Begun(made, bundle.id)

    def _made(self, told: dict[str, object]) -> Deposition:
        earlier = self.wishes.earlier
        if earlier is None:
            return self.drafts.create(told)
        made = self.drafts.of_version(earlier)
        if made.id == earlier:
            raise UnavailableError(f"{self.drafts.line.server.host}: record {earlier} got no draft of a new version")
        return self.drafts.change(made.id, self._keeping(told, made))

    def _described(self, bundle: VerifiedBundle, begun_for: str, *, is_sealed: bool = False) -> describing.Described:
        publisher, knows = self.drafts.line.server.publisher, self.drafts.has_word
        return self.patience.through(
            lambda: describing.describe(bundle, begun_for, publisher, knows, is_sealed=is_sealed), self.say
        )

    def _keeping(self, told: dict[str, object], draft: Deposition) -> dict[str, object]:
        """What is said of a draft, with the DOI it has, which it would lose otherwise."""
        doi = draft.pids.doi
        return told if doi is None else {**told, "pids": {"doi": doi.model_dump(exclude_none=True)}}

    def _finish(self, admitted: Admitted, begun: Begun) -> Done:
        draft = self.patience.through(lambda: self._reserved(begun.deposition.id), self.say)
        doi = draft.doi or ""
        self.say(f"the DOI is {doi}")
        self.trail.stays[:] = [f"the draft {draft.id} with the DOI {doi}"]
        with ended_politely():
            named = with_doi(admitted.bundle, doi, self.wishes.out)
            if named.id != admitted.bundle.id:
                self.trail.stays.append(f"the folder {str(named.path)!r}")
            again = admitted.again(named)  # what is deposited has been looked at, whoever wrote it
            sealed = sign_once(again.bundle, self.wishes.sign_with)
            if admitted.bundle.bundle.signatures() and not sealed.bundle.signatures() and not self.wishes.draft:
                refuse_unsigned(admitted.bundle)
            server = self.drafts.line.server.url
            known = Deposited(server=server, bundle=begun.bundle, record=draft.id)
            remember(known, admitted.bundle.id, sealed.id, say=self.say)
            there = self._filled(sealed, again, draft.id)
        self._told(sealed, begun.bundle, draft)
        if self.wishes.community is not None:
            self._meant_for(draft.id, self.wishes.community)
        if self.wishes.draft:
            notes = self._passed_over(admitted.bundle, sealed)
            return Done(
                draft.id, doi, sealed, "draft", changed=True, files=tuple(there), bundle_id=sealed.id, notes=notes
            )
        return replace(self._end(sealed, draft.id, doi, there), notes=self._passed_over(admitted.bundle, sealed))

    def _passed_over(self, given: VerifiedBundle, sealed: VerifiedBundle) -> tuple[str, ...]:
        """What was asked for and was not needed."""
        if self.wishes.out is not None and given.id == sealed.id:
            return ("--out made nothing: this bundle names its DOI already",)
        return ()

    def _reserved(self, record: str) -> Deposition:
        """The draft, with a DOI."""
        draft = self.drafts.draft(record)
        if draft.doi is None:
            self.say("reserve a DOI")
            draft = self.drafts.reserve(record)
        if draft.doi is None or draft.id != record:
            raise UnavailableError(f"{self.drafts.line.server.host}: draft {record} got no DOI")
        return draft

    def _filled(self, sealed: VerifiedBundle, admitted: Admitted, record: str) -> Mapping[str, File]:
        """The files of the draft, once all are there and were compared."""
        self.say("pack")
        fresh = replace(admitted, bundle=verified_again(sealed), files=published_files(sealed))
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
            others = self._others(record, {one.key for one in files})
            refuse_too_much([one.size for one in files], others=len(others))
            return {**Sending(self.drafts, record, self.patience, self.say).send(files), **others}

    def _others(self, record: str, keys: set[str]) -> Mapping[str, File]:
        """What a draft holds besides the bundle.

        Raises:
            UsageError: It would be published with it, and nobody asked for that.
        """
        found = self.patience.through(lambda: self.drafts.files(record), self.say)
        others = {key: file for key, file in found.items() if key not in keys}
        if others:
            self.say(f"the draft holds more than the bundle: {some(sorted(map(repr, others)), 3)}")
        if not self.wishes.draft and not self.wishes.allow_other_files:
            refuse_others(self.drafts.line.server.host, record, others)
        return others

    def _told(self, sealed: VerifiedBundle, begun_for: str, draft: Deposition) -> None:
        """Say of the draft what the card says."""
        self.say("describe it")
        told = self._keeping(describing.document(self._described(sealed, begun_for, is_sealed=True).metadata), draft)
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
            self.trail.last = f"{self.drafts.line.server.url}/uploads/{record}"
            self.patience.through(lambda: self._submitted(record, sealed), self.say)
            return Done(record, doi, sealed, "submitted", changed=True, files=tuple(there), bundle_id=sealed.id)
        self.say("publish")
        self.trail.last = f"{self.drafts.line.server.url}/records/{record}"
        found = self.patience.through(lambda: self._published(record), self.say)
        self.trail.done = True
        try:
            self._compare(record, there, published=True)
        except UnavailableError as error:
            error.advise(f"it is published: look at {self.drafts.line.server.url}/records/{record}")
            raise
        if found.doi != doi:
            host = self.drafts.line.server.host
            raise UnavailableError(f"{host}: record {record} has another DOI: expected {doi}, found {found.doi}")
        return Done(record, doi, sealed, "published", changed=True, files=tuple(there), bundle_id=sealed.id)

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
        refuse_changed(self.drafts.line.server.host, record, there, found)


def refuse_without_token(server: Server) -> None:
    """Make sure that there is a token.

    Raises:
        UnavailableError: There is none.
    """
    if server.token is None:
        raise UnavailableError(f"{server.host}: a deposit needs a token, and none is set", hint=server.sign_in)


def _there_already(found: Deposition, notes: tuple[str, ...]) -> Done:
    state: State = "published" if found.is_published else "submitted"
    sealed = describing.sealed_as(found)
    bundle_id = None if sealed is None else sealed.bundle
    return Done(found.id, found.doi or "", None, state, changed=False, bundle_id=bundle_id, notes=notes)
