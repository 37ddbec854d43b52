"""A reviewer's own copy of a split beside what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reprobundle.components.data import file_differences, first_definition, leaves, locating, picking
from reprobundle.components.data.digesting import digest_of_sorted
from reprobundle.components.data.documents import read_statistics
from reprobundle.components.data.files import FileRow
from reprobundle.components.data.listings import recorded_digests, recorded_parts, recorded_rows
from reprobundle.components.data.moving import moved
from reprobundle.components.data.reading import Reading, attempt_reading, read
from reprobundle.components.data.salting import check_value, read_salt, salted
from reprobundle.components.data.section import FILE_KINDS, NAME, Kind, Split
from reprobundle.components.data.unwrapping import how_of, unwrap
from reprobundle.components.interface import Failure, differs, not_run, same
from reprobundle.errors import ReproBundleError, UsageError
from reprobundle.phrases import counted, some
from reprobundle.report import Finding
from reprobundle.store import digest_bytes

SHOWN = 5
MEANING = "the verdict is on the model's outputs and does not rest on this; numbers computed on this copy may be others"
FORMS = "samples are read from .npy, .npz, .safetensors, .parquet, .arrow, .feather, .csv, .tsv and .jsonl files"
FOUND: Mapping[Kind, str] = {
    "file": "a file of another form",
    "folder": "a folder of files",
    "files": "a list of files",
    "archive": "an archive of files",
}
FOLDERS: frozenset[Kind] = frozenset({"folder", "archive"})


@dataclass(frozen=True)
class Copy:
    """The reviewer's copy, its digests as they would be recorded.

    Attributes:
        reading: What was found in it.
        ordered: Digest that changes with the order.
        unordered: Digest that does not.
        digests: 16 bytes for each sample or file.
    """

    reading: Reading
    ordered: str
    unordered: str
    digests: bytes


def check_split(split: Split, given: Any, root: Path, salt: Path | None = None) -> Iterator[Finding]:
    """Read the reviewer's copy the way the split was read, and compare.

    Args:
        split: What is recorded.
        given: The reviewer's copy: a path, glob or URL, or any object that `capture` takes as a split.
        root: The verified view of the bundle, where the listing lies.
        salt: The file with the salt of a private split.
    """
    subject = f"data split {split.name!r}"
    key = _key(split, salt)
    if isinstance(key, Failure):
        yield not_run(NAME, f"{subject}: not compared: {key.why}", hint=key.hint)
        return
    reading = attempt_reading(lambda: _read_again(split, given, root))
    if isinstance(reading, Failure):
        yield not_run(NAME, f"{subject}: not compared: {reading.why}", hint=reading.hint)
    elif split.random or reading.random:
        yield _of_random(split, reading)
    else:
        yield _compared(split, _as_recorded(reading, key), root)


def _key(split: Split, place: Path | None) -> bytes | Failure | None:
    """The salt to compare with; None for a split that is not private."""
    why = first_definition.why_not(split)
    if why is not None:
        return Failure(why, "capture it again")
    if split.salt is None:
        return None
    if place is None:
        return Failure("it is private, and its salt was not given", f"--salt {split.name}=FILE, which its owner has")
    try:
        salt = read_salt(place)
    except ReproBundleError as error:
        return Failure(str(error), error.hint)
    if check_value(salt) != split.salt:
        return Failure(f"the salt in {place.name!r} is not the one that it was captured with")
    return salt


def _read_again(split: Split, given: Any, root: Path) -> Reading:
    """Read the reviewer's copy.

    Raises:
        UsageError: It is not of the recorded kind, or cannot be read as such.
    """
    copy, _ = unwrap(given)
    how = how_of(copy, leaves=split.leaves, statistics=split.statistics is not None, cached=False)
    how = replace(how, label=how.label or split.label, as_bytes=split.kind == "file" or how.as_bytes)
    how = replace(how, sharded=split.kind not in FILE_KINDS)
    reading = read(copy.data, how)
    if isinstance(reading, Failure):
        raise UsageError(reading.why, hint=reading.hint)
    _refuse_other_kind(split.kind, reading.kind)
    if split.kind == "files" and reading.kind in FOLDERS and split.salt is None:
        reading = picking.pick(reading, split, root)
    return first_definition.with_whole_files(reading, copy.data) if split.definition == 1 else reading


def _refuse_other_kind(recorded: Kind, found: Kind) -> None:
    """Make sure that the two can be compared: samples with samples whatever holds them, files with files.

    Raises:
        UsageError: They cannot.
    """
    if (recorded in FILE_KINDS) != (found in FILE_KINDS):
        if recorded in FILE_KINDS:
            raise UsageError("expected files, found samples")
        raise UsageError(f"expected samples, found {FOUND[found]}", hint=FORMS)
    if recorded == "file" and found != "file":
        raise UsageError("expected a file, found several")
    if recorded in FOLDERS and found == "file":
        raise UsageError("expected a folder or an archive, found a file")


def _as_recorded(reading: Reading, salt: bytes | None) -> Copy:
    if salt is None:
        return Copy(reading, reading.ordered, reading.unordered, reading.digests)
    digests = salted(reading.digests, salt)
    return Copy(reading, digest_bytes(digests), digest_of_sorted(digests), digests)


def _unit(split: Split, count: int) -> str:
    return counted(count, "file" if split.kind in FILE_KINDS else "sample")


def _of_random(split: Split, reading: Reading) -> Finding:
    """Samples that are drawn anew at each read: how many there are, and of what form, is all that can be compared."""
    subject = f"data split {split.name!r}"
    parts = _parts(split, reading)
    if reading.count != split.count or parts:
        counts = f" ({_unit(split, reading.count)}, recorded {split.count:,})"
        message = f"{subject}: differs{counts}{': ' if parts else ''}{some(parts, SHOWN)}"
        return differs(NAME, message, expected=split.count, found=reading.count, hint=MEANING)
    whose = "its samples were" if split.random else "the samples of the copy are"
    why = f"{whose} random, another at each read; {_unit(split, split.count)} of the recorded form are there"
    return not_run(NAME, f"{subject}: contents not compared: {why}")


def _parts(split: Split, reading: Reading) -> list[str]:
    """What has another name, dtype or shape, in words."""
    return list(leaves.differences(split.leaves, reading.leaves, called=leaves.noun(split.kind)))


def _compared(split: Split, copy: Copy, root: Path) -> Finding:
    subject = f"data split {split.name!r}"
    if copy.ordered == split.ordered:
        return same(NAME, f"{subject}: {_unit(split, split.count)}, all as recorded")
    if copy.unordered == split.unordered and (split.kind not in FILE_KINDS or split.salt is not None):
        message = f"{subject}: the same {'files' if split.kind in FILE_KINDS else 'samples'} in another order"
    else:
        where = _where(split, copy, root)
        counts = f" ({_unit(split, copy.reading.count)}, recorded {split.count:,})"
        message = f"{subject}: digest differs{counts}{': ' if where else ''}{where}"
    return differs(NAME, message, expected=split.ordered, found=copy.ordered, hint=MEANING)


def _where(split: Split, copy: Copy, root: Path) -> str:
    """The first few places where the two part, in words; empty where the listing cannot tell."""
    if split.salt is not None or split.kind not in FILE_KINDS:
        return _where_rows(split, copy, root)
    found = {row.name: row for row in copy.reading.rows}
    return _where_files(split, found, copy, root)


def _where_files(split: Split, found: Mapping[str, FileRow], copy: Copy, root: Path) -> str:
    recorded = recorded_rows(split, root)
    parts = tuple(map(file_differences.parts_by_name, (recorded_parts(split, root), copy.reading.parts)))
    pair = (parts[0], parts[1])
    if split.kind == "file":
        rows = [*recorded.values()], [*found.values()]
        return file_differences.of_one(rows[0][0], rows[1][0], pair) if rows[0] and rows[1] else ""
    words = file_differences.differences(recorded, found, pair)
    return some(words, SHOWN) or "the same files in another order"


def _where_rows(split: Split, copy: Copy, root: Path) -> str:
    parts = _parts(split, copy.reading)
    if parts:
        return some(parts, SHOWN)
    recorded = recorded_digests(split, root)
    if not recorded:
        return ""
    parting = locating.part(recorded, copy.digests)
    words = list(locating.describe(parting, split.count, "file" if split.kind in FILE_KINDS else "row"))
    if len(parting.changed) and not len(parting.missing) and not len(parting.new):
        words += _where_features(split, copy, root)
    return ", ".join(words)


def _where_features(split: Split, copy: Copy, root: Path) -> Iterator[str]:
    """Which columns were touched, as far as their statistics tell; nothing where all of them were."""
    known, now = read_statistics(split, root), copy.reading.statistics
    if known is None or now is None:
        return
    features = list(moved(known, now))
    if 0 < len(features) < len(known.features):
        yield f"with other statistics of {some(features, SHOWN)} only"
