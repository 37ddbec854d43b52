"""One model repository on a Hub, through huggingface_hub; what goes wrong there comes out as one clear line.

The token is huggingface_hub's affair: it finds it in its usual places, and no message of this room holds it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.publish import bounding, guarding, listening, refusals
from reprobundle.publish.destinations import Say, silent
from reprobundle.publish.patience import Patience
from reprobundle.store.listing import MAX_FILES

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.hf_api import ModelInfo

T = TypeVar("T")
DOWNLOADS = 8
ANSWER = 60.0  # seconds until a question about a repository must be answered
QUESTION = bounding.Limits(silence=ANSWER)
BAR_BYTES = 64 * 2**20  # a smaller file has come before a bar says anything
NOTHING_IGNORED = "# every file of a bundle belongs to it\n"

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_NAME = re.compile(f"{_PART}/{_PART}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Entry:
    """A file of a commit.

    Attributes:
        size: Bytes.
        digest: The SHA-256 of a large file; the id that git gives to the content of another.
        large: Whether it lies in the storage of large files.
    """

    size: int
    digest: str
    large: bool


@dataclass(frozen=True)
class Prepared:
    """A branch that can be built on.

    Attributes:
        commit: Its tip.
        is_new: Whether the repository was made just now.
        private: Whether only some people see it.
    """

    commit: str
    is_new: bool
    private: bool


@dataclass(frozen=True)
class Made:
    """A commit that was made.

    Attributes:
        commit: Its id.
        pull_request: The page of the pull request that it is in, if any.
    """

    commit: str
    pull_request: str | None


def refuse_wrong_name(name: str) -> None:
    """Make sure that a repository can have a name.

    Raises:
        UsageError: None can.
    """
    if not _NAME.fullmatch(name) or "--" in name or ".." in name:
        raise UsageError(f"repository {name!r}: expected USER/NAME, of letters, digits, '-', '_' and '.'")


@dataclass(frozen=True)
class Remote:
    """A model repository.

    Attributes:
        name: ``USER/NAME``.
        api: The library's client; holds endpoint and token.
        token: What it sends, or None.
        say: Is told of pauses.
        bars: Whether the library shows its bars.
        patience: How long the Hub is waited for.
    """

    name: str
    api: HfApi
    token: str | None = field(repr=False)
    say: Say = silent
    bars: bool = False
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def of(
        cls,
        name: str,
        *,
        endpoint: str | None = None,
        token: str | None = None,
        say: Say = silent,
        bars: bool = False,
        patience: Patience | None = None,
    ) -> Remote:
        """The repository of that name; no request is made.

        Args:
            name: ``USER/NAME``.
            endpoint: Another Hub than the one huggingface_hub is set to.
            token: Another token than the one huggingface_hub finds.
            say: Is told of pauses.
            bars: Whether the library shows its bars.
            patience: How long the Hub is waited for.

        Raises:
            UsageError: The name is none, the token has characters that none has, or would be sent in the open.
            UnavailableError: huggingface_hub is not installed.
        """
        refuse_wrong_name(name)
        try:
            from huggingface_hub import HfApi, constants
            from huggingface_hub.utils import get_token_to_send  # type: ignore[attr-defined]  # not in its stubs
        except ImportError as error:
            message = f"the Hub cannot be reached without huggingface_hub: {error}"
            raise UnavailableError(message, hint=how_to_install("hub")) from error
        try:
            found = get_token_to_send(token)
        except refusals.library_errors() as error:
            raise refusals.told(f"{name}: no token can be had", error) from error
        if found is not None and not (found.isascii() and found.isprintable() and " " not in found):
            message = f"{name}: the token has a character that no token has"  # a library would show it in an error
            raise UsageError(message, hint=refusals.SIGN_IN)
        guarding.refuse_open(endpoint or constants.ENDPOINT, found)
        api = HfApi(endpoint=endpoint, token=found or False, library_name="reprobundle")
        return cls(name, api, found, say, bars, patience or Patience())

    def tip(self, revision: str | None) -> str:
        """The id of the commit that a branch, tag or commit id stands for now.

        Raises:
            RefusedInputError: A commit was asked for by its whole id, and another one came.
            UnavailableError: There is no such repository or revision, or the Hub does not answer.
        """
        commit = self._commit_id(self._info("cannot be read", revision).sha)
        if revision is not None and _COMMIT.fullmatch(revision) and revision != commit:
            raise RefusedInputError(f"{self.name}: commit {revision} was asked for, the Hub answers with {commit}")
        return commit

    def find(self, revision: str | None = None) -> ModelInfo | None:
        """What the Hub says of the repository at a revision; None where either is not there for this token."""
        try:
            return self._info("cannot be published", revision)
        except refusals.MissingError:
            return None

    def prepare(self, branch: str, *, private: bool, made: Callable[[], None] = lambda: None) -> Prepared:
        """A branch to build on; repository and branch are made where they are missing.

        Args:
            branch: Its name.
            private: Whether the repository is to be private.
            made: Is called once the repository was made.

        Raises:
            UsageError: It is to be private, and is there already for all to see.
            UnavailableError: The token has no right to it, or the Hub does not answer.
        """
        whole = self.find()
        is_new = whole is None
        if whole is None:
            self._asked(
                "cannot be published", lambda: self.api.create_repo(self.name, private=private or None, exist_ok=True)
            )
            made()
            whole = self._info("cannot be published", None)
        self.refuse_public(whole, private=private)
        found = self.find(branch)
        if found is None:
            self._asked("cannot be published", lambda: self.api.create_branch(self.name, branch=branch, exist_ok=True))
            found = self._info("cannot be published", branch)
        return Prepared(self._commit_id(found.sha), is_new, bool(whole.private))

    def refuse_public(self, found: ModelInfo, *, private: bool) -> None:
        """Make sure that what is to be private is not there for all to see.

        Raises:
            UsageError: It is.
        """
        if private and not found.private:
            raise UsageError(f"{self.name}: is public already", hint="name another repository, or make it private")

    def listing(self, commit: str) -> Mapping[str, Entry]:
        """Every file of a commit, by its name, which may be anything.

        Raises:
            RefusedInputError: It holds more files than a bundle may.
            UnavailableError: The Hub does not answer, or not with a listing.
        """
        return self._asked("cannot be listed", lambda: dict(self._entries(commit)))

    def _entries(self, commit: str) -> Iterator[tuple[str, Entry]]:
        from huggingface_hub.hf_api import RepoFile

        listed = self.api.list_repo_tree(self.name, recursive=True, revision=commit)
        files = 0
        for count, entry in enumerate(listed):
            files += isinstance(entry, RepoFile)
            if files > MAX_FILES + 2 or count > 3 * MAX_FILES:  # folders are listed, too
                raise RefusedInputError(f"{self.name}: holds more than {MAX_FILES} files")
            if isinstance(entry, RepoFile):
                digest = entry.lfs.sha256 if entry.lfs else entry.blob_id
                yield str(entry.path), Entry(int(entry.size), str(digest).lower(), entry.lfs is not None)

    def download(self, commit: str, sizes: Mapping[str, int], folder: Path) -> None:
        """Write files of a commit under a folder, several at a time; their names have been checked.

        The library leaves its notes in ``.cache`` there.

        Args:
            commit: The commit.
            sizes: Bytes of each file by its name; more than that is not written.
            folder: Where to.

        Raises:
            RefusedInputError: A file is longer.
            UnavailableError: The Hub refuses or does not answer.
        """
        large = {path for path, size in sizes.items() if size >= BAR_BYTES}
        for some, bars in ((sizes.keys() - large, False), (large, self.bars)):
            most = bounding.Limits(most=max((sizes[path] for path in some), default=0) + bounding.MAX_ANSWER)
            with self._library(bars=bars, limits=most):
                self._download(commit, {path: sizes[path] for path in sorted(some)}, folder)

    def _download(self, commit: str, sizes: Mapping[str, int], folder: Path) -> None:
        ended = threading.Event()

        def fetch(path: str) -> None:
            counter = listening.counting(path, sizes[path], ended)
            self.api.hf_hub_download(self.name, path, revision=commit, local_dir=folder, tqdm_class=counter)

        with self._telling("cannot be pulled"), ThreadPoolExecutor(DOWNLOADS) as pool:
            try:
                for _ in pool.map(fetch, sizes):
                    pass
            except BaseException:
                ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def addition(self, path: str, place: Path) -> CommitOperationAdd:
        """A file that a commit will add, from its place on this machine.

        Raises:
            UnavailableError: The Hub takes no file of that name.
        """
        from huggingface_hub import CommitOperationAdd

        with self._telling(f"cannot take {path!r}"):
            return CommitOperationAdd(path, place)

    def upload(self, additions: Sequence[CommitOperationAdd], branch: str, *, pull_request: bool) -> None:
        """Bring the content of large files to the Hub's storage, where nobody sees it until a commit names it.

        What the storage has already is not sent again.

        Raises:
            UnavailableError: The Hub refuses or does not answer.
        """
        with self._library(bars=self.bars), self._telling("cannot be published"):
            self.api.preupload_lfs_files(
                self.name,
                additions,
                revision=branch,
                create_pr=pull_request or None,
                free_memory=False,
                gitignore_content=NOTHING_IGNORED,
            )

    def commit(
        self,
        additions: Sequence[CommitOperationAdd],
        deleted: Iterable[str],
        *,
        branch: str,
        parent: str,
        message: str,
        pull_request: bool,
    ) -> Made:
        """Add and delete files in one commit on top of `parent`.

        Raises:
            MovedError: The branch has moved meanwhile; it was not made.
            PassingError: The Hub does not answer; it may have been made.
            UnavailableError: It was refused.
        """
        from huggingface_hub import CommitOperationDelete

        deletions = [CommitOperationDelete(path, is_folder=False) for path in deleted]
        with self._library(), self._telling("cannot be published"):
            made = self.api.create_commit(
                self.name,
                [*additions, *deletions],
                commit_message=message,
                revision=branch,
                parent_commit=parent,
                create_pr=pull_request or None,
            )
        return Made(self._commit_id(made.oid), made.pr_url)

    def differences(self, commit: str, folder: Path) -> frozenset[str]:
        """Paths whose content differs between a commit and a folder, by the digests of git and of large files.

        Raises:
            UnavailableError: The Hub does not answer.
        """
        found = self._asked(
            "cannot be compared",
            lambda: self.api.verify_repo_checksums(self.name, revision=commit, local_dir=folder),
        )
        changed = (mismatch["path"] for mismatch in found.mismatches)
        return frozenset({*changed, *found.missing_paths, *found.extra_paths})

    def tag(self, tag: str, commit: str) -> None:
        """Give a commit a name that stays.

        Raises:
            UnavailableError: The Hub refuses or does not answer, or somebody else took the name.
        """
        work = f"commit {commit} is there, the tag {tag!r} is not"
        self._asked(work, lambda: self.api.create_tag(self.name, tag=tag, revision=commit, exist_ok=True))
        found = self._info(work, tag).sha
        if found != commit:
            raise UnavailableError(f"{self.name}: {work}: it stands at {found}", hint="publish again with another tag")

    def page(self, commit: str) -> str:
        """Where a person sees a commit."""
        return f"{self.api.endpoint}/{self.name}/tree/{commit}"

    def _info(self, work: str, revision: str | None) -> ModelInfo:
        return self._asked(work, lambda: self.api.model_info(self.name, revision=revision, timeout=ANSWER))

    def _commit_id(self, found: object) -> str:
        if not isinstance(found, str) or not _COMMIT.fullmatch(found):
            raise UnavailableError(f"{self.name}: the Hub gave no commit: expected 40 hex digits, found {found!r}")
        return found

    def _asked(self, work: str, action: Callable[[], T]) -> T:
        """Ask something that may be asked twice."""

        def once() -> T:
            with self._library(limits=QUESTION), self._telling(work):
                return action()

        return self.patience.through(once, self.say)

    @contextmanager
    def _library(self, *, bars: bool = False, limits: bounding.Limits = bounding.ANSWERS) -> Iterator[None]:
        guard = guarding.guarded(str(self.api.endpoint), self.token, limits)
        manners = listening.library(self.say, bars=bars, longest=self.patience.longest, silence=limits.silence)
        with guard, manners:
            yield

    @contextmanager
    def _telling(self, work: str) -> Iterator[None]:
        """Turn whatever the library raises about the network, the Hub or its answers into one line."""
        try:
            yield
        except refusals.library_errors() as error:
            told = refusals.told(f"{self.name}: {work}", error, self.token)
            raise told from refusals.clean_cause(error, self.token)
