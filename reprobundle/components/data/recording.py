"""Recording data splits: their digests, their listings, and what they share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from reprobundle.components.data.overlaps import overlaps, repeats
from reprobundle.components.data.reading import Reading, is_consumed_by_reading, read
from reprobundle.components.data.section import NAME, Overlap, Section, Split
from reprobundle.components.interface import Begun, Failure, Source, Stage
from reprobundle.store.paths import fault_of

MAX_NAME_CHARACTERS = 200

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def digests(splits: Mapping[str, Any]) -> dict[str, str]:
    """Ordered digest of each split by name, for the start of training.

    A split that cannot be read is left out, and so is one that a read would use up (a generator).
    """
    found: dict[str, str] = {}
    for name, value in splits.items():
        reading = None if is_consumed_by_reading(value) else read(value)
        if isinstance(reading, Reading):
            found[name] = reading.ordered
    return found


def record(source: Source, stage: Stage) -> Section:
    """Digest every split, write its listing, and look for samples that stand in two of them."""
    readings = _readings(source, stage)
    shared = overlaps({name: reading.digests for name, reading in readings.items()})
    files = _file_names(readings)
    splits = []
    for name, reading in readings.items():
        stage.writer.stream(files[name], reading.lines())
        splits.append(_split(name, reading, files[name], shared[name]))
    for split in splits:
        _note_leakage(split, stage)
    if source.run is not None:
        _note_changes(splits, source.run, stage)
    return Section(splits=tuple(splits))


def _readings(source: Source, stage: Stage) -> dict[str, Reading]:
    if not isinstance(source.splits, Mapping):
        hint = "splits={'train': …, 'test': …}"
        stage.note(NAME, f"expected splits by name, found {type(source.splits).__name__}", hint=hint)
        return {}
    readings: dict[str, Reading] = {}
    for name, value in source.splits.items():
        fault = _fault_of_name(name)
        reading = Failure(fault) if fault else read(value)
        if isinstance(reading, Failure):
            hint = "give a path, an array, or a Dataset that can be read"
            stage.note(NAME, f"data split {name!r:.80}: is left out: {reading.why}", hint=hint)
            continue
        readings[name] = reading
        for remark in reading.remarks:
            stage.note(NAME, f"data split {name!r}: {remark}")
    return readings


def _fault_of_name(name: Any) -> str | None:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        return f"its name must be a text of 1 to {MAX_NAME_CHARACTERS} characters"
    return "its name is not valid Unicode" if any("\ud800" <= letter <= "\udfff" for letter in name) else None


def _file_names(names: Mapping[str, Any]) -> dict[str, str]:
    """The listing's path for each split: its name where that is a legal one, else its number."""
    taken: dict[str, str] = {}
    for name in names:
        if _FILE_NAME.fullmatch(name) and fault_of(f"{name}.txt") is None:
            taken.setdefault(f"{name}.txt".lower(), name)
    paths = {name: f"data/{name}.txt" for name in taken.values()}
    for number, name in enumerate(names, start=1):
        if name not in paths:
            file = f"split-{number}.txt"
            while file in taken:
                file = "_" + file
            taken[file] = name
            paths[name] = f"data/{file}"
    return paths


def _split(name: str, reading: Reading, listing: str, shared: tuple[Overlap, ...]) -> Split:
    return Split(
        name=name,
        kind=reading.kind,
        count=reading.count,
        bytes=reading.size,
        ordered=reading.ordered,
        unordered=reading.unordered,
        listing=listing,
        leaves=reading.leaves,
        labels=reading.labels,
        duplicates=repeats(reading.digests),
        overlaps=shared,
    )


def _note_leakage(split: Split, stage: Stage) -> None:
    if split.duplicates:
        message = f"data split {split.name!r}: {split.duplicates} of {split.count} repeat an earlier one"
        stage.note(NAME, message, hint="remove the repeats, or say in the documentation why they are there")
    for overlap in split.overlaps:
        message = (
            f"leakage: {overlap.count} of {split.count} of data split {split.name!r} stand in {overlap.split!r}, too"
        )
        stage.note(NAME, message, hint="remove them from one of the two; a metric on them says little")


def _note_changes(splits: list[Split], run: Begun, stage: Stage) -> None:
    now = {split.name: split.ordered for split in splits}
    for name, then in run.splits.items():
        if name not in now:
            stage.note(NAME, f"data split {name!r}: was there at the start of training and is not given now")
        elif now[name] != then:
            message = f"data split {name!r}: differs from the start of training: {then} then, {now[name]} now"
            stage.note(NAME, message, hint="the model may have learned from other data than is recorded")
