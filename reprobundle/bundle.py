"""A bundle on disk: a claim until it is verified, then a value of another type that may be used.

Only `Bundle.verify` makes a `VerifiedBundle`, and only that type can be run, exported or published.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle import manifest as manifests
from reprobundle import tensors
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.manifest import Manifest
from reprobundle.store import FileEntry, Writer, digest_bytes, digest_file, inside, list_files
from reprobundle.store.digests import open_regular
from reprobundle.store.writing import disk_errors

BORROWED_BYTES = 64 * 2**20
SETTLED_SECONDS = (
    2.0  # a file written less long ago could change once more without a later time: no clock of disks is finer
)
FAULTS_SHOWN = 3
SIGNATURES = "signatures"
ARCHIVE_SUFFIXES = (".zip", ".tar")
FOREIGN = (("bagit.txt", "a BagIt bag", "data"), ("ro-crate-metadata.json", "an RO-Crate", "bundle"))
FOLDER_HINT = "a bundle is the folder that capture made"
ARCHIVE_HINT = "an archive of a bundle is read with: reprobundle unpack FILE DIR"
GET_IT_AGAIN = "nothing of it was run; get the bundle again: what was edited after it was sealed, or damaged on its way, is refused"
LEFT_BEHIND = re.compile(
    r"^(?:[^:]*/)?(__pycache__|\.DS_Store|\.ipynb_checkpoints|Thumbs\.db|desktop\.ini|\.pytest_cache|\.mypy_cache)(?:/[^:]*)?"
    r": is not listed in the manifest$"
)
HUB_ATTRIBUTES = ".gitattributes"
HUB_LINE_END = b"filter=lfs diff=lfs merge=lfs -text"


@dataclass(frozen=True)
class Bundle:
    """A folder that claims to be a bundle.

    Attributes:
        path: The folder.
        manifest: What it says of itself.
        content: The bytes of its ``manifest.json``.
    """

    path: Path
    manifest: Manifest
    content: bytes

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Bundle:
        """Read a bundle's manifest; nothing else is looked at.

        Raises:
            RefusedInputError: It is no folder, has no manifest, or the manifest breaks the form.
        """
        folder = Path(path)
        if not folder.is_dir():
            found = "a file" if folder.exists() else "nothing there"
            hint = ARCHIVE_HINT if folder.suffix.lower() in ARCHIVE_SUFFIXES and folder.is_file() else FOLDER_HINT
            raise RefusedInputError(f"{str(path)!r} is not a bundle: expected a folder, found {found}", hint=hint)
        place = folder / manifests.NAME
        if not os.path.lexists(place):
            hint = _inside_hint(folder) or f"{FOLDER_HINT}; its manifest is written last"
            raise RefusedInputError(f"{str(path)!r} is not a bundle: it has no {manifests.NAME}", hint=hint)
        content = _read_small(place)
        return cls(folder, manifests.from_bytes(content), content)

    @property
    def id(self) -> str:
        """XXH3-128 of the bytes of ``manifest.json``: names the bundle."""
        return digest_bytes(self.content)

    def faults(self, seen: dict[str, tuple[int, ...]] | None = None) -> Iterator[str]:
        """Every way in which the folder differs from its manifest: names first, then sizes, then content.

        Args:
            seen: Takes the identity that each large file had while it was digested, if it was written long enough before.
        """
        listed = {entry.path: entry for entry in self.manifest.files}
        present = {found.path: found.size for found in list_files(self.path)}
        missing = [f"{path}: is listed but missing" for path in listed if path not in present]
        extra = [f"{path}: is not listed in the manifest" for path in present if not self._may_stand(path, listed)]
        sizes = [
            f"{path}: size differs: expected {entry.size} bytes, found {present[path]}"
            for path, entry in listed.items()
            if path in present and present[path] != entry.size
        ]
        yield from (*missing, *extra, *sizes)
        if not (missing or extra or sizes):
            yield from filter(None, (_content_fault(self.path, entry, seen) for entry in listed.values()))

    def _may_stand(self, path: str, listed: Mapping[str, FileEntry]) -> bool:
        if path in listed or path == manifests.NAME:
            return True
        if path == HUB_ATTRIBUTES:
            lines = _read_small(inside(self.path, path)).splitlines()
            return all(line.endswith(HUB_LINE_END) for line in lines)
        return is_signature(path)

    def verify(self) -> VerifiedBundle:
        """Check every name, size and digest, and every header of a safetensors file.

        Raises:
            RefusedInputError: Something differs; the message names it.
        """
        seen: dict[str, tuple[int, ...]] = {}
        faults = list(self.faults(seen))
        if faults:
            more = f"; and {len(faults) - FAULTS_SHOWN} more" if len(faults) > FAULTS_SHOWN else ""
            raise RefusedInputError("; ".join(faults[:FAULTS_SHOWN]) + more, hint=_way_out(faults))
        return VerifiedBundle(self, seen, _token=_TOKEN)

    def signatures(self) -> tuple[str, ...]:
        """Paths of the signatures that stand beside the manifest, sorted; whether one is good is another question."""
        listed = {entry.path for entry in self.manifest.files}
        folder = self.path / SIGNATURES
        names = sorted(f"{SIGNATURES}/{place.name}" for place in folder.iterdir()) if folder.is_dir() else []
        return tuple(path for path in names if is_signature(path) and path not in listed)


def _inside_hint(folder: Path) -> str | None:
    """Where a bundle may lie in a folder of another form; of what such a form says of itself nothing is read or followed."""
    for mark, kind, within in FOREIGN:
        if (folder / mark).is_file() and os.path.lexists(folder / within / manifests.NAME):
            place = str(folder / within)
            return f"it looks like {kind}; the bundle in it is {place!r}, and nothing but that would be read"
    return None


def _way_out(faults: Sequence[str]) -> str:
    """What to do: delete what a program or the system left behind, where that is all that is wrong; else get it again."""
    named = [LEFT_BEHIND.search(fault) for fault in faults]
    if not all(named):
        return GET_IT_AGAIN
    names = ", ".join(sorted({found[1] for found in named if found}))
    return f"delete {names}, which a program left in the folder, and verify again"


_TOKEN = object()


class VerifiedBundle:
    """A bundle whose files were all found as the manifest lists them.

    Attributes:
        bundle: The bundle.
    """

    def __init__(self, bundle: Bundle, seen: Mapping[str, tuple[int, ...]], *, _token: object) -> None:
        """Only `Bundle.verify` can call this."""
        if _token is not _TOKEN:
            raise TypeError("a VerifiedBundle comes from Bundle.verify() alone")
        self.bundle = bundle
        self._seen = seen

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        return self.bundle.manifest

    @property
    def path(self) -> Path:
        """The folder."""
        return self.bundle.path

    @property
    def id(self) -> str:
        """XXH3-128 of the manifest's bytes."""
        return self.bundle.id

    @property
    def signatures(self) -> tuple[str, ...]:
        """Paths of the signatures beside the manifest; whether one is good is another question."""
        return self.bundle.signatures()

    def view(self, folder: Path) -> View:
        """Make a private view: files copied and digested in one pass, large weights borrowed where that is safe.

        Args:
            folder: An empty folder that nobody else can write.

        Raises:
            RefusedInputError: A file changed since the bundle was verified.
        """
        writer, resuming = Writer(folder), self.manifest.hyperparameters.resuming
        borrowed: dict[str, tuple[Path, tuple[int, ...]]] = {}
        together = self.manifest.model.loader == "for_onnx" and len(self.manifest.model.files) > 1  # one folder
        heavy = set(() if together else self.manifest.model.files) | ({resuming.tensors} if resuming else set())
        for entry in self.manifest.files:
            place = inside(self.path, entry.path)
            large = entry.path in heavy and entry.size > BORROWED_BYTES
            if large and is_safe_to_borrow(place):
                borrowed[entry.path] = (place.resolve(), _borrow(place, entry, self._seen.get(entry.path)))
            elif writer.copy(entry.path, place) != entry:
                raise RefusedInputError(f"{entry.path}: changed since the bundle was verified")
        return View(folder, borrowed)


