"""A record on Zenodo, or in another repository that runs InvenioRDM, as a destination: one archive, its card, a DOI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import UsageError
from reprobundle.exports.views import CITATION, README
from reprobundle.publish.admitting import Admitted, admit
from reprobundle.publish.destinations import How, Plan, Planned, Published, Say, Trail, silent
from reprobundle.publish.invenio import describing
from reprobundle.publish.invenio.deciding import Decision, Wishes, decide
from reprobundle.publish.invenio.depositing import Depositing, Done, refuse_without_token
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.fetching import pull
from reprobundle.publish.invenio.identifying import place_of
from reprobundle.publish.invenio.remembering import remembered
from reprobundle.publish.invenio.sending import refuse_too_much
from reprobundle.publish.invenio.servers import SANDBOX, ZENODO, Server, server_of
from reprobundle.publish.invenio.speaking import Line
from reprobundle.publish.patience import Patience

__all__ = ["FINAL", "Record", "publish", "pull"]

FINAL = "a published record and its DOI stay for ever: nobody can take its files back"


@dataclass(frozen=True)
class Record:
    """A record, and how a bundle is to become one.

    Attributes:
        sandbox: Zenodo's own place for trying, whose DOIs lead nowhere.
        server: Address of another repository.
        new_version_of: DOI or id of the record that this is the next version of.
        draft: Stop before publishing; only its owner sees a draft.
        community: Who shall look at it and publish it.
        out: Where the bundle with its DOI is made. Default: ``NAME-deposited`` beside ``NAME``.
        sign_with: Private key to sign that bundle with.
        token: Another token than that of the variable.
        token_file: A file with the token, which nobody else can read.
        patience: How long the repository is waited for.
        trail: How far the last `publish` came.
        allow_other_files: Publish what else a draft of it holds; it is refused otherwise.
    """

    sandbox: bool = False
    server: str | None = None
    new_version_of: str | None = None
    draft: bool = False
    community: str | None = None
    out: Path | None = None
    sign_with: Path | None = None
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    patience: Patience = field(default_factory=Patience)
    trail: Trail = field(default_factory=Trail, compare=False, repr=False)
    allow_other_files: bool = False

    @property
    def target(self) -> str:
        """Its host."""
        return self._server().host

    def refuse_wrong_wishes(self, *, sending: bool) -> None:
        """Find out what cannot be, before the bundle is read; nothing is asked.

        Raises:
            UsageError: The address, the token's file, the earlier record or the key is none.
            UnavailableError: No token is set, though it is to be sent.
        """
        server, _earlier = self._server(), self._wishes().earlier
        if self.sign_with is not None and not self.sign_with.is_file():
            raise UsageError(f"--sign-with {str(self.sign_with)!r}: there is no such file")
        if sending:
            refuse_without_token(server)

    def plan(self, bundle: VerifiedBundle, *, say: Say = silent) -> Plan:
        """Say what `publish` would do; with a token the repository is asked, and nothing is sent.

        Raises:
            UsageError: The wishes do not fit the bundle, or what is there.
            UnavailableError: The repository refuses or does not answer.
        """
        server, drafts = self._server(), Drafts(Line(self._server()))
        if server.token is None:
            return self.outline(bundle)
        say(f"look at {server.host}")
        wishes = self._wishes()
        decision = self.patience.through(lambda: decide(drafts, bundle, wishes, say=say, keep=True), say)
        return self._plan(bundle, decision)

    @property
    def questions(self) -> tuple[str, ...]:
        """What only the repository knows."""
        version = () if self.new_version_of is None else (f"whether {self.new_version_of} is there, and yours",)
        return (
            "whether it holds this bundle already, as a record or a draft",
            *version,
            "whether this token may write there",
        )

    def outline(self, bundle: VerifiedBundle) -> Plan:
        """What would be made of a bundle that the repository has nothing of; nothing is asked.

        Raises:
            UsageError: The wishes do not fit the bundle.
        """
        return self._plan(bundle, None)

    def _plan(self, bundle: VerifiedBundle, decision: Decision | None) -> Plan:
        """The plan.

        Args:
            bundle: The bundle.
            decision: What is to be done; None: the repository was not asked.
        """
        server = self._server()
        known = None if decision is None or decision.begun is None else decision.begun.deposition
        is_there = decision is not None and decision.kind == "there"
        files = tuple(self._planned(bundle, is_there=is_there))
        refuse_too_much([one.size for one in files])
        told = describing.describe(bundle, bundle.id, server.publisher, lambda _vocabulary, _word: True)
        doi = describing.card_of(bundle).doi if self.new_version_of is None else None
        page = "records" if known is not None and known.is_published else "uploads"
        return Plan(
            target=server.host,
            url=f"{server.url}/{page}/{known.id}" if known else f"{server.url}/uploads",
            files=files,
            details={
                "record": self._told(server, bundle, decision),
                "version of": self.new_version_of,
                "kind": told.kind,
                "licence": ", ".join(told.rights) or None,
                "DOI": (known.doi if known else None) or doi or "reserved first, and written into card and citation",
                "with the DOI": None if is_there else str(place_of(bundle, self.out)),
                "ends as": None if is_there else self._end(),
            },
            notes=(*(decision.notes if decision else ()), *self._notes(server, is_there=is_there)),
        )

    def _told(self, server: Server, bundle: VerifiedBundle, decision: Decision | None) -> str:
        """Which record it would be."""
        if decision is None:
            known = remembered(server.url, bundle.id, say=silent)
            return "not known" if known is None else f"not known; {known.record} was begun for it from here"
        if decision.begun is None:
            return "a new one" if decision.kind == "new" else f"a new version of {self._wishes().earlier}"
        found = decision.begun.deposition
        if decision.kind == "draft":
            return f"draft {found.id}, taken up"
        return f"{found.id}, {'published' if found.is_published else 'handed to the community'} already"

    def publish(self, bundle: Admitted, *, say: Say = silent) -> Published:
        """Make a bundle a record: its DOI is reserved, the bundle resealed with it, packed, sent, compared, published.

        Raises:
            RefusedInputError: The bundle has changed since it was verified.
            UsageError: The wishes or the card do not fit what is there.
            UnavailableError: The repository refuses or does not answer, or holds something else than what was sent.
        """
        server = self._server()
        self.trail.begin_anew()
        drafts = Drafts(Line(server))
        done = Depositing(drafts, self._wishes(), self.patience, say, self.trail).deposit(bundle)
        return _published(server, done)

    def _wishes(self) -> Wishes:
        return Wishes(self.new_version_of, self.draft, self.community, self.out, self.sign_with, self.allow_other_files)

    def _server(self) -> Server:
        """The repository.

        Raises:
            UsageError: Two are named, or none that can be one.
        """
        if self.sandbox and self.server is not None:
            raise UsageError("--sandbox and --server name two repositories")
        url = self.server if self.server is not None else SANDBOX if self.sandbox else ZENODO
        return server_of(url, token=self.token, token_file=self.token_file)

    def _planned(self, bundle: VerifiedBundle, *, is_there: bool) -> Iterable[Planned]:
        large: How = "there" if is_there else "large"
        regular: How = "there" if is_there else "regular"
        sizes = {entry.path: entry.size for entry in bundle.manifest.files}
        yield Planned(f"{bundle.manifest.name}.zip", sum(sizes.values()) + len(bundle.bundle.content), large)
        yield from (Planned(view, sizes[view], regular) for view in (README, CITATION) if view in sizes)

    def _end(self) -> str:
        if self.draft:
            return "a draft, to be looked at"
        return f"a submission to the community {self.community!r}" if self.community else "a published record"

    def _notes(self, server: Server, *, is_there: bool) -> Iterable[str]:
        if server.token is None:
            yield f"the repository was not asked: no token is set, and a deposit needs one: {server.sign_in}"
        if is_there:
            return
        if not self.draft:
            yield FINAL
        yield "sizes are those of the bundle without its DOI; the archive's own lines come on top"


def publish(
    bundle: VerifiedBundle,
    *,
    sandbox: bool = False,
    server: str | None = None,
    new_version_of: str | None = None,
    draft: bool = False,
    community: str | None = None,
    out: Path | None = None,
    sign_with: Path | None = None,
    allow_other_files: bool = False,
    allow_lint: Iterable[str] = (),
    allow: Iterable[str] = (),
    token: str | None = None,
    token_file: Path | None = None,
    patience: Patience | None = None,
    say: Say = silent,
) -> Published:
    """Admit a bundle and deposit it; wishes as in `Record`. A published record cannot be taken back.

    Args:
        bundle: The bundle; it is verified afresh.
        sandbox: Zenodo's own place for trying.
        server: Address of another repository.
        new_version_of: DOI or id of the record that this is the next version of.
        draft: Stop before publishing.
        community: Who shall look at it and publish it.
        out: Where the bundle with its DOI is made.
        sign_with: Private key to sign that bundle with.
        allow_other_files: Publish what else a draft of it holds.
        allow_lint: Rules of `reprobundle.lint` that may be broken; every other error refuses the bundle.
        allow: What looks like a secret and may be published, each as ``RULE:PATH``.
        token: Another token than that of the variable.
        token_file: A file with the token, which nobody else can read.
        patience: How long the repository is waited for.
        say: Is told each step.

    Raises:
        RefusedInputError: The bundle has changed since it was verified, or its documentation has errors.
        SecretsError: It holds what looks like a secret.
        UsageError: An argument is wrong, or the card does not fit what is there.
        UnavailableError: The repository refuses or does not answer, or holds something else than what was sent.
    """
    place = Record(
        sandbox=sandbox,
        server=server,
        new_version_of=new_version_of,
        draft=draft,
        community=community,
        out=out,
        sign_with=sign_with,
        allow_other_files=allow_other_files,
        token=token,
        token_file=token_file,
        patience=patience or Patience(),
    )
    place.refuse_wrong_wishes(sending=True)
    say(f"verify, for {place.target}")
    return place.publish(admit(bundle, allow_lint=allow_lint, allow=allow), say=say)


def _published(server: Server, done: Done) -> Published:
    page = "records" if done.state == "published" else "uploads"
    return Published(
        target=server.host,
        version=done.record,
        url=f"{server.url}/{page}/{done.record}",
        source=server.source(done.record) if done.state == "published" else "",
        changed=done.changed,
        files=done.files,
        details={
            "state": done.state,
            "doi": done.doi,
            "record": done.record,
            "made": None if done.bundle is None else str(done.bundle.path),
            "deposited_id": done.bundle_id,
        },
        notes=done.notes,
        bundle_id=done.bundle_id,
    )
