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


def folder() -> Path:
    """Where the log is: ``$XDG_STATE_HOME/reprobundle/captures``."""
    given = os.environ.get("XDG_STATE_HOME", "")
    absolute = Path(given).is_absolute()  # a relative one counts as unset, as the standard of these folders has it
    base = Path(given) if absolute else Path.home() / ".local" / "state"
    return base / "reprobundle" / "captures"


def remember(content: bytes, bundle: Path) -> None:
    """Add a bundle to the log; where no log can be kept there is none, and replays need a sandbox.

    Args:
        content: The bytes of its manifest.
        bundle: Where it was just sealed.
    """
    try:
        log = folder()
        log.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = log / f"{digest_bytes(content)}.json"
        place.with_suffix(".files").write_text(json.dumps(_state(bundle)), encoding="utf-8")
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
    try:
        log = folder()
        status = log.stat()
        if not hasattr(os, "getuid") or status.st_uid != os.getuid() or status.st_mode & 0o022:
            return False
        place = log / f"{digest_bytes(content)}.json"
        known = json.loads(place.with_suffix(".files").read_text(encoding="utf-8"))
        return place.read_bytes() == content and known == _state(bundle)
    except (OSError, RuntimeError, ValueError, ReproBundleError):
        return False


def _state(bundle: Path) -> dict[str, list[int]]:
    """What the file system says of each file: size, times of the last write and change, inode, device, owner."""
    found = {}
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
