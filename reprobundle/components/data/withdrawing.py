"""Private splits whose salt stands somewhere in the bundle: their digests would hide nothing, so they are taken out again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reprobundle.components.data.given import DataSplit, Splitting
from reprobundle.components.data.salting import check_value, read_salt, salt_place
from reprobundle.components.data.section import NAME, Section, Split
from reprobundle.components.interface import Stage
from reprobundle.errors import ReproBundleError
from reprobundle.phrases import some
from reprobundle.records import to_bytes
from reprobundle.secrecy.holding import file_holds, holds
from reprobundle.store import inside
from reprobundle.store.writing import disk_errors

SHOWN = 3
HINT = (
    "take it out of there and name another file in private=, which makes a new salt: "
    "who has the old one can try samples against every bundle recorded under it"
)
RENAME = "the note on secrets names the line: rename the file, and capture again"


def salts_of(splits: Any, splitting: Any) -> tuple[bytes, ...]:
    """The salts that private splits name and that are there already, ascending; none is made.

    Args:
        splits: As handed over.
        splitting: As handed over.
    """
    given = [*splits.values()] if isinstance(splits, Mapping) else []
    given += [splitting.data] if isinstance(splitting, Splitting) else []
    return tuple(sorted(set(_salts(given))))


def _salts(given: Iterable[Any]) -> Iterator[bytes]:
    for split in given:
        place = salt_place(split.private) if isinstance(split, DataSplit) else None
        if place is None or not place.is_file():
            continue
        try:
            yield read_salt(place)
        except ReproBundleError:  # the split is left out, and says why
            continue


def withdraw(section: Section, salts: Iterable[bytes], stage: Stage) -> Section:
    """The section without private splits whose salt was written into the bundle, which is told.

    Args:
        section: The recorded splits.
        salts: Those that are known.
        stage: Everything is written but the manifest and the views that are made of it.
    """
    recorded = {split.salt for split in section.splits}
    for salt in salts:
        if check_value(salt) in recorded and (places := [*_places(salt, stage)]):
            gone = [split for split in section.splits if split.salt == check_value(salt)]
            why = f"private: its salt stands in the bundle, in {some(places, SHOWN)}"
            section = _without(section, gone, why, HINT, stage)
    return section


def _places(salt: bytes, stage: Stage) -> Iterator[str]:
    """Where a salt stands: files, and parts of the manifest."""
    for entry in stage.writer.entries:
        with disk_errors(entry.path):
            if file_holds(inside(stage.root, entry.path), (salt,)):
                yield repr(entry.path)
    for name, section in stage.sections.items():
        if holds(to_bytes(section), (salt,)):
            yield f"the manifest's section {name!r}"
    if holds(b"".join(to_bytes(note) for note in stage.notes), (salt,)):
        yield "a note"


def without_listed(section: Section, paths: Collection[str], stage: Stage) -> Section:
    """The section without splits whose listing holds a secret, such as a token in the name of a file, which is told.

    Args:
        section: The recorded splits.
        paths: Files of the bundle that hold secrets.
        stage: Their files are in it.
    """
    gone = [split for split in section.splits if not {split.listing, split.parts}.isdisjoint(paths)]
    return _without(section, gone, "a secret stands in its listing", RENAME, stage) if gone else section


def without_lost(section: Section, stage: Stage) -> Section:
    """The section without what names no file of the bundle, as when a secret was taken out of a path, which is told.

    Args:
        section: The recorded splits, without secrets.
        stage: Their files are in it.
    """
    there = {entry.path for entry in stage.writer.entries}
    gone = [split for split in section.splits if split.listing not in there]
    section = (
        _without(section, gone, "its listing has another name than is recorded", RENAME, stage) if gone else section
    )
    return section.model_copy(update={"splits": tuple(_found(split, there, stage) for split in section.splits)})


def _found(split: Split, there: Collection[str], stage: Stage) -> Split:
    lost = [field for field in ("parts", "statistics") if getattr(split, field) not in {None, *there}]
    for field in lost:
        message = f"data split {split.name!r}: its {field} are left out: their file has another name than is recorded"
        stage.note(NAME, message, hint=RENAME)
    return split.model_copy(update=dict.fromkeys(lost)) if lost else split


def _without(section: Section, gone: Sequence[Split], why: str, hint: str, stage: Stage) -> Section:
    for split in gone:
        there = {entry.path for entry in stage.writer.entries}
        for path in (split.listing, split.parts, split.statistics):
            if path is not None and path in there:
                stage.writer.forget(path)
        stage.note(NAME, f"data split {split.name!r}: is left out: {why}", hint=hint)
    names = [split.name for split in gone]
    kept = tuple(_apart(split, names) for split in section.splits if split.name not in names)
    return section.model_copy(update={"splits": kept, "left_out": (*section.left_out, *names)})


def _apart(split: Split, names: Collection[str]) -> Split:
    overlaps = tuple(overlap for overlap in split.overlaps if overlap.split not in names)
    return split.model_copy(update={"overlaps": overlaps})
