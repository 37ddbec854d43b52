"""What a person should know of their data splits at capture, in words, each with the way out where there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle.components.data.likeness import why_apart
from reprobundle.components.data.section import FILE_KINDS, Overlap, Place, Split
from reprobundle.components.interface import Begun
from reprobundle.phrases import counted, some

if TYPE_CHECKING:
    from reprobundle.components.data.taking import Taken

SHOWN = 3
LEAKAGE = "leakage: "
REPEAT = "repeat an earlier one"
PAIRS_SHOWN = 2

Remark = tuple[str, str | None]


def of_salt(place: Path, project: Path | None) -> Iterator[Remark]:
    """Where the salt of a private split lies, and what to do with it."""
    message = f"is private: its digests are salted with {place.name!r}"
    yield message, "keep that file: a replay compares with --data SPLIT=PATH --salt SPLIT=FILE, and cannot without it"
    home = (project or Path.cwd()).resolve()
    if home in place.resolve().parents and place.suffix != ".salt":
        hint = "keep it elsewhere, or call it NAME.salt, which is never packed, and keep it out of git"
        yield f"its salt {place.name!r} lies in the project", hint


def of_labels(splits: Sequence[Split], taken: Mapping[str, Taken]) -> Iterator[Remark]:
    """Labels that are missing, and classes of a private split that are not told."""
    for split in splits:
        subject = f"data split {split.name!r}"
        if split.labels_missing:
            told = f"{counted(split.labels_missing, 'sample')} of {split.count:,}"
            hint = "a metric on them says nothing: remove them, or say in the documentation what they are"
            yield f"{subject}: the label {split.label!r} is missing or not a number in {told}", hint
        if split.labels is None and split.salt is not None and taken[split.name].reading.labels is not None:
            yield f"{subject}: its classes are left out: {_why_left_out(split, taken[split.name])}", None


def _why_left_out(split: Split, one: Taken) -> str:
    if split.kind in FILE_KINDS:
        return "they are names of its folders"
    if one.given.label is None:
        return f"{one.reading.label!r} was not named as its label"
    return "one of them has fewer than five samples"


def leakage(splits: Sequence[Split]) -> Iterator[Remark]:
    """Samples that repeat within a split, and that stand in two: once for each pair, the smaller split first."""
    for split in splits:
        if split.duplicates:
            where = _places((split, split), split.repeats, split.duplicates)
            message = f"data split {split.name!r}: {split.duplicates:,} of {split.count:,} {REPEAT}{where}"
            yield message, "remove the repeats, or say in the documentation why they are there"
    shared = list(leaks(splits))
    for smaller, larger, overlap in shared:
        yield _leak(smaller, larger, overlap), "remove them from one of the two; a metric on them says little"
    found = {frozenset({smaller.name, larger.name}) for smaller, larger, _ in shared}
    uncompared = [
        f"{first.name!r} and {second.name!r} ({why})"
        for first, second in combinations(splits, 2)
        if frozenset({first.name, second.name}) not in found and (why := why_apart(first, second))
    ]
    if uncompared:
        hint = "give them in the same form, with the same columns and dtypes, so that samples in both are found"
        yield f"leakage was not looked for between {some(uncompared, PAIRS_SHOWN, 'more pairs')}", hint


def leaks(splits: Sequence[Split]) -> Iterator[tuple[Split, Split, Overlap]]:
    """Each two splits that share samples, the smaller one first, with what it has of the other; in the order given."""
    for first, second in combinations(splits, 2):
        smaller, larger = (first, second) if first.count < second.count else (second, first)
        overlap = next((one for one in smaller.overlaps if one.split == larger.name), None)
        if overlap is not None:
            yield smaller, larger, overlap


def is_shared(message: str) -> bool:
    """Whether a note is about samples that repeat or stand in two splits, which the card tells beside the data."""
    return message.startswith(LEAKAGE) or REPEAT in message


def _leak(smaller: Split, larger: Split, overlap: Overlap) -> str:
    told = (
        f"{LEAKAGE}{overlap.count:,} of {smaller.count:,} of data split {smaller.name!r} stand in {larger.name!r}, too"
    )
    if smaller.salt != larger.salt:
        why = "one of the two is private" if None in (smaller.salt, larger.salt) else "their salts differ"
        return f"{told}; where is not told, because {why}"
    return told + _places((smaller, larger), overlap.places, overlap.count)


def _places(splits: tuple[Split, Split], places: Sequence[Place], count: int) -> str:
    """The first few places in words, such as ``row 0 is row 17 of 'train', row 3 is row 5``."""
    if not places:
        return ""
    here, there = splits
    words = [f"{_named(here, place.here)} is {_named(there, place.there)}" for place in places[:SHOWN]]
    if here.name != there.name:
        words[0] += f" of {there.name!r}"
    return ": " + some(words + [""] * (count - len(words)), SHOWN)


def _named(split: Split, place: int | str) -> str:
    if isinstance(place, str):
        return f"'{place}'"  # escaped already, as it stands in the listing
    return f"{'file' if split.kind in FILE_KINDS else 'row'} {place}"


def changes(taken: Mapping[str, Taken], run: Begun) -> Iterator[Remark]:
    """Splits that are not what they were at the start of training."""
    for name, then in run.splits.items():
        subject = f"data split {name!r}"
        if name not in taken:
            yield f"{subject}: was there at the start of training and is not given now", None
            continue
        one = taken[name]
        if one.reading.ordered != then and not one.reading.random:
            told = "" if one.salt is not None else f": {then} then, {one.reading.ordered} now"
            hint = "the model may have learned from other data than is recorded"
            yield f"{subject}: differs from the start of training{told}", hint
