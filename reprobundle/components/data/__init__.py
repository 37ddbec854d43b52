"""Data: which samples each split holds, as digests, and whether splits share some.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.components.data.section import (
    NAME,
    Kind,
    LabelCount,
    Leaf,
    Overlap,
    Place,
    Provenance,
    Section,
    Split,
    Splitting,
)
from reprobundle.components.interface import Site, Source, Stage, not_run
from reprobundle.report import Finding

__all__ = [
    "NAME",
    "Kind",
    "LabelCount",
    "Leaf",
    "Overlap",
    "Place",
    "Provenance",
    "Section",
    "Split",
    "Splitting",
    "capture",
    "check",
    "digests",
]


def digests(splits: Mapping[str, Any]) -> dict[str, str]:
    """Ordered digest of each split by name, for the start of training.

    A split that cannot be read is left out, and so is one that a read would use up (a generator).
    """
    from reprobundle.components.data import recording

    return recording.digests(splits)


def capture(source: Source, stage: Stage) -> Section:
    """Digest every split, write its listing, and look for samples that stand in two of them."""
    from reprobundle.components.data import recording, splitting

    section = recording.record(source, stage)
    return section.model_copy(update={"splitting": splitting.record(source, section.splits, stage)})


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Compare each split with the reviewer's own copy of it."""
    from reprobundle.components.data import splitting
    from reprobundle.components.data.checking import check_split

    for split in section.splits:
        given = site.data.get(split.name)
        if given is None:
            hint = f"--data {split.name}=PATH" + ("" if split.salt is None else f" --salt {split.name}=FILE")
            yield not_run(NAME, f"data split {split.name!r}: not compared: no data was given", hint=hint)
        else:
            yield from check_split(split, given, site.root, site.salts.get(split.name))
    known = {split.name for split in section.splits}
    if section.splitting is not None:
        known.add(section.splitting.whole)
        yield from splitting.check(section.splitting, section.splits, site)
    for name in site.data:
        if name not in known:
            yield not_run(NAME, f"data split {name!r}: not compared: the bundle records no split of this name")
