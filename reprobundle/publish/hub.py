"""A Hub model repository as a destination: branch or pull request, private or public, with a tag."""

from __future__ import annotations

import fnmatch
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from reprobundle.bundle import HUB_ATTRIBUTES, HUB_LINE_END, VerifiedBundle, is_signature
from reprobundle.errors import ReproBundleError, UnavailableError, UsageError
from reprobundle.phrases import some
from reprobundle.publish import sending
from reprobundle.publish.admitting import Admitted, admit, published_files
from reprobundle.publish.destinations import How, Plan, Planned, Published, Say, Trail, silent
from reprobundle.publish.patience import Patience
from reprobundle.publish.pulling import SCHEME, parse, pull
from reprobundle.publish.refusals import SIGN_IN
from reprobundle.publish.remote import Prepared, Remote, refuse_wrong_name

__all__ = ["HubRepository", "parse", "publish", "pull"]

HUB = "https://huggingface.co"
OWN_DECISION = "which files go to the storage of large files is the Hub's own decision, told here as its rules say it"
NO_TOKEN = f"no token is set, and publishing needs one: {SIGN_IN}"
SHOWN = 3
LARGE_BYTES = 10_000_000  # what a Hub takes as an ordinary file at most
LARGE_NAMES = ("*.safetensors", "*.bin", "*.npy", "*.npz", "*.onnx", "*.parquet", "*.pt", "*.pth", "*.zip", "*.gz")

_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")


