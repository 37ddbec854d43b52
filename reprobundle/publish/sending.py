"""One bundle into one commit of a Hub repository: look → upload → verify again → commit → compare what is there then.

The commit stands on the one that was looked at. Where the branch has moved since, or an answer got lost, it is looked at
anew: the bundle may be there already, what was looked at may be unchanged, and else somebody else's work is left alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle import manifest as manifests
from reprobundle.bundle import HUB_ATTRIBUTES, VerifiedBundle, is_signature
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.phrases import counted, some
from reprobundle.publish.admitting import Admitted, published_files, verified_again
from reprobundle.publish.destinations import Trail
from reprobundle.publish.patience import PassingError
from reprobundle.publish.refusals import MovedError
from reprobundle.publish.remote import Entry, Made, Remote
from reprobundle.records import MAX_DOCUMENT_BYTES
from reprobundle.store import digest_file, inside

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd

ROUNDS = 4  # how often a branch is looked at anew
SHOWN = 3
DIGESTED = 1000  # small files that are brought back and digested; of more, the ids that git gives are compared
FOREIGN = "they are not ours to delete: name another repository or branch, or remove them"


@dataclass(frozen=True)
class Look:
    """A branch as it was seen, beside a bundle.

    Attributes:
        commit: Its tip.
        there: Every file of it.
        changed: Files of the bundle that it does not hold, or with other bytes; sorted.
        gone: Files of an earlier bundle that this one does not have; sorted.
        kept: Signatures of this very bundle that it has there and not here; sorted.
    """

    commit: str
    there: Mapping[str, Entry]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    kept: tuple[str, ...] = ()

    @property
    def replaced(self) -> tuple[str, ...]:
        """Signatures of which it has others under the same names."""
        return tuple(path for path in self.changed if path in self.there and is_signature(path))

    @property
    def is_whole(self) -> bool:
        """Whether the branch shows the bundle already."""
        return not self.changed and not self.gone


@dataclass(frozen=True)
class Wishes:
    """How a commit is to be made.

    Attributes:
        branch: The branch.
        message: Its first line.
        pull_request: Whether it is only proposed.
    """

    branch: str
    message: str
    pull_request: bool


@dataclass(frozen=True)
class Sent:
    """What came of it.

    Attributes:
        commit: The commit that shows the bundle.
        changed: Whether it was made now.
        before: What it was made on, or found to be.
        pull_request: The page of the pull request, if it was only proposed.
    """

    commit: str
    changed: bool
    before: Look
    pull_request: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files it brought."""
        return self.before.changed if self.changed else ()

    @property
    def deleted(self) -> tuple[str, ...]:
        """What an earlier bundle had there, and is gone now."""
        return self.before.gone if self.changed else ()


def look(remote: Remote, commit: str, bundle: VerifiedBundle) -> Look:
    """Compare a commit with a bundle; weights are read here only where a file of the same name and size is there.

    Raises:
        UsageError: There are files that no bundle put there.
        UnavailableError: The Hub does not answer.
    """
    there = remote.listing(commit)
    sizes = {found.path: found.size for found in published_files(bundle)}
    alike = {path for path, size in sizes.items() if path in there and there[path].size == size}
    differing = remote.differences(commit, bundle.path) if alike else frozenset[str]()
    changed = tuple(path for path in sizes if path not in alike or path in differing)
    gone = _gone(remote, commit, there, frozenset(sizes))
    is_same = manifests.NAME in there and manifests.NAME not in changed
    kept = tuple(path for path in gone if is_same and is_signature(path))  # they sign what this manifest lists
    return Look(commit, there, changed, tuple(path for path in gone if path not in kept), kept)


def _gone(remote: Remote, commit: str, there: Mapping[str, Entry], files: frozenset[str]) -> tuple[str, ...]:
    """Files of the earlier bundle that the new one does not have."""
    left = set(there) - files - {HUB_ATTRIBUTES}
    if not left:
        return ()
    listed = _listed_earlier(remote, commit, there)
    foreign = sorted(path for path in left if path not in listed and not (listed and is_signature(path)))
    if foreign:
        message = f"{remote.name}: holds {counted(len(foreign), 'file')} of no bundle, such as {foreign[0]!r}"
        raise UsageError(message, hint=FOREIGN)
    return tuple(sorted(left))


