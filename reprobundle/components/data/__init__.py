"""Data: which samples each split holds, as digests, and whether splits share some.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
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
from reprobundle.components.interface import DataPlace, Site, Source, Stage, not_run
from reprobundle.errors import UsageError
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, Status

SHOWN = 10

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
    "column_of",
    "copies",
    "digests",
    "places_of",
    "refuse_unknown",
    "salts_of",
    "without_listed",
    "without_lost",
    "without_told_salts",
]


def digests(splits: Mapping[str, Any]) -> dict[str, str]:
    """Ordered digest of each split by name, for the start of training.

    A split that cannot be read is left out, and so is one that a read would use up (a generator).
    """
    from reprobundle.components.data import recording

    return recording.digests(splits)


def places_of(splits: Any, splitting: Any) -> tuple[DataPlace, ...]:
    """The files and folders that splits, and the whole they were cut of, are read from; nothing is read."""
    from reprobundle.components.data import places

    return places.places_of(splits, splitting)


def column_of(split: Any, name: str) -> Sequence[Any]:
    """What stands in a column of a split, one plain value a sample, in the order of the samples.

    Raises:
        ReproBundleError: There is no such column, or the split is private, a generator, or read by its bytes.
    """
    from reprobundle.components.data import columns

    return columns.column_of(split, name)


def capture(source: Source, stage: Stage) -> Section:
    """Digest every split, write its listing, and look for samples that stand in two of them."""
    from reprobundle.components.data import recording, splitting

    section = recording.record(source, stage)
    return section.model_copy(update={"splitting": splitting.record(source, section.splits, stage)})


def salts_of(source: Source) -> tuple[bytes, ...]:
    """The salts of private splits that are there already, which nothing that is packed may hold."""
    from reprobundle.components.data import withdrawing

    return withdrawing.salts_of(source.splits, source.splitting)


def without_told_salts(section: Section, source: Source, stage: Stage) -> Section:
    """The section without private splits whose salt stands in the bundle, when all of it but the manifest is written."""
    from reprobundle.components.data import withdrawing

    return withdrawing.withdraw(section, salts_of(source), stage)


def without_listed(section: Section, paths: Collection[str], stage: Stage) -> Section:
    """The section without the splits whose listings are among files of the bundle that hold a secret."""
    from reprobundle.components.data import withdrawing

    return withdrawing.without_listed(section, paths, stage)


def without_lost(section: Section, stage: Stage) -> Section:
    """The section without what names no file of the bundle, as when a secret was taken out of a path, which is told."""
    from reprobundle.components.data import withdrawing

    return withdrawing.without_lost(section, stage)


def refuse_unknown(section: Section, given: Iterable[str], option: str) -> None:
    """Make sure that a reviewer's copies have names that the bundle records.

    Args:
        section: The recorded splits.
        given: Names of splits, or of the whole that they were cut from.
        option: What they were given as, for the message.

    Raises:
        UsageError: A name is of none of them.
    """
    known = [split.name for split in section.splits]
    if section.splitting is not None:
        known.append(section.splitting.whole)
    for name in given:
        if name not in known:
            near = get_close_matches(str(name), known, n=1)
            told = f"did you mean {near[0]!r}? " if near else ""
            names = f"it records {some([repr(one) for one in known], SHOWN)}" if known else "it records none"
            raise UsageError(f"{option}: the bundle records no data split {name!r}", hint=told + names)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Compare each split with the reviewer's own copy of it, and what a whole gives again with all that were cut of it."""
    from reprobundle.components.data import splitting
    from reprobundle.components.data.checking import check_split

    for split in section.splits:
        if split.name in site.data:
            yield from check_split(split, site.data[split.name], site.root, site.salts.get(split.name))
    given = {*site.data}
    if section.splitting is not None:
        yield from splitting.check(section.splitting, section.splits, site)
        if section.splitting.whole in given:
            given |= splitting.cut_of(section.splitting, site.root)
    yield from _not_given(section, given)


def copies(section: Section, findings: Iterable[Finding]) -> Mapping[str, Status]:
    """By split, whether the reviewer's copy of it is the recorded one, as far as a check came to that."""
    found: dict[str, Status] = {}
    for finding in findings:
        if finding.kind != NAME or finding.status not in {Status.SAME, Status.DIFFERS}:
            continue
        for split in section.splits:
            if finding.message.startswith(f"data split {split.name!r}: "):
                worse = Status.DIFFERS in {finding.status, found.get(split.name)}
                found[split.name] = Status.DIFFERS if worse else Status.SAME
    return found


def _not_given(section: Section, given: Collection[str]) -> Iterator[Finding]:
    """One line for all of which the reviewer gave no copy."""
    splits = [split for split in section.splits if split.name not in given]
    whole = None if section.splitting is None or section.splitting.whole in given else section.splitting.whole
    told = [counted(len(splits), "data split")] * bool(splits) + [f"the whole, {whole!r},"] * (whole is not None)
    if told:
        verb = "were" if len(splits) > 1 or len(told) > 1 else "was"
        names = f" ({some([split.name for split in splits], SHOWN)})" if splits else ""
        message = f"{' and '.join(told)} {verb} not compared: no data was given{names}"
        yield not_run(NAME, message, hint=_way_out(splits, whole))


def _way_out(splits: Sequence[Split], whole: str | None) -> str:
    hints = [f"--data {whole}=PATH"] * (whole is not None)
    if splits:
        first = splits[0]
        hints.insert(0, f"--data {first.name}=PATH" + ("" if first.salt is None else f" --salt {first.name}=FILE"))
    return ", ".join(hints)