@dataclass(frozen=True)
class View:
    """A bundle's files as they were verified.

    Attributes:
        root: The private folder.
        borrowed: Large weights that stay where they are, with their identity when they were digested.
    """

    root: Path
    borrowed: Mapping[str, tuple[Path, tuple[int, ...]]]

    def place(self, path: str) -> Path:
        """Where a file of the bundle is."""
        return self.borrowed[path][0] if path in self.borrowed else inside(self.root, path)

    def changed(self) -> tuple[str, ...]:
        """Borrowed files that are no longer what was digested."""
        return tuple(path for path, (place, seen) in self.borrowed.items() if _identity(place) != seen)


def seal(writer: Writer, manifest: Manifest) -> bytes:
    """Write the manifest, last of all; gives its bytes."""
    content = manifests.to_bytes(manifest.model_copy(update={"files": writer.entries}))
    writer.write(manifests.NAME, content)
    return content


def is_signature(path: str) -> bool:
    """Whether a path of a bundle is one where a signature may stand without being listed."""
    return path.startswith(f"{SIGNATURES}/") and path.endswith(".sigstore.json") and path.count("/") == 1


def verify(path: str | os.PathLike[str]) -> VerifiedBundle:
    """Open and verify a bundle; runs nothing of it.

    Raises:
        RefusedInputError: It is no bundle, or differs from its manifest.
    """
    return Bundle.open(path).verify()


