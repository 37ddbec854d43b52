"""Publish a verified bundle as a Hub model repository in one commit, and pull one into a verified folder.

Publishing: verify → bring large files to the Hub's storage → verify again → one commit on top of the commit that was
looked at → compare what the Hub now holds. Pulling: one commit id → every name → the manifest → what it lists → verify.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle import manifest as manifests
from reprobundle import withholding
from reprobundle.bundle import HUB_ATTRIBUTES, Bundle, VerifiedBundle, is_signature
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.linting import gate
from reprobundle.manifest import Manifest
from reprobundle.publish.remote import Remote
from reprobundle.records import MAX_DOCUMENT_BYTES
from reprobundle.store import inside, list_files, refuse_colliding, safe_path, staging
from reprobundle.store.sealing import refuse_existing

SCHEME = "hub://"
LIBRARY_NOTES = ".cache"
SHOWN = 3
Say = Callable[[str], None]

_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")


@dataclass(frozen=True)
class Published:
    """Where a bundle can be found now.

    Attributes:
        url: The page of the commit.
        commit: The commit's id: with ``pull hub://USER/NAME@COMMIT`` exactly this comes back.
        changed: Whether a commit was made; False when the branch held the same bundle already.
    """

    url: str
    commit: str
    changed: bool


def silent(_line: str) -> None:
    """Nobody is watching."""


def publish(
    bundle: VerifiedBundle,
    repo: str,
    *,
    private: bool = False,
    branch: str = "main",
    message: str | None = None,
    allow_lint: Iterable[str] = (),
    allow: Iterable[str] = (),
    endpoint: str | None = None,
    token: str | None = None,
    say: Say = silent,
) -> Published:
    """Put a bundle on the Hub in one commit: until it is made the branch shows what it showed before.

    Files of an earlier bundle on the branch that this one does not list are deleted in the same commit. Files that no
    bundle put there are never deleted: such a branch is refused.

    Args:
        bundle: The bundle; it is verified afresh, before the upload and again before the commit.
        repo: ``USER/NAME``; made when it is not there.
        private: Make it private; refused when it is there and public.
        branch: The branch; made when it is not there.
        message: First line of the commit's message.
        allow_lint: Rules of `reprobundle.lint` that may be broken; every other error refuses the bundle.
        allow: What looks like a secret and may be published, each as ``RULE:PATH``; the commit's message says so.
        endpoint: Another Hub than the one huggingface_hub is set to.
        token: Another token than the one huggingface_hub finds.
        say: Is told each step.

    Raises:
        RefusedInputError: The bundle has changed since it was verified, or its documentation has errors.
        SecretsError: It holds what looks like a secret.
        UsageError: An argument is wrong, or the branch holds what is not a bundle's.
        UnavailableError: The Hub refuses or does not answer, the branch moved meanwhile, or the Hub holds something
            else than what was sent.
    """
    if not _BRANCH.fullmatch(branch) or ".." in branch:
        raise UsageError(f"branch {branch!r}: is no name of a branch")
    remote = Remote.of(repo, endpoint=endpoint, token=token)
    say("verify")
    files = _files(_verified_again(bundle))
    gate.refuse_errors(bundle, allowed=allow_lint)
    let_through = withholding.refuse_published(bundle, allow)
    additions = [remote.addition(path, inside(bundle.path, path)) for path in files]
    say(f"look at {repo}")
    parent = remote.prepare(branch, private=private)
    there = remote.sizes(parent)
    earlier = _manifest_there(remote, parent, there)
    if earlier == bundle.bundle.content and not _differences(remote, parent, bundle.path):
        return Published(remote.page(parent), parent, changed=False)
    gone = _gone(repo, there, files, earlier)
    say(f"upload {len(files)} files")
    remote.upload(additions, branch)
    _verified_again(bundle)
    summary = message or f"Publish {bundle.manifest.name}, reprobundle {bundle.id}"
    summary += "".join(f"; allowed {one}" for one in let_through)
    commit = remote.commit(additions, gone, branch=branch, parent=parent, message=summary)
    say(f"compare commit {commit}")
    _compare(remote, commit, bundle)
    return Published(remote.page(commit), commit, changed=True)


def _verified_again(bundle: VerifiedBundle) -> VerifiedBundle:
    fresh = bundles.verify(bundle.path)
    if fresh.id != bundle.id:
        raise RefusedInputError(f"{bundle.path.name}: is another bundle now: expected {bundle.id}, found {fresh.id}")
    return fresh


def _files(bundle: VerifiedBundle) -> tuple[str, ...]:
    """What goes to the Hub: what is listed, the manifest, the signatures; never what the Hub itself put there."""
    return tuple(found.path for found in list_files(bundle.path) if found.path != HUB_ATTRIBUTES)


def _manifest_there(remote: Remote, commit: str, there: Mapping[str, int]) -> bytes | None:
    """The bytes of the manifest that a commit holds, if it holds one that could be a bundle's."""
    if there.get(manifests.NAME, MAX_DOCUMENT_BYTES + 1) > MAX_DOCUMENT_BYTES:
        return None
    with tempfile.TemporaryDirectory(prefix="reprobundle-hub-") as folder:
        remote.download(commit, (manifests.NAME,), Path(folder))
        return (Path(folder) / manifests.NAME).read_bytes()


