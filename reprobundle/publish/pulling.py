"""A bundle from a Hub into a verified folder: one commit → every name → the manifest → what it lists → verify."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle import manifest as manifests
from reprobundle.bundle import Bundle, VerifiedBundle, is_signature
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, sized
from reprobundle.publish.destinations import Say, silent
from reprobundle.publish.gathering import gathered, keep_whole, move
from reprobundle.publish.patience import Patience
from reprobundle.publish.remote import Entry, Remote
from reprobundle.records import MAX_DOCUMENT_BYTES
from reprobundle.store import refuse_colliding, safe_path, staging
from reprobundle.store.sealing import refuse_unwritable

SCHEME = "hub://"
SHOWN = 3
MAX_SIGNATURES = 64
MAX_SIGNATURE_BYTES = 2**25  # a digest and a path for each of 100,000 files


def pull(
    source: str,
    target: str | os.PathLike[str],
    *,
    endpoint: str | None = None,
    token: str | None = None,
    patience: Patience | None = None,
    bars: bool = False,
    say: Say = silent,
) -> VerifiedBundle:
    """Bring a bundle from the Hub into a new folder, which appears whole and verified or not at all.

    The revision is resolved to one commit; every name in it is checked before anything is written; only what the
    manifest lists is downloaded, and signatures. No file gets longer on the disk than the manifest says.

    Args:
        source: ``hub://USER/NAME``, with ``@REVISION`` for a branch, tag or commit.
        target: The folder to make; it must not exist.
        endpoint: Another Hub than the one huggingface_hub is set to.
        token: Another token than the one huggingface_hub finds.
        patience: How long the Hub is waited for.
        bars: Whether the library shows bars of large files.
        say: Is told each step.

    Raises:
        UsageError: The source cannot be read as one, or the target exists.
        RefusedInputError: What is there is no bundle, has an illegal name, or differs from its manifest.
        UnavailableError: The Hub refuses or does not answer.
    """
    name, revision = parse(source)
    place = Path(os.path.abspath(target))
    refuse_unwritable(place)
    remote = Remote.of(name, endpoint=endpoint, token=token, say=say, bars=bars, patience=patience)
    commit = remote.tip(revision)
    say(f"list commit {commit}")
    there = remote.listing(commit)
    _refuse_names(name, there)
    with gathered(place, str(remote.api.endpoint), name, commit) as room:
        (room / manifests.NAME).unlink(missing_ok=True)
        remote.download(commit, {manifests.NAME: there[manifests.NAME].size}, room)
        manifest = Bundle.open(room).manifest
        wanted = _wanted(name, manifest, there)
        _download(remote, commit, wanted, keep_whole(room, manifest), room)
        say("verify")
        with staging(place) as folder:
            move(room, folder)
            bundles.verify(folder)
    return bundles.verify(place)


def _download(remote: Remote, commit: str, wanted: Mapping[str, int], here: frozenset[str], room: Path) -> None:
    """Bring what is wanted and not here yet."""
    missing = {path: size for path, size in wanted.items() if path not in here}
    if here:
        size = sized(sum(wanted[path] for path in here))
        remote.say(f"{counted(len(here), 'file')} of an earlier run, {size}, are whole and are kept")
    remote.say(f"download {counted(len(missing), 'file')} of {len(wanted)}, {sized(sum(missing.values()))}")
    remote.download(commit, missing, room)


def parse(source: str) -> tuple[str, str | None]:
    """The repository and the revision of ``hub://USER/NAME[@REVISION]``.

    Raises:
        UsageError: It has another form.
    """
    name, at, revision = source.removeprefix(SCHEME).partition("@")
    if not source.startswith(SCHEME) or not name or (at and not revision):
        raise UsageError(f"source {source!r}: expected {SCHEME}USER/NAME or {SCHEME}USER/NAME@REVISION")
    return name, revision or None


def _refuse_names(name: str, there: Mapping[str, Entry]) -> None:
    """Check every name of a commit, downloaded or not, and that it could be a bundle."""
    refuse_colliding(map(safe_path, there))
    if manifests.NAME not in there:
        raise RefusedInputError(f"{name}: is not a bundle: it has no {manifests.NAME}")
    if there[manifests.NAME].size > MAX_DOCUMENT_BYTES:
        raise RefusedInputError(f"{name}: {manifests.NAME}: is larger than {MAX_DOCUMENT_BYTES} bytes")


def _wanted(name: str, manifest: Manifest, there: Mapping[str, Entry]) -> dict[str, int]:
    """The files to download beside the manifest, with their sizes: those it lists, and signatures.

    Raises:
        RefusedInputError: One that is listed is not there in its size, or signatures are too many or too large.
    """
    sizes = {path: entry.size for path, entry in there.items()}
    wrong = [entry for entry in manifest.files if sizes.get(entry.path) != entry.size]
    if wrong:
        shown = "; ".join(
            f"{entry.path}: expected {entry.size} bytes, found {sizes.get(entry.path, 'nothing')}"
            for entry in wrong[:SHOWN]
        )
        raise RefusedInputError(f"{name}: differs from its manifest: {shown}")
    signatures = sorted(filter(is_signature, there))
    if len(signatures) > MAX_SIGNATURES or any(sizes[path] > MAX_SIGNATURE_BYTES for path in signatures):
        limit = f"{MAX_SIGNATURES} of {MAX_SIGNATURE_BYTES} bytes"
        raise RefusedInputError(f"{name}: has more or larger signatures than a bundle has: at most {limit}")
    listed = [entry.path for entry in manifest.files]
    return {path: sizes[path] for path in dict.fromkeys((*listed, *signatures))}
