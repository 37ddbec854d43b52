"""This user's own capture log: the manifests of bundles that were captured by this user on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from reprobundle.store import digest_bytes

KEPT = 1000


def folder() -> Path:
    """Where the log is: ``$XDG_STATE_HOME/reprobundle/captures``."""
    given = os.environ.get("XDG_STATE_HOME", "")
    absolute = Path(given).is_absolute()  # a relative one counts as unset, as the standard of these folders has it
    base = Path(given) if absolute else Path.home() / ".local" / "state"
    return base / "reprobundle" / "captures"


def remember(content: bytes) -> None:
    """Add a manifest's bytes to the log; where no log can be kept there is none, and replays need a sandbox."""
    try:
        log = folder()
        log.mkdir(parents=True, exist_ok=True, mode=0o700)
        (log / f"{digest_bytes(content)}.json").write_bytes(content)
        _forget_oldest(log)
    except (OSError, RuntimeError):  # a read-only or missing home is no reason to lose a capture
        return


def is_own(content: bytes) -> bool:
    """Whether this manifest stands in the log byte for byte, in a folder that nobody else can write."""
    try:
        log = folder()
        status = log.stat()
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
            return False
        return (log / f"{digest_bytes(content)}.json").read_bytes() == content
    except (OSError, RuntimeError):
        return False


def _forget_oldest(log: Path) -> None:
    kept = sorted(log.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for path in kept[:-KEPT]:
        path.unlink(missing_ok=True)