def _gone(repo: str, there: Mapping[str, int], files: tuple[str, ...], earlier: bytes | None) -> tuple[str, ...]:
    """Files of the earlier bundle that the new one does not have.

    Raises:
        UsageError: There are files that no bundle put there.
    """
    left = set(there) - set(files) - {HUB_ATTRIBUTES}
    listed = _listed_earlier(earlier)
    foreign = sorted(path for path in left if path not in listed and not (listed and is_signature(path)))
    if foreign:
        message = f"{repo}: holds {len(foreign)} files that are of no bundle, such as {foreign[0]!r}"
        raise UsageError(message, hint="they are not ours to delete: name another repository or branch, or remove them")
    return tuple(sorted(left))


def _listed_earlier(earlier: bytes | None) -> frozenset[str]:
    if earlier is None:
        return frozenset()
    try:
        manifest = manifests.from_bytes(earlier)
    except RefusedInputError:  # somebody else's document of that name: nothing it lists is a bundle's
        return frozenset()
    return frozenset(entry.path for entry in manifest.files)


def _differences(remote: Remote, commit: str, folder: Path) -> tuple[str, ...]:
    return tuple(path for path in remote.differences(commit, folder) if path != HUB_ATTRIBUTES)


def _compare(remote: Remote, commit: str, bundle: VerifiedBundle) -> None:
    """Make sure that the Hub holds what was sent.

    Raises:
        UnavailableError: It does not; the message names what differs.
    """
    there = remote.sizes(commit)
    wrong = [entry.path for entry in bundle.manifest.files if there.get(entry.path) != entry.size]
    if _manifest_there(remote, commit, there) != bundle.bundle.content:
        wrong.append(manifests.NAME)
    wrong.extend(_differences(remote, commit, bundle.path))
    if wrong:
        names = ", ".join(repr(path) for path in sorted(set(wrong))[:SHOWN])
        message = f"{remote.name}: commit {commit} was made but differs from the bundle: {names}"
        raise UnavailableError(message, hint="publish again")


def pull(
    source: str,
    target: str | os.PathLike[str],
    *,
    endpoint: str | None = None,
    token: str | None = None,
    say: Say = silent,
) -> VerifiedBundle:
    """Bring a bundle from the Hub into a new folder, which appears whole and verified or not at all.

    The revision is resolved to one commit; every name in it is checked before anything is written; only what the
    manifest lists is downloaded, and signatures.

    Args:
        source: ``hub://USER/NAME``, with ``@REVISION`` for a branch, tag or commit.
        target: The folder to make; it must not exist.
        endpoint: Another Hub than the one huggingface_hub is set to.
        token: Another token than the one huggingface_hub finds.
        say: Is told each step.

    Raises:
        UsageError: The source cannot be read as one, or the target exists.
        RefusedInputError: What is there is no bundle, has an illegal name, or differs from its manifest.
        UnavailableError: The Hub refuses or does not answer.
    """
    name, revision = parse(source)
    place = Path(os.path.abspath(target))
    refuse_existing(place)
    remote = Remote.of(name, endpoint=endpoint, token=token)
    commit = remote.resolve(revision)
    say(f"list commit {commit}")
    there = remote.sizes(commit)
    _refuse_names(name, there)
    with staging(place) as folder:
        remote.download(commit, (manifests.NAME,), folder)
        wanted = _wanted(name, Bundle.open(folder).manifest, there)
        say(f"download {len(wanted)} of {len(there)} files")
        remote.download(commit, wanted, folder)
        shutil.rmtree(folder / LIBRARY_NOTES)
        say("verify")
        bundles.verify(folder)
    return bundles.verify(place)


def parse(source: str) -> tuple[str, str | None]:
    """The repository and the revision of ``hub://USER/NAME[@REVISION]``.

    Raises:
        UsageError: It has another form.
    """
    name, at, revision = source.removeprefix(SCHEME).partition("@")
    if not source.startswith(SCHEME) or not name or (at and not revision):
        raise UsageError(f"source {source!r}: expected {SCHEME}USER/NAME or {SCHEME}USER/NAME@REVISION")
    return name, revision or None


def _refuse_names(name: str, there: Mapping[str, int]) -> None:
    """Check every name of a commit, downloaded or not, and that it could be a bundle."""
    refuse_colliding(map(safe_path, there))
    if manifests.NAME not in there:
        raise RefusedInputError(f"{name}: is not a bundle: it has no {manifests.NAME}")
    if there[manifests.NAME] > MAX_DOCUMENT_BYTES:
        raise RefusedInputError(f"{name}: {manifests.NAME}: is larger than {MAX_DOCUMENT_BYTES} bytes")


def _wanted(name: str, manifest: Manifest, there: Mapping[str, int]) -> tuple[str, ...]:
    """The files to download beside the manifest: those it lists, which must be there in their size, and signatures."""
    wrong = [entry for entry in manifest.files if there.get(entry.path) != entry.size]
    if wrong:
        shown = "; ".join(
            f"{entry.path}: expected {entry.size} bytes, found {there.get(entry.path, 'nothing')}"
            for entry in wrong[:SHOWN]
        )
        raise RefusedInputError(f"{name}: differs from its manifest: {shown}")
    listed = [entry.path for entry in manifest.files]
    return tuple(dict.fromkeys((*listed, *sorted(filter(is_signature, there)))))
