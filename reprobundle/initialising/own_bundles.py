"""The newest bundle that this user captured here from the very source in a folder."""

from __future__ import annotations

from pathlib import Path

from reprobundle import captures
from reprobundle.errors import ReproBundleError
from reprobundle.initialising.project import read_start
from reprobundle.manifest import Manifest, from_bytes
from reprobundle.store import FileEntry, digest_bytes

SOURCE = "code/source/"


def newest(folder: Path) -> Manifest | None:
    """The manifest of the last such capture; None where there is none.

    A bundle counts whose own source files, those the model and the script are in, lie in the folder as they were captured.
    The log keeps manifests and not where bundles went, so nothing else of the bundle is read.
    """
    try:
        kept = sorted(captures.folder().glob("*.json"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        contents = (path.read_bytes() for path in kept)
        return next((found for found in map(_manifest, contents) if found is not None and is_of(found, folder)), None)
    except (OSError, RuntimeError):  # no home, or one that cannot be read, holds no captures
        return None


def _manifest(content: bytes) -> Manifest | None:
    try:
        return from_bytes(content)
    except ReproBundleError:  # of another version of this program
        return None


def is_of(manifest: Manifest, folder: Path) -> bool:
    """Whether a bundle's own modules are files of the folder, byte for byte."""
    entries = {entry.path: entry for entry in manifest.files}
    own = [entries[module.path] for module in manifest.code.modules if module.path in entries]
    return bool(own) and all(_is_same(entry, folder) for entry in own)


def _is_same(entry: FileEntry, folder: Path) -> bool:
    place = folder / entry.path.removeprefix(SOURCE)
    try:
        return place.stat().st_size == entry.size and digest_bytes(read_start(place, entry.size)) == entry.xxh3_128
    except OSError:
        return False
