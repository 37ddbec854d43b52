"""The environment: what is installed, what changes numbers, and a lock that builds it again.

`capture` records it, `check` compares it with where a replay ran, and `rebuild.rebuild` makes it anew from the lock.
Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.environment.section import NAME, Section
from reprobundle.components.interface import Site, Source, Stage, not_run
from reprobundle.report import Finding

__all__ = ["NAME", "Section", "capture", "check"]


def capture(source: Source, stage: Stage) -> Section:
    """Record what is installed, lock it, and make wheels of what no index offers.

    A hash or a wheel that cannot be had is a note with its reason; nothing here stops a capture.
    """
    from reprobundle.components.environment.recording import record

    return record(source, stage)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Say what the bundle brings along, and compare the locked distributions and recorded facts with the worker's."""
    from reprobundle.components.environment.differing.checking import check_environment
    from reprobundle.components.environment.differing.told import check_lock
    from reprobundle.components.environment.differing.vendored import check_vendored

    yield from check_lock(section)
    yield from check_vendored(section, site.root, used=site.own_wheels)
    if site.answer is None:
        yield not_run(NAME, "environment was not compared: nothing was run")
        return
    yield from check_environment(section, site)
