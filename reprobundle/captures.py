"""This user's own capture log: which bundles were captured by this user, here, and are still as capture left them.

A digest cannot tell: XXH3 is no match for an attacker, who can make another file with the same one. So the log keeps, beside
the manifest, what the file system says of every file when the bundle was sealed. Only this user could write those files
since, and any write shows. A copy of the bundle, or one that came back from elsewhere, is nobody's own.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from reprobundle.errors import ReproBundleError
from reprobundle.store import digest_bytes, list_files

KEPT = 1000
ADDED_LATER = ("signatures/", ".gitattributes")  # what verify lets stand beside the listed files
CHANGED = 2  # where the time of the last change stands in what is kept of a file

State = dict[str, list[int]]
"""What the file system says of each file: size, times of the last write and change, inode, device, owner."""


def folder() -> Path:
    """Where the log is: ``$XDG_STATE_HOME/reprobundle/captures``."""
    given = os.environ.get("XDG_STATE_HOME", "")
    absolute = Path(given).is_absolute()  # a relative one counts as unset, as the standard of these folders has it
    base = Path(given) if absolute else Path.home() / ".local" / "state"
    return base / "reprobundle" / "captures"


def remember(content: bytes, bundle: Path, state: State | None = None) -> None:
    """Add a bundle to the log; where no log can be kept there is none, and replays need a sandbox.

    Args:
        content: The bytes of its manifest.
        bundle: Where it was just sealed.
        state: What the file system is known to have said of it; None: what it says now.
    """
    try:
        log = folder()
        log.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = log / f"{digest_bytes(content)}.json"
        known = state_of(bundle) if state is None else state
        place.with_suffix(".files").write_text(json.dumps(known), encoding="utf-8")
        place.write_bytes(content)
        _forget_oldest(log)
    except (OSError, RuntimeError, ReproBundleError):  # a read-only or missing home is no reason to lose a capture
        return


def is_own(content: bytes, bundle: Path) -> bool:
    """Whether this very folder was captured by this user, here, and nobody wrote to it since.

    Args:
        content: The bytes of its manifest.
        bundle: Where it is now.
    """
    return own_state(content, bundle) is not None


def own_state(content: bytes, bundle: Path) -> State | None:
    """What the file system says of a bundle that is one's own; None where it is not. Arguments as for `is_own`."""
    try:
        log = folder()
        status = log.stat()
        if not hasattr(os, "getuid") or status.st_uid != os.getuid() or status.st_mode & 0o022:
            return None
        place = log / f"{digest_bytes(content)}.json"
        known = json.loads(place.with_suffix(".files").read_text(encoding="utf-8"))
        found = state_of(bundle)
        return found if place.read_bytes() == content and known == found else None
    except (OSError, RuntimeError, ValueError, ReproBundleError):
        return None


def unwritten(before: State, bundle: Path) -> State | None:
    """What the file system says of a bundle now; None if anybody wrote to it since.

    A second name and another mode change the time of a file's last change, and that time alone. The time of the last
    write cannot be set back by who does not own the file.

    Args:
        before: What it said before.
        bundle: Where the bundle is.
    """
    try:
        after = state_of(bundle)
    except (OSError, ReproBundleError):
        return None
    return after if _without_change(after) == _without_change(before) else None


def _without_change(state: State) -> State:
    return {path: [*found[:CHANGED], *found[CHANGED + 1 :]] for path, found in state.items()}


def state_of(bundle: Path) -> State:
    """What the file system says of each file of a bundle.

    Raises:
        OSError: It cannot be asked.
        ReproBundleError: The folder holds what no bundle holds.
    """
    found: State = {}
    for listed in list_files(bundle):
        if listed.path.startswith(ADDED_LATER):
            continue
        status = (bundle / listed.path).lstat()
        kept = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev, status.st_uid)
        found[listed.path] = list(kept)
    return found


def _forget_oldest(log: Path) -> None:
    kept = sorted(log.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for path in kept[:-KEPT]:
        path.unlink(missing_ok=True)
        path.with_suffix(".files").unlink(missing_ok=True)
