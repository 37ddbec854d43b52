"""Where the links in a model's folder may lead, so that a downloaded folder cannot name the person's own files."""

from __future__ import annotations

from pathlib import Path

from reprobundle.errors import RefusedInputError
from reprobundle.secrecy.names import is_secret


def kept(folder: Path, name: str) -> Path | None:
    """The regular file that a name in a folder leads to; None where there is none, or where it must not be read.

    A link may lead into the folder itself, or among the blobs of the Hub's cache that the folder is a snapshot of, and
    never to a file that by its name holds secrets.
    """
    entry = folder / name
    if not entry.is_file() or is_secret(name):
        return None
    if not entry.is_symlink():
        return entry.resolve()
    target = entry.resolve()
    inside = target.is_relative_to(folder.resolve()) or target.parent in _blobs(folder.resolve())
    return target if inside and not is_secret(target.as_posix()) else None


def needed(folder: Path, name: str) -> Path:
    """The regular file that a name in a folder leads to, for what the model cannot do without.

    Raises:
        RefusedInputError: It is no regular file, or leads to a file elsewhere.
    """
    found = kept(folder, name)
    if found is None:
        hint = "put the file itself there, if it is meant to be read"
        found_there = "a link to a file elsewhere" if (folder / name).is_file() else "something else"
        message = f"model {folder.name!r}: expected {name[:200]!r} to be a file of the folder, found {found_there}"
        raise RefusedInputError(message, hint=hint)
    return found


def _blobs(folder: Path) -> set[Path]:
    """Where the Hub's cache keeps the files of a snapshot: ``models--X/blobs`` for ``models--X/snapshots/REVISION``."""
    return {above.parent / "blobs" for above in folder.parents if above.name == "snapshots"}
