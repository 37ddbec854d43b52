"""A Hub model repository as a destination: branch or pull request, private or public, with a tag."""

from __future__ import annotations

import fnmatch
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from reprobundle.bundle import HUB_ATTRIBUTES, HUB_LINE_END, VerifiedBundle
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.publish import sending
from reprobundle.publish.admitting import Admitted, admit, published_files
from reprobundle.publish.destinations import How, Plan, Planned, Published, Say, silent
from reprobundle.publish.patience import Patience
from reprobundle.publish.pulling import SCHEME, parse, pull
from reprobundle.publish.refusals import SIGN_IN
from reprobundle.publish.remote import Remote

__all__ = ["HubRepository", "parse", "publish", "pull"]

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

    @property
    def target(self) -> str:
        """``USER/NAME``."""
        return self.name

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
                "repository": _repository(whole is not None, private=whole.private if whole else self.private),
                "branch": self.branch if found else f"{self.branch} (new)",
                "onto": seen.commit if seen else None,
                "tag": self.tag,
                "as": "a pull request" if self.pull_request else "a commit",
                "storage": _storage(),
            },
            notes=tuple(self._notes(remote, exists=whole is not None)),
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
        remote = self._remote(say)
        say(f"look at {self.name}")
        tip = self._tip(remote)
        if self.tag is not None:
            self._refuse_taken(remote, sending.look(remote, tip, bundle.bundle))
        wishes = sending.Wishes(self.branch, self._message(bundle), self.pull_request)
        sent = sending.send(remote, bundle, wishes, tip)
        if self.tag is not None:
            say(f"tag {self.tag}")
            remote.tag(self.tag, sent.commit)
        return Published(
            target=self.name,
            version=sent.commit,
            url=sent.pull_request or remote.page(sent.commit),
            source=f"{SCHEME}{self.name}@{sent.commit}",
            changed=sent.changed,
            files=sent.files,
            details={
                "repository": self.name,
                "branch": None if self.pull_request else self.branch,
                "commit": sent.commit,
                "tag": self.tag,
                "pull_request": sent.pull_request,
            },
        )

    def _remote(self, say: Say) -> Remote:
        """The repository, once every wish is one that can be fulfilled.

        Raises:
            UsageError: One is not.
        """
        for kind, name in (("branch", self.branch), ("tag", self.tag)):
            if name is not None and (not _BRANCH.fullmatch(name) or ".." in name or name.endswith(("/", ".", ".lock"))):
                raise UsageError(f"{kind} {name!r}: is no name of a {kind}")
        if self.pull_request and (self.branch != "main" or self.tag is not None):
            wrong = "another branch" if self.branch != "main" else "a tag"
            raise UsageError(f"a pull request is for main, and takes no {wrong.partition(' ')[2]} of its own")
        return Remote.of(
            self.name, endpoint=self.endpoint, token=self.token, say=say, bars=self.bars, patience=self.patience
        )

    def _tip(self, remote: Remote) -> str:
        """The commit to build on; only what is published on a branch may make one."""
        if not self.pull_request:
            return remote.prepare(self.branch, private=self.private)
        whole = remote.find()
        if whole is None:
            hint = "publish without --pull-request makes a repository of your own"
            raise UnavailableError(f"{self.name}: there is no such repository to propose anything to", hint=hint)
        remote.refuse_public(whole, private=self.private)
        return remote.tip(self.branch)

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
            yield f"no token is set, and publishing needs one: {SIGN_IN}"
        if not exists and self.pull_request:
            yield "there is no such repository to propose anything to"
        elif not exists:
            yield "the repository is not there for this token; it would be made"
        yield "which files go to the storage of large files is the Hub's own decision, told here as its rules say it"


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
    place._remote(silent)  # noqa: SLF001  a wrong wish is told before the bundle is read
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


def _repository(exists: bool, *, private: bool | None) -> str:  # noqa: FBT001  the first word of what is said
    return f"{'there' if exists else 'new'}, {'private' if private else 'public'}"


def _storage() -> str:
    """How large files go: by xet where its library is there and the person did not switch it off."""
    from huggingface_hub import constants

    return "git LFS" if constants.HF_HUB_DISABLE_XET or find_spec("hf_xet") is None else "xet"
