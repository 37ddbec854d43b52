"""The files of a recorded list among those of a reviewer's folder, wherever in it they stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from reprobundle.components.data.digesting import digest_of_sorted
from reprobundle.components.data.files import FileRow, PartRow
from reprobundle.components.data.listings import recorded_rows
from reprobundle.components.data.reading import Reading
from reprobundle.components.data.section import Split
from reprobundle.store import digest_bytes

LOOKED_AT = 100  # names of the record, and files of one name: enough to see in which folder they all stand


def pick(reading: Reading, split: Split, root: Path) -> Reading:
    """The listed files among those of a folder, under their recorded names and in the recorded order.

    A list is named relative to the folder its files shared, so that the reviewer's folder may lie above or below it.

    Args:
        reading: What was found in the folder.
        split: The recorded list.
        root: The verified view of the bundle, where the listing lies.
    """
    present = {row.name: row for row in reading.rows}
    recorded = recorded_rows(split, root)
    places = _places(recorded, present)
    rows = tuple(FileRow(present[place].size, present[place].digest, name) for name, place in places.items())
    digests = bytes.fromhex("".join(row.digest for row in rows))
    return replace(
        reading,
        kind="files",
        count=len(rows),
        size=sum(row.size for row in rows),
        ordered=digest_bytes("".join(row.line() for row in rows).encode("ascii")),
        unordered=digest_of_sorted(digests),
        digests=digests,
        rows=rows,
        parts=_parts(reading.parts, places),
    )


def _places(recorded: Collection[str], present: Collection[str]) -> dict[str, str]:
    """Where each recorded file stands, all in one folder: the one that has most of them, as recorded where that has some."""
    here = {name: name for name in recorded if name in present}
    if here:
        return here
    best: dict[str, str] = {}
    for above, below in sorted(_folders(recorded, present)):
        moved = {name: below + name[len(above) :] for name in recorded if name.startswith(above)}
        found = {name: place for name, place in moved.items() if place in present}
        best = max(best, found, key=len)
    return best


def _folders(recorded: Iterable[str], present: Iterable[str]) -> Collection[tuple[str, str]]:
    """What recorded names may begin with beyond those in the copy, and the other way round: one of the two is empty."""
    by_name: dict[str, list[str]] = defaultdict(list)
    for name in present:
        by_name[name.rpartition("/")[2]].append(name)
    found: Counter[tuple[str, str]] = Counter()
    for name in islice(recorded, LOOKED_AT):
        for place in by_name[name.rpartition("/")[2]][:LOOKED_AT]:
            if f"/{place}".endswith(f"/{name}"):
                found["", place[: len(place) - len(name)]] += 1
            elif name.endswith(f"/{place}"):
                found[name[: len(name) - len(place)], ""] += 1
    return [folder for folder, _ in found.most_common(LOOKED_AT)]


def _parts(parts: Iterable[PartRow], places: Mapping[str, str]) -> tuple[PartRow, ...]:
    names = {place: name for name, place in places.items()}
    return tuple(PartRow(part.digest, part.offset, names[part.name]) for part in parts if part.name in names)
