"""Pickles among the source: packed as any file, and named, because whoever loads one runs what it says."""

from __future__ import annotations

import io
import zipfile

from reprobundle.components.interface import Stage, attempt
from reprobundle.phrases import counted, some

SHOWN = 3
PROTOCOLS = range(2, 6)
PICKLE = b"\x80"
ZIP, TORCH, SCRIPT, ARRAY = b"PK\x03\x04", "/data.pkl", "/constants.pkl", ".npy"
NUMPY, OBJECTS = b"\x93NUMPY", b"'|O'"
HEAD = 1024  # bytes in which an array names its dtype
MOST_ARRAYS = 100
HINT = (
    "reprobundle never loads one; git rm --cached keeps a checkpoint out of git and out of the next bundle, which holds the "
    "model's weights in a form of its own"
)


def is_pickle(content: bytes) -> bool:
    """Whether a file is a pickle, an archive of ``torch.save``, or numpy arrays of Python objects, by its bytes."""
    if content.startswith(PICKLE):
        return content[1:2] != b"" and content[1] in PROTOCOLS
    if content.startswith(ZIP):
        return attempt(lambda: _holds_pickle(content)) is True  # what is no whole archive is loaded by nobody
    return _holds_objects(content[:HEAD])


def _holds_pickle(content: bytes) -> bool:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if any(name.endswith(TORCH) for name in names):
            return not any(name.endswith(SCRIPT) for name in names)  # of a script torch allows known names only
        return any(_holds_objects(_head(archive, name)) for name in names[:MOST_ARRAYS] if name.endswith(ARRAY))


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        return file.read(HEAD)


def _holds_objects(head: bytes) -> bool:
    return head.startswith(NUMPY) and OBJECTS in head


def tell(paths: list[str], stage: Stage) -> None:
    """Note which files of the source are pickles.

    Args:
        paths: Of them, as people know them.
        stage: Takes the note.
    """
    if paths:
        verb = "is a pickle" if len(paths) == 1 else "are pickles"
        message = f"{counted(len(paths), 'source file')} {verb}, and whoever loads a pickle runs what it says"
        stage.note("code", f"{message}: {some([*map(repr, sorted(paths))], SHOWN)}", hint=HINT)
