"""What tracked files have on top of the commit, as a patch that ``git apply`` takes in a clean clone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.code.data_files import DataFiles, Withheld
from reprobundle.components.code.repository import argv, command, load, printable
from reprobundle.components.code.salts import NOW, OF_CHANGE, Salts, sides
from reprobundle.secrecy import Gate
from reprobundle.secrecy import reason as secrets_told
from reprobundle.secrecy.names import is_secret
from reprobundle.secrecy.searching import Hit
from reprobundle.secrecy.section import AS_COMMITTED

MAX_PATCH_BYTES = 64 * 2**20
MAX_CHANGED_BYTES = 50 * 2**20

# every option that a person's own git configuration could turn another way is set, so that the same change always
# gives the same bytes
_DIFF = (
    "diff", "--binary", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-relative",
    "--src-prefix=a/", "--dst-prefix=b/", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers",
    "--no-indent-heuristic", "--submodule=short", "--ignore-submodules=dirty", "-O/dev/null", "HEAD", "--",
)  # fmt: skip
_NAMES = ("diff", "--name-only", "-z", "--no-renames", "--no-relative", "--ignore-submodules=dirty", "HEAD", "--")


@dataclass(frozen=True)
class Patch:
    """The difference between the commit and the working tree, tracked files only.

    Attributes:
        content: The patch; empty when nothing differs, None when it was left out.
        reason: Why it was left out.
        skipped: Changed files that are not in it, with the reason, sorted.
    """

    content: bytes | None
    reason: str | None
    skipped: tuple[tuple[str, str], ...]


def read(root: Path, data: DataFiles, salts: Salts, gate: Gate) -> Patch:
    """The patch of a working tree, without files that hold secrets or private data or are over 50 MiB.

    Args:
        root: The working tree's top folder, links resolved.
        data: Knows what is private.
        salts: Of private splits.
        gate: Knows secrets.
    """
    git = load()
    try:
        names = [os.fsdecode(name) for name in command(root, *_NAMES).split(b"\0") if name]
        skipped = {name: told for name in sorted(names) if (told := _unfit(root, name, data, salts, gate))}
        excluded = [f":(exclude,top,literal){name}" for name in skipped]
        content = _bounded(root, (*_DIFF, ".", *excluded))
    except git.GitCommandError as error:
        return Patch(None, f"git diff ended with status {error.status}", ())
    reason = f"it is larger than {MAX_PATCH_BYTES // 2**20} MiB" if content is None else None
    return Patch(content, reason, tuple((printable(name), why) for name, why in skipped.values()))


def _unfit(root: Path, name: str, data: DataFiles, salts: Salts, gate: Gate) -> tuple[str, str] | None:
    """What is told of a changed file that must not be in the patch, and why; None: it may."""
    if is_secret(name):
        return name, "by its name it holds secrets"
    place = root / name
    withheld = data.withheld(place) or _copy_now(place, data) or _copy_then(root, name, data)
    if withheld is not None:
        return withheld.shown(name), withheld.reason
    if salts.are_told_by(root, name):
        return name, OF_CHANGE
    if hits := _secrets(root, name, gate):
        return name, f"is not in the patch: its change {secrets_told(hits)}"
    large = os.path.lexists(place) and place.lstat().st_size > MAX_CHANGED_BYTES
    return (name, f"is larger than {MAX_CHANGED_BYTES // 2**20} MiB") if large else None


def _secrets(root: Path, name: str, gate: Gate) -> tuple[Hit, ...]:
    """The secrets of a changed file, as it is and as it was committed: a line that is gone stands in the patch, too."""
    found: list[Hit] = []
    for when, content in sides(root, name):
        path = printable(name) if when == NOW else f"{printable(name)}{AS_COMMITTED}"
        found.extend(gate.look(path, content))
    return tuple(found)


def _copy_now(place: Path, data: DataFiles) -> Withheld | None:
    if place.is_symlink() or not place.is_file() or not data.of_size(place.stat().st_size):
        return None
    return data.withheld_copy(place, place.read_bytes())


def _copy_then(root: Path, name: str, data: DataFiles) -> Withheld | None:
    """A patch tells what was there before, too: a file of private data that was moved is in it as one that is gone."""
    listed = command(root, "ls-tree", "-z", "-l", "HEAD", "--", name).split()
    size = listed[3].decode() if len(listed) > 3 else "-"  # added since; a submodule has no size
    if not size.isdecimal() or not data.of_size(int(size)):
        return None
    return data.withheld_copy(root / name, command(root, "cat-file", "blob", listed[2].decode()))


def _bounded(root: Path, arguments: tuple[str, ...]) -> bytes | None:
    process = load().Git(root).execute(argv(arguments), env={"GIT_OPTIONAL_LOCKS": "0"}, as_process=True)
    content = bytes(process.stdout.read(MAX_PATCH_BYTES + 1))
    if len(content) > MAX_PATCH_BYTES:
        process.proc.kill()
        process.proc.wait()
        return None
    process.wait()
    return content
