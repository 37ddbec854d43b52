"""Taking in what a person hands over as a split: read, with its salt, and all that is wrong with it noted."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reprobundle.components.data import noting
from reprobundle.components.data.given import DataSplit
from reprobundle.components.data.provenance import provenance_of
from reprobundle.components.data.reading import Reading, read
from reprobundle.components.data.salting import open_salt, salt_place, salted
from reprobundle.components.data.section import NAME, Provenance
from reprobundle.components.data.unwrapping import how_of, unused, unwrap
from reprobundle.components.interface import Failure, Source, Stage
from reprobundle.errors import ReproBundleError

UNTOLD = "it is private and cannot be read, for a reason that may name what is in it"
UNTOLD_HINT = "capture once without private= to see the reason, into a bundle that is thrown away"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A split that was read.

    Attributes:
        given: What the person handed over.
        reading: What was found in it.
        provenance: Where it comes from.
        salt: What its digests are salted with; None: they are not.
    """

    given: DataSplit
    reading: Reading
    provenance: Provenance | None
    salt: bytes | None

    @cached_property
    def digests(self) -> bytes:
        """The digests that are recorded, 16 bytes for each sample or file."""
        return self.reading.digests if self.salt is None else salted(self.reading.digests, self.salt)

    def place(self, row: int) -> int | str:
        """How a row is called in the record: a file by its name, where names are told."""
        named = self.reading.rows and self.salt is None
        return self.reading.rows[row].name if named else row


def take(name: str, value: Any, source: Source, stage: Stage) -> Taken | Failure:
    """Read one split; what is wrong with it is noted.

    Args:
        name: What it is called.
        value: What was handed over: a `DataSplit`, or what one holds.
        source: Where the project is, and who watches.
        stage: Takes the notes.

    Returns:
        The split, or why it cannot be recorded.
    """
    given, faults = unwrap(value)
    salt = _salt(given.private)
    if isinstance(salt, Failure):
        return salt
    reading = read(given.data, how_of(given, progress=source.reading, cached=salt is None))
    if isinstance(reading, Failure):
        return reading if salt is None else Failure(UNTOLD, UNTOLD_HINT)
    said = provenance_of(given)
    told = [*((fault, None) for fault in (*faults, *unused(given))), *said.remarks, *reading.faults]
    place = salt_place(given.private)
    if place is None:
        told += [(remark, None) for remark in reading.remarks]
    else:
        told += noting.of_salt(place, source.project)
    for message, hint in told:
        stage.note(NAME, f"data split {name!r}: {message}", hint=hint)
    return Taken(given=given, reading=reading, provenance=said.provenance, salt=salt)


def _salt(private: object) -> bytes | Failure | None:
    """The salt of a private split; without it the split is left out, never read as a public one."""
    if private is None:
        return None
    place = salt_place(private)
    if place is None:
        return Failure(f"private: expected the path of a file for the salt, found {type(private).__name__}")
    try:
        return open_salt(place)
    except ReproBundleError as error:
        return Failure(f"private: {error}", error.hint)
