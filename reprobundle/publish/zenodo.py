"""A record on Zenodo, or in another repository that runs InvenioRDM, as a destination: one archive, its card, a DOI."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import UsageError
from reprobundle.exports.views import CITATION, README
from reprobundle.publish.admitting import Admitted, admit
from reprobundle.publish.destinations import Plan, Planned, Published, Say, silent
from reprobundle.publish.invenio import describing
from reprobundle.publish.invenio.depositing import Depositing, Done, Wishes
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

    @property
    def target(self) -> str:
        """Its host."""
        return self._server().host

    def plan(self, bundle: VerifiedBundle, *, say: Say = silent) -> Plan:
        """Say what `publish` would do; nothing is asked of the repository.

        Raises:
            UsageError: The wishes do not fit the bundle.
        """
        server = self._server()
        known = remembered(server.url, bundle.id, say=say)
        files = tuple(self._planned(bundle))
        refuse_too_much([one.size for one in files])
        told = describing.describe(bundle, bundle.id, server.publisher, lambda _vocabulary, _word: True)
        return Plan(
            target=server.host,
            url=f"{server.url}/uploads/{known.record}" if known else f"{server.url}/uploads",
            files=files,
            details={
                "record": f"draft {known.record}, taken up" if known else "a new one",
                "version of": self.new_version_of,
                "kind": told.kind,
                "licence": ", ".join(told.rights) or None,
                "DOI": describing.card_of(bundle).doi or "reserved first, and written into card and citation",
                "with the DOI": str(place_of(bundle, self.out)),
                "ends as": self._end(),
            },
            notes=tuple(self._notes(server)),
        )

    def publish(self, bundle: Admitted, *, say: Say = silent) -> Published:
        """Make a bundle a record: its DOI is reserved, the bundle resealed with it, packed, sent, compared, published.

        Raises:
            RefusedInputError: The bundle has changed since it was verified.
            UsageError: The wishes or the card do not fit what is there.
            UnavailableError: The repository refuses or does not answer, or holds something else than what was sent.
        """
        server = self._server()
        wishes = Wishes(self.new_version_of, self.draft, self.community, self.out, self.sign_with)
        done = Depositing(Drafts(Line(server)), wishes, self.patience, say).deposit(bundle)
        return _published(server, done)

    def _server(self) -> Server:
        """The repository.

        Raises:
            UsageError: Two are named, or none that can be one.
        """
        if self.sandbox and self.server is not None:
            raise UsageError("--sandbox and --server name two repositories")
        url = self.server if self.server is not None else SANDBOX if self.sandbox else ZENODO
        return server_of(url, token=self.token, token_file=self.token_file)

    def _planned(self, bundle: VerifiedBundle) -> Iterable[Planned]:
        sizes = {entry.path: entry.size for entry in bundle.manifest.files}
        yield Planned(f"{bundle.manifest.name}.zip", sum(sizes.values()) + len(bundle.bundle.content), "large")
        yield from (Planned(view, sizes[view], "regular") for view in (README, CITATION) if view in sizes)

    def _end(self) -> str:
        if self.draft:
            return "a draft, to be looked at"
        return f"a submission to the community {self.community!r}" if self.community else "a published record"

    def _notes(self, server: Server) -> Iterable[str]:
        if server.token is None:
            yield f"no token is set, and a deposit needs one: {server.sign_in}"
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
        token=token,
        token_file=token_file,
        patience=patience or Patience(),
    )
    say(f"verify, for {place.target}")  # a wrong address is told before the bundle is read
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
            "deposited_id": None if done.bundle is None else done.bundle.id,
        },
    )
