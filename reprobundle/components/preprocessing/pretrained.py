"""Tokenizers, image processors and feature extractors: what writes itself to where ``from_pretrained`` looks for it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle.components.interface import Failure, Stage, attempt
from reprobundle.components.preprocessing.section import NAME

OWN = ("CITATION.cff", "README.md", "manifest.json", "ro-crate-metadata.json")
OF_THE_MODEL = ("config.json", "generation_config.json", "model.safetensors", "model.safetensors.index.json")
FOLDERS = ("code", "data", "documentation", "environment", "preprocessing", "replay", "signatures")
TAKEN_NAMES = frozenset({".gitattributes", *OWN, *OF_THE_MODEL, *FOLDERS})


def saves_itself(given: Any) -> bool:
    """Whether an object has a ``save_pretrained`` of its own."""
    return callable(getattr(given, "save_pretrained", None)) and not isinstance(given, type)


@dataclass
class Saved:
    """What lies at the root of the bundle, where there is room for one.

    Attributes:
        thing: The tokenizer or processor that wrote it; None so far.
        files: What it wrote, sorted.
    """

    thing: Any = None
    files: tuple[str, ...] = ()

    def save(self, thing: Any, stage: Stage) -> bool:
        """Let an object write itself, once; gives whether what lies at the root is its own."""
        if self.thing is None:
            self.thing, self.files = thing, write(thing, stage)
        return self.thing is thing and bool(self.files)


def write(given: Any, stage: Stage) -> tuple[str, ...]:
    """Let a tokenizer or processor write its files and folders apart, then copy them to the root.

    Args:
        given: An object with ``save_pretrained``.
        stage: Takes the files, and a note for each that cannot stand in a bundle.

    Returns:
        The files in the bundle, sorted.
    """
    with tempfile.TemporaryDirectory(prefix="reprobundle-tokenizer-") as apart:
        folder = Path(apart)
        saved = attempt(lambda: given.save_pretrained(apart))
        if isinstance(saved, Failure):
            hint = "run save_pretrained(folder) to see it fail"
            stage.note(NAME, f"{type(given).__name__} cannot be saved: {saved.why}", hint=hint)
            return ()
        found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        for path in filter(_is_taken, found):
            what = "folder" if "/" in path else "file"
            stage.note(NAME, f"{path!r} of {type(given).__name__} is left out: the bundle has a {what} of that name")
        kept = [path for path in found if not _is_taken(path)]
        return tuple(stage.writer.copy(path, folder / path).path for path in kept)


def _is_taken(path: str) -> bool:
    return path.partition("/")[0] in TAKEN_NAMES