def _read_small(place: Path) -> bytes:
    with disk_errors(place.name):
        descriptor = open_regular(place)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(2**24 + 1)  # one byte over the limit for documents, which refuses it


def _content_fault(root: Path, entry: FileEntry, seen: dict[str, tuple[int, ...]] | None) -> str | None:
    place = inside(root, entry.path)
    try:
        before = _settled(place) if seen is not None and entry.size > BORROWED_BYTES else None
        size, digest = digest_file(place)
    except OSError as error:
        raise UnavailableError(f"{entry.path}: cannot be read: {error.strerror}") from error
    if (size, digest) != (entry.size, entry.xxh3_128):
        return f"{entry.path}: digest differs: expected {entry.xxh3_128}, found {digest}"
    if entry.path.endswith(".safetensors"):
        tensors.read_places(place)
    if seen is not None and before is not None and _identity(place) == before:
        seen[entry.path] = before
    return None


def _settled(place: Path) -> tuple[int, ...] | None:
    """A file's identity; None where it was written so lately that a change to come need not show in it."""
    status = place.lstat()
    long_ago = time.time() - max(status.st_mtime, status.st_ctime) > SETTLED_SECONDS
    return _identity(place) if long_ago else None


def _identity(place: Path) -> tuple[int, ...]:
    status = place.lstat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


def _borrow(place: Path, entry: FileEntry, verified: tuple[int, ...] | None) -> tuple[int, ...]:
    """The identity of a file that is used where it lies; it is digested again only where it may have changed since."""
    seen = _identity(place)
    if seen == verified:
        return seen
    if digest_file(place) != (entry.size, entry.xxh3_128) or _identity(place) != seen:
        raise RefusedInputError(f"{entry.path}: changed since the bundle was verified")
    return seen


def is_safe_to_borrow(place: Path) -> bool:
    """Whether this user owns the file and nobody else can write it or any folder above it."""
    if not hasattr(os, "getuid"):
        return False
    trusted = {0, os.getuid()}
    for path in (place.resolve(), *place.resolve().parents):
        status = path.stat()
        shared = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX
        if status.st_uid not in trusted or shared:
            return False
    return place.lstat().st_uid == os.getuid()