def _listed_earlier(remote: Remote, commit: str, there: Mapping[str, Entry]) -> frozenset[str]:
    """What the bundle lists that a commit holds, if it holds one."""
    entry = there.get(manifests.NAME)
    if entry is None or entry.size > MAX_DOCUMENT_BYTES:
        return frozenset()
    with tempfile.TemporaryDirectory(prefix="reprobundle-hub-") as folder:
        remote.download(commit, {manifests.NAME: entry.size}, Path(folder))
        content = (Path(folder) / manifests.NAME).read_bytes()
    try:
        manifest = manifests.from_bytes(content)
    except RefusedInputError:  # somebody else's document of that name: nothing it lists is a bundle's
        return frozenset()
    return frozenset(entry.path for entry in manifest.files)


def send(remote: Remote, admitted: Admitted, wishes: Wishes, tip: str, trail: Trail | None = None) -> Sent:
    """Make one commit that turns a branch into the bundle, unless it is the bundle already.

    Args:
        remote: The repository.
        admitted: The bundle.
        wishes: How.
        tip: The commit that the branch shows.
        trail: Is told when the commit is about to be made, and when it was.

    Raises:
        RefusedInputError: The bundle has changed since it was verified.
        UsageError: The branch holds what is not a bundle's.
        UnavailableError: The Hub refuses or does not answer, somebody else committed meanwhile, or the Hub holds
            something else than was sent.
    """
    seen, path = look(remote, tip, admitted.bundle), trail or Trail()
    tried, additions = seen, None
    for done in range(ROUNDS):
        if seen.is_whole and additions is None:
            return Sent(seen.commit, changed=False, before=seen)
        if seen.is_whole:  # the commit was made, and its answer was lost
            compare(remote, seen.commit, admitted.bundle, tried, additions or [])
            return Sent(seen.commit, changed=True, before=tried)
        if additions is None or seen.commit != tried.commit:
            additions, tried = _uploaded(remote, admitted, wishes, seen), seen
        verified_again(admitted.bundle)
        path.last = f"{remote.api.endpoint}/{remote.name}"
        try:
            made = _committed(remote, additions, wishes, seen)
        except (MovedError, PassingError) as error:
            if done + 1 >= min(ROUNDS, remote.patience.tries) or not _may_try_again(remote, wishes, error):
                raise
            if isinstance(error, PassingError):
                remote.patience.rest(error, done, remote.say)
            seen = _look_anew(remote, admitted.bundle, wishes, seen)
        else:
            path.done = True
            compare(remote, made.commit, admitted.bundle, seen, additions)
            return Sent(made.commit, changed=True, before=seen, pull_request=made.pull_request)
    raise AssertionError("the last round returns or raises")


def _uploaded(remote: Remote, admitted: Admitted, wishes: Wishes, seen: Look) -> list[CommitOperationAdd]:
    """What the commit will add, once the large files among it are at the Hub."""
    additions = [remote.addition(path, inside(admitted.bundle.path, path)) for path in seen.changed]
    if additions:
        remote.say(f"upload what is new of {counted(len(additions), 'file')}")
        remote.upload(additions, wishes.branch, pull_request=wishes.pull_request)
    return additions


def _committed(remote: Remote, additions: Sequence[CommitOperationAdd], wishes: Wishes, seen: Look) -> Made:
    remote.say(f"commit {counted(len(additions), 'file')}")
    return remote.commit(
        additions,
        seen.gone,
        branch=wishes.branch,
        parent=seen.commit,
        message=wishes.message,
        pull_request=wishes.pull_request,
    )


def _may_try_again(remote: Remote, wishes: Wishes, error: MovedError | PassingError) -> bool:
    """Whether a commit that failed may be made once more: a proposal may have been made, and would be there twice."""
    if wishes.pull_request:
        if isinstance(error, PassingError):
            error.advise("look at the pull requests of the repository first: the proposal may be there")
        return False
    return not isinstance(error, PassingError) or remote.patience.waits_for(error)


