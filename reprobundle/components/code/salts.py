"""Salts of private splits among the source: a file that holds one stays out, wherever it lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reprobundle.components.code.repository import command
from reprobundle.components.interface import Stage
from reprobundle.secrecy.holding import holds

REASON = "holds the salt of a private split"
NOW, THEN = "now", "then"
OF_CHANGE = "is not in the patch: its change tells the salt of a private split"
LARGEST = 2**27  # bytes; a patch that tells a larger file is left out as a whole
HINT = (
    "name another file in private=, which makes a new salt, and take the old one out of git: "
    "who has it can try samples against every bundle recorded under it"
)


class Salts:
    """The salts that must not be packed, and whether one was met."""

    def __init__(self, salts: Sequence[bytes]) -> None:
        """Take the salts, 32 bytes each."""
        self._salts = tuple(salts)
        self._met = False

    def are_in(self, content: bytes) -> bool:
        """Whether one stands in some content."""
        found = holds(content, self._salts)
        self._met = self._met or found
        return found

    def are_told_by(self, root: Path, name: str) -> bool:
        """Whether the change of a tracked file would tell one: it stands in the file as it is, or as it was committed.

        Args:
            root: The working tree's top folder.
            name: Of the file, relative to it.
        """
        return bool(self._salts) and any(self.are_in(content) for _, content in sides(root, name))

    def tell(self, stage: Stage) -> None:
        """Note that one was met."""
        if self._met:
            message = "the salt of a private split stands in the source: what holds it is left out of the bundle"
            stage.note("code", message, hint=HINT)


def sides(root: Path, name: str) -> Iterator[tuple[str, bytes]]:
    """A changed file as it is, and as it was committed; ``now`` or ``then`` with its bytes.

    Args:
        root: The working tree's top folder.
        name: Of the file, relative to it.
    """
    place = root / name
    if place.is_file() and not place.is_symlink() and place.stat().st_size <= LARGEST:
        yield NOW, place.read_bytes()
    listed = command(root, "ls-tree", "-z", "-l", "HEAD", "--", name).split(maxsplit=4)
    size = listed[3].decode("ascii") if len(listed) > 3 else "-"  # added since; a submodule has no size
    if size.isdecimal() and int(size) <= LARGEST:
        yield THEN, command(root, "cat-file", "blob", listed[2].decode("ascii"))
