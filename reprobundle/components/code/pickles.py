"""Pickles among the source: packed as any file, and named, because whoever loads one runs what it says."""

from __future__ import annotations

from reprobundle.components.interface import Stage
from reprobundle.phrases import counted, some

SHOWN = 3
PROTOCOLS = range(2, 6)
PICKLE = b"\x80"
ZIP, TORCH, SCRIPT = b"PK\x03\x04", b"/data.pkl", b"/constants.pkl"
NUMPY, OBJECTS = b"\x93NUMPY", b"'|O'"
HEAD = 1024  # bytes in which an archive of torch.save names its pickle, and an array its dtype
HINT = (
    "reprobundle never loads one, and the weights are in the bundle as safetensors: git rm --cached keeps a checkpoint "
    "out of git and out of the next bundle"
)


def is_pickle(content: bytes) -> bool:
    """Whether a file is a pickle, an archive of ``torch.save``, or a numpy array of Python objects, by its bytes."""
    if content.startswith(PICKLE):
        return content[1:2] != b"" and content[1] in PROTOCOLS
    head = content[:HEAD]
    if head.startswith(ZIP):
        return TORCH in head and SCRIPT not in content  # torch reads a script's by a list of what it may call
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
