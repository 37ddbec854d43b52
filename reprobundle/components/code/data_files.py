"""Files of data splits among the source: those of a private split stay out of the bundle, others are told."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.interface import DataPlace, Stage
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import counted, sized, some
from reprobundle.secrecy.advising import clearing
from reprobundle.store import digest_bytes, digest_file

SHOWN = 3
REASON = "holds data of the private split"
OUTPUT_MARK = b'"output_type"'  # of a cell of a notebook that was run
PUBLIC_HINT = (
    "keep it out of git (git rm --cached, .gitignore), or give DataSplit(…, private=…), which leaves its files out"
)
PRIVATE_HINT = "keep them out of git: what has been committed stays in its history"


@dataclass(frozen=True)
class Withheld:
    """Why a file stays out of the bundle.

    Attributes:
        split: The private split whose data it holds.
        hidden: How many parts of its path, from the end, are not told.
    """

    split: str
    hidden: int

    @property
    def reason(self) -> str:
        """In words, to follow the path."""
        return f"{REASON} {self.split!r}"

    def shown(self, path: str) -> str:
        """As much of a path as may be told."""
        parts = path.split("/")
        return "/".join(parts[: max(len(parts) - self.hidden, 0)]) or "."


class DataFiles:
    """What is known of where the data of splits lies, and what of it met the packer."""

    def __init__(self, places: Sequence[DataPlace], largest: int) -> None:
        """Take the places.

        Args:
            places: Files and folders of splits.
            largest: Bytes of the largest file that is packed at all; larger ones need not be known by content.
        """
        self._public = {place.place: place.split for place in places if not place.private}
        self._private = {place.place: place.split for place in places if place.private}
        self._largest = largest
        self._sizes: dict[int, list[Path]] | None = None
        self._digests: dict[Path, str | None] = {}
        self._packed: Counter[str] = Counter()
        self._packed_bytes: Counter[str] = Counter()
        self._withheld: dict[str, set[Path]] = {}
        self._shown: list[str] = []

    def withheld(self, file: Path) -> Withheld | None:
        """Whether a file must stay out for the place it lies at.

        Args:
            file: Absolute; it need not be there any more.
        """
        found = _holder(self._private, file)
        return None if found is None else self._remembered(self._private[found], file, found)

    def withheld_copy(self, file: Path, content: bytes) -> Withheld | None:
        """Whether some content must stay out, wherever it lies, because it is that of a file of a private split.

        Args:
            file: Where it lies, or lay.
            content: All of it.
        """
        candidates = self._known().get(len(content), [])
        digest = digest_bytes(content) if candidates else ""
        same = next((place for place in candidates if self._digest(place) == digest), None)
        found = None if same is None else _holder(self._private, same)
        return None if found is None else self._remembered(self._private[found], file, None)

    def of_size(self, size: int) -> bool:
        """Whether a file of a private split has this size, so that its content is worth a look."""
        return size in self._known()

    def packed(self, path: str, file: Path, content: bytes) -> None:
        """Remember what went into the bundle."""
        found = _holder(self._public, file)
        if found is not None:
            split = self._public[found]
            self._packed[split] += 1
            self._packed_bytes[split] += len(content)
        if self._private and path.endswith(".ipynb") and OUTPUT_MARK in content:
            self._shown.append(path.partition("/source/")[2] or path)

    def tell(self, stage: Stage) -> None:
        """Note what stayed out, and what data travels in the bundle."""
        if self._withheld:
            told = [f"{counted(len(files), 'file')} of {name!r}" for name, files in sorted(self._withheld.items())]
            message = f"left out of the source, because they hold data of a private split: {some(told, SHOWN)}"
            stage.note("code", message, hint=PRIVATE_HINT)
        if self._packed:
            shown = [
                f"{counted(count, 'file')} of data split {name!r} ({sized(self._packed_bytes[name])})"
                for name, count in sorted(self._packed.items())
            ]
            stage.note("code", f"data travels in the bundle, among the source: {some(shown, SHOWN)}", hint=PUBLIC_HINT)
        if self._shown:
            shown = [repr(path) for path in sorted(self._shown)]
            message = f"notebooks are packed with their outputs, which may show what is private: {some(shown, SHOWN)}"
            hint = f"clear the outputs: {clearing(sorted(self._shown))}; or keep the notebook out of git"
            stage.note("code", message, hint=hint)

    def _remembered(self, split: str, file: Path, place: Path | None) -> Withheld:
        """What is told of a file; names of files of a private split are told only where it is one file alone."""
        there = Path(os.path.realpath(file))
        self._withheld.setdefault(split, set()).add(there)
        if place is not None and place != there:
            return Withheld(split, len(there.relative_to(place).parts))
        own = [one for one, other in self._private.items() if other == split]
        return Withheld(split, int(len(own) > 1 or own[0].is_dir()))

    def _known(self) -> dict[int, list[Path]]:
        """The files of private splits by size; empty ones say nothing."""
        if self._sizes is None:
            self._sizes = {}
            for file in _files(self._private):
                size = file.stat().st_size if file.is_file() else 0
                if 0 < size <= self._largest:
                    self._sizes.setdefault(size, []).append(file)
        return self._sizes

    def _digest(self, file: Path) -> str | None:
        if file not in self._digests:
            self._digests[file] = _digest_of(file)
        return self._digests[file]


def _digest_of(file: Path) -> str | None:
    try:
        return digest_file(file)[1]
    except (OSError, RefusedInputError):  # it changes or is gone: the split itself says so
        return None


def _holder(places: dict[Path, str], file: Path) -> Path | None:
    """The place that has a file: named itself, or a folder around it."""
    if not places:
        return None
    there = Path(os.path.realpath(file))
    return next((place for place in (there, *there.parents) if place in places), None)


def _files(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if not place.is_dir():
            yield place
            continue
        for folder, _, names in os.walk(place):
            yield from (Path(folder, name) for name in names)