@dataclass(frozen=True)
class HubRepository:
    """A model repository, and how a bundle is to appear there.

    Attributes:
        name: ``USER/NAME``; made when it is not there.
        private: Make it private; refused when it is there and public.
        branch: The branch; made when it is not there.
        tag: A name for the commit that stays; refused when it names another commit.
        pull_request: Propose the commit instead of making it on the branch.
        message: First line of the commit's message.
        endpoint: Another Hub than the one huggingface_hub is set to.
        token: Another token than the one huggingface_hub finds.
        bars: Whether the library shows bars of what it sends.
        patience: How long the Hub is waited for.
        trail: How far the last `publish` came.
    """

    name: str
    private: bool = False
    branch: str = "main"
    tag: str | None = None
    pull_request: bool = False
    message: str | None = None
    endpoint: str | None = None
    token: str | None = field(default=None, repr=False)
    bars: bool = False
    patience: Patience = field(default_factory=Patience)
    trail: Trail = field(default_factory=Trail, compare=False, repr=False)

    @property
    def target(self) -> str:
        """``USER/NAME``."""
        return self.name

    def refuse_wrong_wishes(self, *, sending: bool) -> None:  # noqa: ARG002  as every destination
        """Make sure that the name and every wish are such that some Hub could fulfil them.

        Raises:
            UsageError: One is not.
        """
        refuse_wrong_name(self.name)
        for kind, name in (("branch", self.branch), ("tag", self.tag)):
            if name is not None and (not _BRANCH.fullmatch(name) or ".." in name or name.endswith(("/", ".", ".lock"))):
                raise UsageError(f"{kind} {name!r}: is no name of a {kind}")
        if self.pull_request and (self.branch != "main" or self.tag is not None):
            wrong = "another branch" if self.branch != "main" else "a tag"
            raise UsageError(f"a pull request is for main, and takes no {wrong.partition(' ')[2]} of its own")

    def plan(self, bundle: VerifiedBundle, *, say: Say = silent) -> Plan:
        """Say what `publish` would do; it only asks, and sends nothing.

        Raises:
            UsageError: The wishes do not fit what is there.
            UnavailableError: The Hub refuses or does not answer.
        """
        remote = self._remote(say)
        say(f"look at {self.name}")
        whole = remote.find()
        if whole is not None:
            remote.refuse_public(whole, private=self.private)
        found = remote.find(self.branch) if whole is not None else None
        base = found or whole  # a new branch begins where the first one is
        seen = None if base is None or base.sha is None else sending.look(remote, base.sha, bundle)
        self._refuse_taken(remote, seen)
        patterns = _patterns(remote, seen)
        files = tuple(_planned(one.path, one.size, seen, patterns) for one in published_files(bundle))
        return Plan(
            target=self.name,
            url=f"{remote.api.endpoint}/{self.name}",
            files=files,
            deleted=seen.gone if seen else (),
            details={
                "repository": _repository(
                    whole is not None, private=bool(whole.private if whole else self.private), asked=self.private
                ),
                "branch": self.branch if found else f"{self.branch} (new)",
                "onto": seen.commit if seen else None,
                "tag": self.tag,
                "as": "a pull request" if self.pull_request else "a commit",
                "storage": _storage(),
            },
            notes=(*_told_of_signatures(seen, bundle), *self._notes(remote, exists=whole is not None)),
        )

    @property
    def questions(self) -> tuple[str, ...]:
        """What only the Hub knows."""
        tag = (f"whether the tag {self.tag!r} is free",) if self.tag is not None else ()
        return (
            f"whether {self.name} is there, and whose it is",
            "which of these files it has already, and would not be sent again",
            "what an earlier bundle put there, and would be deleted",
            *tag,
            "whether this token may write there",
        )

    def outline(self, bundle: VerifiedBundle) -> Plan:
        """What would be sent to a repository that is new; nothing is asked.

        Raises:
            UsageError: A wish is wrong.
        """
        self.refuse_wrong_wishes(sending=False)
        try:
            unsigned = (NO_TOKEN,) if self._remote(silent).token is None else ()
        except UnavailableError:  # the Hub's library is not here, as the plan says
            unsigned = ()
        files = tuple(_planned(one.path, one.size, None, LARGE_NAMES) for one in published_files(bundle))
        return Plan(
            target=self.name,
            url=f"{self._endpoint()}/{self.name}",
            files=files,
            details={
                "repository": f"not known; private: {'yes' if self.private else 'no'}",
                "branch": self.branch,
                "tag": self.tag,
                "as": "a pull request" if self.pull_request else "a commit",
            },
            notes=(*unsigned, OWN_DECISION),
        )

    def publish(self, bundle: Admitted, *, say: Say = silent) -> Published:
        """Put a bundle on the Hub in one commit: until it is made the branch shows what it showed before.

        Files of an earlier bundle on the branch that this one does not list are deleted in the same commit. Files that
        no bundle put there are never deleted: such a branch is refused.

        Raises:
            RefusedInputError: The bundle has changed since it was verified.
            UsageError: A wish is wrong, or the branch holds what is not a bundle's.
            UnavailableError: The Hub refuses or does not answer, the branch moved meanwhile, or the Hub holds
                something else than what was sent.
        """
        self.trail.begin_anew()
        try:
            return self._published(bundle, self._remote(say))
        except ReproBundleError as error:
            if self.trail.stays and not self.trail.last:
                error.advise("; ".join([*([error.hint] if error.hint else []), self.trail.left]))
            raise

    def _published(self, bundle: Admitted, remote: Remote) -> Published:
        remote.say(f"look at {self.name}")
        tip = self._tip(remote)
        if self.tag is not None:
            self._refuse_taken(remote, sending.look(remote, tip.commit, bundle.bundle))
        wishes = sending.Wishes(self.branch, self._message(bundle), self.pull_request)
        sent = sending.send(remote, bundle, wishes, tip.commit, self.trail)
        if self.tag is not None:
            remote.say(f"tag {self.tag}")
            remote.tag(self.tag, sent.commit)
        return Published(
            target=self.name,
            version=sent.commit,
            url=sent.pull_request or remote.page(sent.commit),
            source=f"{SCHEME}{self.name}@{sent.commit}",
            changed=sent.changed,
            files=sent.files,
            details={
                "repository": _repository(not tip.is_new, private=tip.private, asked=self.private),
                "branch": None if self.pull_request else self.branch,
                "commit": sent.commit,
                "tag": self.tag,
                "pull_request": sent.pull_request,
            },
            deleted=sent.deleted,
            notes=tuple(_told_of_signatures(sent.before, bundle.bundle)),
            bundle_id=bundle.bundle.id,
        )

    def _endpoint(self) -> str:
        """The Hub's address, where its library is there to say it."""
        if self.endpoint is not None or find_spec("huggingface_hub") is None:
            return self.endpoint or HUB
        from huggingface_hub import constants

        return str(constants.ENDPOINT)

    def _remote(self, say: Say) -> Remote:
        """The repository, once every wish is one that can be fulfilled.

        Raises:
            UsageError: One is not.
        """
        self.refuse_wrong_wishes(sending=False)
        return Remote.of(
            self.name, endpoint=self.endpoint, token=self.token, say=say, bars=self.bars, patience=self.patience
        )

    def _tip(self, remote: Remote) -> Prepared:
        """What to build on; only what is published on a branch may make one."""
        if not self.pull_request:
            return remote.prepare(self.branch, private=self.private, made=self._made)
        whole = remote.find()
        if whole is None:
            hint = "publish without --pull-request makes a repository of your own"
            raise UnavailableError(f"{self.name}: there is no such repository to propose anything to", hint=hint)
        remote.refuse_public(whole, private=self.private)
        return Prepared(remote.tip(self.branch), is_new=False, private=bool(whole.private))

    def _made(self) -> None:
        self.trail.stays.append(f"the repository {self.name}, new and without a bundle,")

    def _refuse_taken(self, remote: Remote, seen: sending.Look | None) -> None:
        """Make sure that the tag is free, or names what is there and stays.

        Raises:
            UsageError: It names another commit.
        """
        found = remote.find(self.tag) if self.tag is not None and seen is not None else None
        if found is not None and seen is not None and not (seen.is_whole and found.sha == seen.commit):
            message = f"{self.name}: the tag {self.tag!r} names commit {found.sha} already"
            raise UsageError(message, hint="a tag is never moved: name another")

    def _message(self, bundle: Admitted) -> str:
        summary = self.message or f"Publish {bundle.bundle.manifest.name}, reprobundle {bundle.bundle.id}"
        return summary + "".join(f"; allowed {one}" for one in bundle.let_through)

    def _notes(self, remote: Remote, *, exists: bool) -> Iterator[str]:
        if remote.token is None:
            yield NO_TOKEN
        if not exists and self.pull_request:
            yield "there is no such repository to propose anything to"
        elif not exists:
            who = "private" if self.private else "public, for everybody to see; --private keeps it to you"
            yield f"the repository is not there for this token; it would be made, {who}"
        yield OWN_DECISION


