"""Data: which samples each split holds, as digests, and whether splits share some.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.components.data.section import NAME, Kind, LabelCount, Leaf, Overlap, Section, Split
from reprobundle.components.interface import Site, Source, Stage, not_run
from reprobundle.report import Finding

__all__ = ["NAME", "Kind", "LabelCount", "Leaf", "Overlap", "Section", "Split", "capture", "check", "digests"]


def digests(splits: Mapping[str, Any]) -> dict[str, str]:
    """Ordered digest of each split by name, for the start of training.

    A split that cannot be read is left out, and so is one that a read would use up (a generator).
    """
    from reprobundle.components.data import recording

    return recording.digests(splits)


def capture(source: Source, stage: Stage) -> Section:
    """Digest every split, write its listing, and look for samples that stand in two of them."""
    from reprobundle.components.data.recording import record

    return record(source, stage)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Compare each split with the reviewer's own copy of it."""
    from reprobundle.components.data.checking import check_split

    for split in section.splits:
        given = site.data.get(split.name)
        if given is None:
            hint = f"--data {split.name}=PATH"
            yield not_run(NAME, f"data split {split.name!r}: not compared: no data was given", hint=hint)
        else:
            yield from check_split(split, given, site.root)
    known = {split.name for split in section.splits}
    for name in site.data:
        if name not in known:
            yield not_run(NAME, f"data split {name!r}: not compared: the bundle records no split of this name")
