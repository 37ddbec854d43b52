"""Taking in what a person hands over as a split: read, with its salt, and all that is wrong with it noted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from reprobundle.components.data import noting
from reprobundle.components.data.given import DataSplit
from reprobundle.components.data.provenance import provenance_of
from reprobundle.components.data.reading import Reading, read
from reprobundle.components.data.salting import open_salt, salted
from reprobundle.components.data.section import NAME, Provenance
from reprobundle.components.data.unwrapping import how_of, unwrap
from reprobundle.components.interface import Failure, Source, Stage
from reprobundle.errors import ReproBundleError
from reprobundle.store import digest_bytes

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
    salt = _salt(given.private, stage)
    if isinstance(salt, Failure):
        return salt
    reading = read(given.data, how_of(given, progress=source.reading, cached=salt is None))
    if isinstance(reading, Failure):
        return reading if salt is None else Failure(UNTOLD, UNTOLD_HINT)
    said = provenance_of(given)
    told = [*((fault, None) for fault in faults), *said.remarks, *reading.faults]
    if given.private is None:
        told += [(remark, None) for remark in reading.remarks]
    else:
        told += noting.of_salt(Path(given.private), source.project)
    for message, hint in told:
        stage.note(NAME, f"data split {name!r}: {message}", hint=hint)
    return Taken(given=given, reading=reading, provenance=said.provenance, salt=salt)


def _salt(private: object, stage: Stage) -> bytes | Failure | None:
    """The salt of a private split; without it the split is left out, never read as a public one."""
    if private is None:
        return None
    if not isinstance(private, str | os.PathLike) or not os.fspath(private):
        return Failure(f"private: expected the path of a file for the salt, found {type(private).__name__}")
    place = Path(os.fsdecode(private))
    try:
        salt = open_salt(place)
        digest = digest_bytes(place.read_bytes())
    except ReproBundleError as error:
        return Failure(f"private: {error}", error.hint)
    except OSError as error:
        return Failure(f"private: {place.name!r} cannot be read: {error.strerror or 'the system refused'}")
    packed = next((entry.path for entry in stage.writer.entries if entry.xxh3_128 == digest), None)
    if packed is not None:
        hint = "call it NAME.salt, which is never packed, or move it out of the project; and make a new one"
        return Failure(f"private: the file with its salt is in the bundle, as {packed!r}", hint)
    return salt
