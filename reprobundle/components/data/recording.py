"""Recording data splits: their digests, their listings, what they look like, and what they share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from reprobundle.components.data import noting
from reprobundle.components.data.digesting import digest_of_sorted
from reprobundle.components.data.documents import to_document
from reprobundle.components.data.files import PART_BYTES
from reprobundle.components.data.listings import lines_of
from reprobundle.components.data.overlaps import Matrix, Shared, compare_splits
from reprobundle.components.data.reading import Reading, is_consumed_by_reading, read
from reprobundle.components.data.salting import check_value
from reprobundle.components.data.section import FILE_KINDS, NAME, LabelCount, Overlap, Place, Section, Split
from reprobundle.components.data.taking import Taken, take
from reprobundle.components.data.unwrapping import how_of, unwrap
from reprobundle.components.interface import Failure, Source, Stage
from reprobundle.store import digest_bytes
from reprobundle.store.paths import fault_of

MAX_NAME_CHARACTERS = 200
FEWEST_OF_A_CLASS = 5  # in a private split

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_SUFFIXES = (".txt", ".parts.txt", ".statistics.json", ".indices.safetensors")


def digests(splits: Mapping[str, Any]) -> dict[str, str]:
    """Ordered digest of each split by name, for the start of training.

    A split that cannot be read is left out, and so is one that a read would use up (a generator).
    """
    found: dict[str, str] = {}
    for name, value in splits.items():
        given, _ = unwrap(value)
        consumed = is_consumed_by_reading(given.data)
        reading = None if consumed else read(given.data, how_of(given, statistics=False, cached=given.private is None))
        if isinstance(reading, Reading):
            found[name] = reading.ordered
    return found


def record(source: Source, stage: Stage) -> Section:
    """Digest every split, write its listing, and look for samples that stand in two of them."""
    taken = _taken(source, stage)
    matrix = compare_splits({name: one.reading.digests for name, one in taken.items()})
    stems = _stems(taken, lambda path: bool(stage.gate.search("value.txt", path.encode())))
    splits = tuple(_write(name, taken, matrix, f"data/{stems[name]}", stage) for name in taken)
    remarks = [*noting.of_labels(splits, taken), *noting.leakage(splits)]
    if source.run is not None:
        remarks += noting.changes(taken, source.run)
    for message, hint in remarks:
        stage.note(NAME, message, hint=hint)
    left_out = [_shown_name(name) for name in _names(source.splits) if name not in taken]
    return Section(splits=splits, left_out=tuple(left_out))


def _names(splits: Any) -> Iterable[Any]:
    return splits if isinstance(splits, Mapping) else ()


def _shown_name(name: Any) -> str:
    """A split's name as it can be told, whatever it is."""
    legal = isinstance(name, str) and _fault_of_name(name) is None
    return name if legal else f"{name!r:.80}".encode("utf-8", "backslashreplace").decode()


def _taken(source: Source, stage: Stage) -> dict[str, Taken]:
    if not isinstance(source.splits, Mapping):
        hint = "splits={'train': …, 'test': …}"
        stage.note(NAME, f"expected splits by name, found {type(source.splits).__name__}", hint=hint)
        return {}
    taken: dict[str, Taken] = {}
    for name, value in source.splits.items():
        fault = _fault_of_name(name)
        one = Failure(fault) if fault else take(name, value, source, stage)
        if isinstance(one, Failure):
            hint = one.hint or "give a path, an array, a table, or a data set that can be read"
            stage.note(NAME, f"data split {name!r:.80}: is left out: {one.why}", hint=hint)
        else:
            taken[name] = one
    return taken


def _fault_of_name(name: Any) -> str | None:
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        return f"its name must be a text of 1 to {MAX_NAME_CHARACTERS} characters"
    return "its name is not valid Unicode" if any("\ud800" <= letter <= "\udfff" for letter in name) else None


