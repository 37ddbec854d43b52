"""One path in two bundles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.store import FileEntry

Roots = tuple[Path, Path]


@dataclass(frozen=True)
class Pair:
    """One path in two bundles.

    Attributes:
        path: The path.
        first: Its entry in the first; None where it is not there.
        second: Its entry in the second.
        repeats: Where a difference of the section has this word in it, the file says nothing new; None: it always does.
        weight: What another content of it weighs, where that can be told.
    """

    path: str
    first: FileEntry | None
    second: FileEntry | None
    repeats: str | None = None
    weight: Judgement | None = None

    @property
    def differs(self) -> bool:
        """Whether the bytes are not the same in both."""
        return self.first != self.second
