"""One model repository on a Hub, through huggingface_hub; what goes wrong there comes out as one clear line.

The token is huggingface_hub's affair: it finds it in its usual places, and no message of this module holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle.errors import RefusedInputError, ReproBundleError, UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.store.listing import MAX_FILES

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, HfApi

DOWNLOADS = 8
NOTHING_IGNORED = "# every file of a bundle belongs to it\n"
SIGN_IN = "sign in with: hf auth login, or set HF_TOKEN"

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_NAME = re.compile(f"{_PART}/{_PART}")


@dataclass(frozen=True)
class Remote:
    """A model repository.

    Attributes:
        name: ``USER/NAME``.
        api: The library's client; holds endpoint and token.
    """

    name: str
    api: HfApi

    @classmethod
    def of(cls, name: str, *, endpoint: str | None = None, token: str | None = None) -> Remote:
        """The repository of that name; no request is made.

        Args:
            name: ``USER/NAME``.
            endpoint: Another Hub than the one huggingface_hub is set to.
            token: Another token than the one huggingface_hub finds.

        Raises:
            UsageError: The name is none.
            UnavailableError: huggingface_hub is not installed.
        """
        if not _NAME.fullmatch(name) or "--" in name or ".." in name:
            raise UsageError(f"repository {name!r}: expected USER/NAME, of letters, digits, '-', '_' and '.'")
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            message = f"the Hub cannot be reached without huggingface_hub: {error}"
            raise UnavailableError(message, hint=how_to_install("hub")) from error
        return cls(name, HfApi(endpoint=endpoint, token=token, library_name="reprobundle"))

    def resolve(self, revision: str | None) -> str:
        """The id of the commit that a branch, tag or commit id stands for now.

        Raises:
            UnavailableError: There is no such repository or revision, or the Hub does not answer.
        """
        with self._asking("cannot be read"):
            found = self.api.model_info(self.name, revision=revision)
            return self._commit_id(found.sha)

    def prepare(self, branch: str, *, private: bool) -> str:
        """The commit at the tip of a branch; repository and branch are made where they are missing.

        Raises:
            UsageError: It is to be private, and is there already for all to see.
            UnavailableError: The token has no right to it, or the Hub does not answer.
        """
        from huggingface_hub.errors import RepositoryNotFoundError, RevisionNotFoundError

        with self._asking("cannot be published"):
            try:
                whole = self.api.model_info(self.name)
            except RepositoryNotFoundError:
                self.api.create_repo(self.name, private=private or None, exist_ok=True)
                whole = self.api.model_info(self.name)
            if private and not whole.private:
                raise UsageError(f"{self.name}: is public already", hint="name another repository, or make it private")
            try:
                found = self.api.model_info(self.name, revision=branch)
            except RevisionNotFoundError:
                self.api.create_branch(self.name, branch=branch, exist_ok=True)
                found = self.api.model_info(self.name, revision=branch)
            return self._commit_id(found.sha)

    def sizes(self, commit: str) -> Mapping[str, int]:
        """Bytes of every file of a commit, by its name, which may be anything.

        Raises:
            RefusedInputError: It holds more files than a bundle may.
        """
        from huggingface_hub.hf_api import RepoFile

        found: dict[str, int] = {}
        with self._asking("cannot be listed"):
            for entry in self.api.list_repo_tree(self.name, recursive=True, revision=commit):
                if isinstance(entry, RepoFile):
                    found[str(entry.path)] = int(entry.size)
                if len(found) > MAX_FILES + 1:
                    raise RefusedInputError(f"{self.name}: holds more than {MAX_FILES} files")
        return found

    def download(self, commit: str, paths: Iterable[str], folder: Path) -> None:
        """Write files of a commit under a folder, several at a time; their names have been checked.

        The library leaves its notes in ``.cache`` there.
        """

        def fetch(path: str) -> None:
            self.api.hf_hub_download(self.name, path, revision=commit, local_dir=folder)

        with _without_bars(), self._asking("cannot be pulled"), ThreadPoolExecutor(DOWNLOADS) as pool:
            for _ in pool.map(fetch, paths):
                pass

    def addition(self, path: str, place: Path) -> CommitOperationAdd:
        """A file that a commit will add, from its place on this machine.

        Raises:
            UnavailableError: The Hub takes no file of that name.
        """
        from huggingface_hub import CommitOperationAdd

        with self._asking(f"cannot take {path!r}"):
            return CommitOperationAdd(path, place)

    def upload(self, additions: Sequence[CommitOperationAdd], branch: str) -> None:
        """Bring the content of large files to the Hub's storage, where nobody sees it until a commit names it."""
        with _without_bars(), self._asking("cannot be published"):
            self.api.preupload_lfs_files(self.name, additions, revision=branch, gitignore_content=NOTHING_IGNORED)

    def commit(
        self, additions: Sequence[CommitOperationAdd], deleted: Sequence[str], *, branch: str, parent: str, message: str
    ) -> str:
        """Add and delete files in one commit on top of `parent`; gives its id.

        Raises:
            UnavailableError: It was not made: the branch has moved meanwhile, or the Hub does not answer.
        """
        from huggingface_hub import CommitOperationDelete

        deletions = [CommitOperationDelete(path, is_folder=False) for path in deleted]
        with _without_bars(), self._asking("cannot be published"):
            made = self.api.create_commit(
                self.name, [*additions, *deletions], commit_message=message, revision=branch, parent_commit=parent
            )
            return self._commit_id(made.oid)

    def differences(self, commit: str, folder: Path) -> tuple[str, ...]:
        """Paths whose content differs between a commit and a folder, by the digests of git and of large files."""
        with self._asking("cannot be compared"):
            found = self.api.verify_repo_checksums(self.name, revision=commit, local_dir=folder)
        changed = (mismatch["path"] for mismatch in found.mismatches)
        return tuple(sorted({*changed, *found.missing_paths, *found.extra_paths}))

    def page(self, commit: str) -> str:
        """Where a person sees a commit."""
        return f"{self.api.endpoint}/{self.name}/tree/{commit}"

    def _commit_id(self, found: str | None) -> str:
        if found is None or not re.fullmatch(r"[0-9a-f]{40}", found):
            raise UnavailableError(f"{self.name}: the Hub gave no commit: expected 40 hex digits, found {found!r}")
        return found

    @contextmanager
    def _asking(self, work: str) -> Iterator[None]:
        """Turn whatever the library raises about the network, the Hub or its answers into one line."""
        try:
            yield
        except (_transport_error(), OSError, ValueError, RuntimeError, LookupError) as error:
            raise _told(f"{self.name}: {work}", error) from error


