"""Folders that this program itself made, in what a capture takes along: earlier bundles, and reports of replays.

They are no part of anybody's project or data, and each capture would find others. What a person has git track is theirs.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from reprobundle import process
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.store.writing import disk_errors

IGNORE = ".gitignore"
IGNORED = b"# reports that reprobundle made: no commit and no later bundle takes them along\n*\n"
MARKS = {  # each file with what stands in its beginning
    "manifest.json": b'"manifest_xxh3_128"',
    "report.json": b'"report_schema"',
    "drift.json": b'"drift_schema"',
    IGNORE: IGNORED,
}
HEAD_BYTES = 256
SECONDS = 60.0
SHOWN = 3
REMARK = "left out {} that reprobundle made (bundles or reports, which git does not track): {}"


def keep_out_of_git(folder: Path) -> None:
    """Have git ignore a folder of reports, unless somebody has said otherwise.

    Args:
        folder: Is there.

    Raises:
        UnavailableError: It cannot be written.
    """
    with disk_errors(str(folder)):
        try:
            with (folder / IGNORE).open("xb") as file:
                file.write(IGNORED)
        except FileExistsError:
            return


def made_here(folder: Path, names: Collection[str] | None = None) -> bool:
    """Whether this program made a folder, as a file in it says.

    Args:
        folder: The folder.
        names: Its files, where they are known.
    """
    return any(_begins(folder / name, mark) for name, mark in MARKS.items() if names is None or name in names)


class Leftovers:
    """Tells such folders below another one; git is asked once, and only where there is one."""

    def __init__(self, root: str) -> None:
        """Remember where; nothing is read yet."""
        self._root = Path(root)
        self._tracked: frozenset[str] | None = None
        self._known: dict[str, bool] = {"": False, ".": False, "..": False}

    def has(self, below: str, names: Collection[str]) -> bool:
        """Whether a folder is one.

        Args:
            below: Its path from the root, with slashes.
            names: Its files.
        """
        return made_here(self._root / below, names) and not self._is_tracked(below)

    def around(self, below: str) -> str | None:
        """The outermost such folder that another one is or lies in, by its path from the root; None where there is none.

        Args:
            below: The other's path from the root, with slashes; ``.`` for the root itself.
        """
        return next((path for path in map("/".join, _beginnings(below.split("/"))) if self._knows(path)), None)

    def _knows(self, below: str) -> bool:
        if below not in self._known:
            self._known[below] = made_here(self._root / below) and not self._is_tracked(below)
        return self._known[below]

    def _is_tracked(self, below: str) -> bool:
        if self._tracked is None:
            self._tracked = _tracked(self._root)
        return below.strip("/") in self._tracked


def _beginnings(steps: list[str]) -> list[list[str]]:
    return [steps[:end] for end in range(1, len(steps) + 1)]


def _begins(place: Path, mark: bytes) -> bool:
    try:
        with place.open("rb") as file:
            return mark in file.read(HEAD_BYTES)
    except OSError:  # not there, or no file: then it does not say so
        return False


def _tracked(root: Path) -> frozenset[str]:
    """The folders below another one of which git tracks what tells that this program made them."""
    wanted = [f":(glob)**/{name}" for name in MARKS]
    command = ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "ls-files", "-z"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        asked = process.run([*command, "--", *wanted], env=environment, cwd=root, timeout=SECONDS)
    except (ProcessError, UnavailableError):  # without git nothing is tracked
        return frozenset()
    if asked.code != 0:
        return frozenset()
    folders = (os.fsdecode(path).split("/")[:-1] for path in asked.stdout.split(b"\0") if path)
    return frozenset("/".join(steps) for path in folders for steps in _beginnings(path))