def _look_anew(remote: Remote, bundle: VerifiedBundle, wishes: Wishes, before: Look) -> Look:
    """Look at a branch once more.

    Raises:
        MovedError: It shows neither what it showed before nor the bundle; the message names what somebody changed.
    """
    tip = remote.tip(wishes.branch)
    if tip == before.commit:
        return before
    there = remote.listing(tip)
    foreign = [path for path in _apart(before.there, there) if path != HUB_ATTRIBUTES]
    if not foreign:
        return look(remote, tip, bundle)
    own = {found.path for found in published_files(bundle)}
    if there.get(manifests.NAME) is not None and set(there) - {HUB_ATTRIBUTES, *before.kept} == own:
        seen = look(remote, tip, bundle)
        if seen.is_whole:
            return seen
    names = some([repr(path) for path in foreign], SHOWN)
    message = f"{remote.name}: somebody else has committed to {wishes.branch!r} meanwhile: {names}"
    hint = f"nothing was published; look at {remote.page(tip)}, then publish again"
    raise MovedError(message, hint=hint)


def _apart(before: Mapping[str, Entry], now: Mapping[str, Entry]) -> list[str]:
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))


def compare(
    remote: Remote, commit: str, bundle: VerifiedBundle, before: Look, additions: Sequence[CommitOperationAdd]
) -> None:
    """Make sure that the Hub holds what was sent: names, sizes, the digest of each large file, the bytes of small ones.

    Args:
        remote: The repository.
        commit: The commit that was made.
        bundle: What it should show.
        before: What was looked at: files that were equal then must be so now.
        additions: What the commit brought; the library has digested the large ones while it sent them.

    Raises:
        UnavailableError: It does not; the message names what differs.
    """
    remote.say(f"compare commit {commit}")
    try:
        wrong = _wrong(remote, commit, bundle, before, additions)
    except (RefusedInputError, UnavailableError) as error:
        message = f"{remote.name}: commit {commit} was made, and could not be compared: {error}"
        raise UnavailableError(message, hint="publish again: it makes no second commit of the same") from error
    if wrong:
        names = some([repr(path) for path in sorted(wrong)], SHOWN)
        message = f"{remote.name}: commit {commit} was made but differs from the bundle: {names}"
        raise UnavailableError(message, hint="publish again")


def _wrong(
    remote: Remote, commit: str, bundle: VerifiedBundle, before: Look, additions: Sequence[CommitOperationAdd]
) -> set[str]:
    there = remote.listing(commit)
    sizes = {found.path: found.size for found in published_files(bundle)}
    wrong = (set(there) ^ {*sizes, *before.kept}) - {HUB_ATTRIBUTES}
    wrong |= {path for path, size in sizes.items() if path in there and there[path].size != size}
    wrong |= {path for path in sizes if path not in before.changed and there.get(path) != before.there.get(path)}
    sent = {addition.path_in_repo: addition for addition in additions if addition.path_in_repo not in wrong}
    large = {path for path in sent if there[path].large}
    wrong |= {path for path in large if sent[path].upload_info.sha256.hex() != there[path].digest}
    small = sorted(set(sent) - large)
    if len(small) > DIGESTED:
        wrong |= remote.differences(commit, bundle.path) - {HUB_ATTRIBUTES, *before.kept}
    first = sorted(small, key=lambda path: path != manifests.NAME)[:DIGESTED]
    return wrong | _otherwise_small(remote, commit, bundle, {path: sizes[path] for path in first})


def _otherwise_small(remote: Remote, commit: str, bundle: VerifiedBundle, sizes: Mapping[str, int]) -> set[str]:
    """Which small files come back with other bytes than they have here."""
    with tempfile.TemporaryDirectory(prefix="reprobundle-hub-") as folder:
        remote.download(commit, sizes, Path(folder))
        return {
            path for path in sizes if digest_file(inside(Path(folder), path)) != digest_file(inside(bundle.path, path))
        }
