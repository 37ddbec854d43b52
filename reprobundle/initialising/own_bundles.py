"""The newest bundle that this user captured here from the very source in a folder."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from reprobundle import captures
from reprobundle.errors import ReproBundleError
from reprobundle.initialising.project import read_start
from reprobundle.manifest import Manifest, from_bytes
from reprobundle.store import FileEntry, digest_bytes

SOURCE = "code/source/"
TELLING = frozenset({".yaml", ".yml", ".json", ".ini", ".cfg"})  # what configures a training, or tells what came of it
OWN = frozenset({"reprobundle.yaml"})


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
    """Whether a bundle's own modules are files of the folder, byte for byte, and all else of its source that is there still.

    A configuration or a file of metrics that changed since tells of another training.
    """
    entries = {entry.path: entry for entry in manifest.files}
    own = [entries[module.path] for module in manifest.code.modules if module.path in entries]
    more = [
        entry for path, entry in entries.items() if _is_telling(path) and (folder / path.removeprefix(SOURCE)).is_file()
    ]
    return bool(own) and all(_is_same(entry, folder) for entry in (*own, *more))


def _is_telling(path: str) -> bool:
    """Whether a file of the source says how a model was trained, or what came of it: not its pages, nor this program's own."""
    place = PurePosixPath(path.removeprefix(SOURCE))
    return (
        path.startswith(SOURCE)
        and place.suffix in TELLING
        and place.parts[0] != "documentation"
        and place.name not in OWN
    )


def _is_same(entry: FileEntry, folder: Path) -> bool:
    place = folder / entry.path.removeprefix(SOURCE)
    try:
        return place.stat().st_size == entry.size and digest_bytes(read_start(place, entry.size)) == entry.xxh3_128
    except OSError:
        return False