def _told(what: str, error: BaseException) -> ReproBundleError:
    """The error that a person can act on, from what the library raised."""
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, HfHubHTTPError):
            return _answered(what, cause)
        if isinstance(cause, OfflineModeIsEnabled):
            return UnavailableError(f"{what}: HF_HUB_OFFLINE is set", hint="unset it")
        if isinstance(cause, _transport_error()):
            hint = "try again: nothing appears on the Hub before the last step, and what is there is recognised"
            return UnavailableError(f"{what}: the connection failed: {_first_line(cause)}", hint=hint)
    return UnavailableError(f"{what}: {_first_line(causes[-1])}")


def _transport_error() -> type[Exception]:
    """What the HTTP library raises, of which there is another one under each major version of huggingface_hub."""
    from huggingface_hub.errors import HfHubHTTPError

    return next(kind for kind in HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _answered(what: str, error: Exception) -> ReproBundleError:
    """What the Hub's refusal means."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    assert isinstance(error, HfHubHTTPError)
    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return UnavailableError(f"{what}: access has to be asked for on its page", hint=SIGN_IN)
    if isinstance(error, RepositoryNotFoundError):
        return UnavailableError(f"{what}: there is no such repository, or it is private", hint=SIGN_IN)
    if isinstance(error, RevisionNotFoundError):
        return UnavailableError(f"{what}: there is no such branch, tag or commit")
    if isinstance(error, EntryNotFoundError):
        return UnavailableError(f"{what}: a file is not there: {error.response.url.path}")
    if status in {401, 403}:
        right = "the Hub does not accept the token" if status == 401 else "the token has no right to it"
        return UnavailableError(f"{what}: {right}", hint=SIGN_IN)
    if status == 412:
        message = f"{what}: somebody else has committed meanwhile; nothing was published"
        return UnavailableError(message, hint="look at what was committed, then publish again")
    return UnavailableError(f"{what}: the Hub answered {status}: {error.response.reason_phrase}")


def _first_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep the library's progress bars off the screen, and put them back."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
