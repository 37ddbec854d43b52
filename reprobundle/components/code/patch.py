"""What tracked files have on top of the commit, as a patch that ``git apply`` takes in a clean clone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.code.repository import argv, command, load, printable
from reprobundle.secret_names import is_secret

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


def read(root: Path) -> Patch:
    """The patch of a working tree, without files that hold secrets or are over 50 MiB."""
    git = load()
    try:
        names = [os.fsdecode(name) for name in command(root, *_NAMES).split(b"\0") if name]
        skipped = tuple((name, why) for name in sorted(names) if (why := _unfit(root, name)))
        excluded = [f":(exclude,top,literal){name}" for name, _ in skipped]
        content = _bounded(root, (*_DIFF, ".", *excluded))
    except git.GitCommandError as error:
        return Patch(None, f"git diff ended with status {error.status}", ())
    reason = f"it is larger than {MAX_PATCH_BYTES // 2**20} MiB" if content is None else None
    return Patch(content, reason, tuple((printable(name), why) for name, why in skipped))


def _unfit(root: Path, name: str) -> str | None:
    if is_secret(name):
        return "by its name it holds secrets"
    place = root / name
    large = os.path.lexists(place) and place.lstat().st_size > MAX_CHANGED_BYTES
    return f"is larger than {MAX_CHANGED_BYTES // 2**20} MiB" if large else None


def _bounded(root: Path, arguments: tuple[str, ...]) -> bytes | None:
    process = load().Git(root).execute(argv(arguments), env={"GIT_OPTIONAL_LOCKS": "0"}, as_process=True)
    content = bytes(process.stdout.read(MAX_PATCH_BYTES + 1))
    if len(content) > MAX_PATCH_BYTES:
        process.proc.kill()
        process.proc.wait()
        return None
    process.wait()
    return content