def publish(
    bundle: VerifiedBundle,
    repo: str,
    *,
    private: bool = False,
    branch: str = "main",
    tag: str | None = None,
    pull_request: bool = False,
    message: str | None = None,
    allow_lint: Iterable[str] = (),
    allow: Iterable[str] = (),
    endpoint: str | None = None,
    token: str | None = None,
    patience: Patience | None = None,
    say: Say = silent,
) -> Published:
    """Admit a bundle and put it on the Hub; wishes as in `HubRepository`.

    Args:
        bundle: The bundle; it is verified afresh, before the upload and again before the commit.
        repo: ``USER/NAME``.
        private: Make it private.
        branch: The branch.
        tag: A name for the commit that stays.
        pull_request: Propose the commit only.
        message: First line of the commit's message.
        allow_lint: Rules of `reprobundle.lint` that may be broken; every other error refuses the bundle.
        allow: What looks like a secret and may be published, each as ``RULE:PATH``; the commit's message says so.
        endpoint: Another Hub than the one huggingface_hub is set to.
        token: Another token than the one huggingface_hub finds.
        patience: How long the Hub is waited for.
        say: Is told each step.

    Raises:
        RefusedInputError: The bundle has changed since it was verified, or its documentation has errors.
        SecretsError: It holds what looks like a secret.
        UsageError: An argument is wrong, or the branch holds what is not a bundle's.
        UnavailableError: The Hub refuses or does not answer, the branch moved meanwhile, or the Hub holds something
            else than what was sent.
    """
    place = HubRepository(
        repo, private, branch, tag, pull_request, message, endpoint, token, patience=patience or Patience()
    )
    place.refuse_wrong_wishes(sending=True)
    say("verify")
    return place.publish(admit(bundle, allow_lint=allow_lint, allow=allow), say=say)


def _planned(path: str, size: int, seen: sending.Look | None, patterns: Iterable[str]) -> Planned:
    how: How = "regular"
    if seen is not None and path not in seen.changed:
        how = "there"
    elif size > 0 and (size > LARGE_BYTES or any(_matches(path, pattern) for pattern in patterns)):
        how = "large"
    return Planned(path, size, how)


def _matches(path: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(path if "/" in pattern else path.rpartition("/")[2], pattern)


def _patterns(remote: Remote, seen: sending.Look | None) -> tuple[str, ...]:
    """Names of large files as the repository says them, or as every new one would."""
    entry = seen.there.get(HUB_ATTRIBUTES) if seen else None
    if seen is None or entry is None or entry.size > 2**20:
        return LARGE_NAMES
    with tempfile.TemporaryDirectory(prefix="reprobundle-hub-") as folder:
        remote.download(seen.commit, {HUB_ATTRIBUTES: entry.size}, Path(folder))
        lines = (Path(folder) / HUB_ATTRIBUTES).read_bytes().splitlines()
    return tuple(line.split()[0].decode("utf-8", "replace") for line in lines if line.endswith(HUB_LINE_END))


def _repository(exists: bool, *, private: bool, asked: bool) -> str:  # noqa: FBT001  the first word of what is said
    """Whether a repository was there, and who sees it; one that is more private than was asked for stays so."""
    kept = ", as it was" if exists and private and not asked else ""
    return f"{'there' if exists else 'new'}, {'private' if private else 'public'}{kept}"


def _told_of_signatures(seen: sending.Look | None, bundle: VerifiedBundle) -> Iterator[str]:
    """What becomes of the signatures that a branch shows, or has become of them."""
    if seen is None:
        return
    if seen.kept:
        yield f"kept, as the bundle there is this very one: {some(seen.kept, SHOWN)}"
    if seen.replaced:
        yield f"other signatures take the place of those there: {some(seen.replaced, SHOWN)}"
    if any(map(is_signature, seen.gone)) and not bundle.bundle.signatures():
        yield "the bundle there was signed, this one is not: a signature of other contents does not stay"


def _storage() -> str:
    """How large files go: by xet where its library is there and the person did not switch it off."""
    from huggingface_hub import constants

    return "git LFS" if constants.HF_HUB_DISABLE_XET or find_spec("hf_xet") is None else "xet"
