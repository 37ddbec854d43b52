"""What a reviewer should know of the lock, whatever the model was run in."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.environment.section import NAME, Section
from reprobundle.report import Finding, Status


def check_lock(section: Section) -> Iterator[Finding]:
    """A note where the lock names no archives, only versions: it is never silent."""
    if section.lock is None or section.lock.hashes == "complete":
        return
    why = f" ({section.lock.why})" if section.lock.why else ""
    message = f"the lock has no hashes{why}: what it installs is whatever an index serves under those names"
    yield Finding(kind=NAME, status=Status.NOTE, message=message, hint="reprobundle lock BUNDLE adds them")