def _stems(names: Iterable[str], is_secret: Callable[[str], bool]) -> dict[str, str]:
    """What the files of each split are called: its name where that gives legal ones without a secret, else its number."""
    names = list(names)
    taken: dict[str, str] = {}
    for name in names:
        if _is_stem(name) and not any(is_secret(f"data/{name}{suffix}") for suffix in ("", *_SUFFIXES)):
            taken.setdefault(name.lower(), name)
    stems = {name: name for name in taken.values()}
    for number, name in enumerate(names, start=1):
        if name not in stems:
            stem = f"split-{number}"
            while stem in taken:
                stem = "_" + stem
            taken[stem] = name
            stems[name] = stem
    return stems


def _is_stem(name: str) -> bool:
    own = not name.lower().endswith((".parts", ".statistics", ".indices"))  # NAME.txt would be another's file
    return own and bool(_FILE_NAME.fullmatch(name)) and all(fault_of(name + suffix) is None for suffix in _SUFFIXES)


def _write(name: str, taken: Mapping[str, Taken], matrix: Matrix, stem: str, stage: Stage) -> Split:
    """Write the files of one split, and give its record."""
    one, listing = taken[name], f"{stem}.txt"
    is_private, reading = one.salt is not None, one.reading
    stage.writer.stream(listing, lines_of(one.digests) if is_private else reading.lines())
    parts = f"{stem}.parts.txt" if reading.parts and not is_private else None
    if parts is not None:
        stage.writer.stream(parts, (part.line().encode("ascii") for part in reading.parts))
    document = None if reading.statistics is None or is_private else f"{stem}.statistics.json"
    if document is not None and reading.statistics is not None:
        stage.writer.write(document, to_document(reading.statistics))
    return Split(
        name=name,
        kind=reading.kind,
        count=reading.count,
        bytes=0 if is_private else reading.size,
        ordered=digest_bytes(one.digests) if is_private else reading.ordered,
        unordered=digest_of_sorted(one.digests) if is_private else reading.unordered,
        listing=listing,
        leaves=reading.leaves,
        labels=_labels(one),
        overlaps=tuple(_overlaps(name, taken, matrix)),
        definition=2,
        part_size=PART_BYTES if reading.kind in FILE_KINDS else None,
        parts=parts,
        label=reading.label,
        labels_missing=0 if is_private else reading.labels_missing,
        statistics=document,
        provenance=one.provenance,
        salt=None if one.salt is None else check_value(one.salt),
        random=reading.random,
        **_repeats(one, matrix.repeats.get(name)),
    )


def _labels(one: Taken) -> tuple[LabelCount, ...] | None:
    """The counts of the classes; of a private split only those of a label that was named, all large enough to hide in.

    What nobody named as a label may be anything, such as a folder for each patient.
    """
    found = one.reading.labels
    if found is None or one.salt is None:
        return found
    is_named = one.given.label is not None and one.given.label == one.reading.label
    return found if is_named and all(label.count >= FEWEST_OF_A_CLASS for label in found) else None


def _repeats(one: Taken, found: Shared | None) -> dict[str, Any]:
    if found is None:
        return {}
    places = tuple(Place(here=one.place(here), there=one.place(there)) for here, there in found.rows)
    return {"duplicates": found.count, "repeats": places}


def _overlaps(name: str, taken: Mapping[str, Taken], matrix: Matrix) -> Iterable[Overlap]:
    """What a split shares with each other one; files and samples have nothing in common."""
    one = taken[name]
    for other, theirs in taken.items():
        found = matrix.shared.get((name, other))
        if found is None or (one.reading.kind in FILE_KINDS) != (theirs.reading.kind in FILE_KINDS):
            continue
        # a place would say which samples of the other the private one holds, to who has the other or its salt alone
        told = found.rows if one.salt == theirs.salt else ()
        places = tuple(Place(here=one.place(here), there=theirs.place(there)) for here, there in told)
        yield Overlap(split=other, count=found.count, places=places)
