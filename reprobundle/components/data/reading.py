"""From what a person gives as a split to what is recorded of it: one pass over its samples or files."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import rng
from reprobundle.components.data.describing import Description, is_pair
from reprobundle.components.data.digesting import DIGEST_BYTES, digest_block, digest_of_sorted
from reprobundle.components.data.given import How
from reprobundle.components.data.rereading import random_sample
from reprobundle.components.data.section import Kind, LabelCount, Leaf
from reprobundle.components.data.sources import Samples, open_samples
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import ReproBundleError, UsageError
from reprobundle.phrases import some
from reprobundle.store import digest_bytes, digest_pieces

if TYPE_CHECKING:
    from reprobundle.components.data.files.rows import FileRow, FilesFound, PartRow
    from reprobundle.components.data.statistics.form import Statistics
    from reprobundle.components.data.statistics.gathering import Gathering

LINES_AT_ONCE = 2**16
NAMES_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was found in a split.

    Attributes:
        kind: What was given.
        count: Number of samples or files.
        size: Bytes of the files, or of the content of the samples' leaves.
        ordered: Digest that changes with the order, 32 hex digits.
        unordered: Digest that does not.
        digests: 16 bytes for each sample, or for each file's content.
        lines: Gives the listing piece by piece.
        leaves: Parts of a sample.
        statistics: What the samples look like; None where that was not wanted, or nothing is to be said.
        label: Leaf that holds the label.
        labels: Number of samples by label.
        labels_missing: Samples whose label is missing or not a number.
        faults: What is wrong with how it was to be read, such as a label that is not there, each with the way out.
        random: Whether two reads of a sample gave different ones.
        rows: The files; empty for samples.
        parts: The parts of files that are larger than one.
        remarks: What the person should know.
    """

    kind: Kind
    count: int
    size: int
    ordered: str
    unordered: str
    digests: bytes
    lines: Callable[[], Iterator[bytes]]
    leaves: tuple[Leaf, ...] = ()
    statistics: Statistics | None = None
    label: str | None = None
    labels: tuple[LabelCount, ...] | None = None
    labels_missing: int = 0
    faults: tuple[tuple[str, str | None], ...] = ()
    random: bool = False
    rows: Sequence[FileRow] = ()
    parts: Sequence[PartRow] = ()
    remarks: tuple[str, ...] = ()


def read(value: Any, how: How | None = None) -> Reading | Failure:
    """Read a split; the global random generators are afterwards as they were.

    Args:
        value: Path, glob or URL of a file, folder or archive, a list of them, an array, a tuple, list or mapping of equally
            long arrays (columns of one sample), a table, a data set or sequence of samples, or an iterable of at most
            1,000,000 samples.
        how: How it is to be read.

    Returns:
        What was found, or why it cannot be read.
    """

    def action() -> Reading:
        with rng.kept():
            return _read(value, how or How())

    return attempt_reading(action)


def attempt_reading(action: Callable[[], Reading]) -> Reading | Failure:
    """Run `action`; our own errors give their plain words, the system's no path of this machine."""

    def plainly() -> Reading | Failure:
        try:
            return action()
        except ReproBundleError as error:
            return Failure(str(error), error.hint)
        except OSError as error:
            return Failure(f"{type(error).__name__}: {error.strerror or 'the system refused'}")

    return attempt(plainly)


def is_consumed_by_reading(value: Any) -> bool:
    """Whether a split can be read only once: a generator or another iterator."""
    return isinstance(value, Iterator)


def _read(value: Any, how: How) -> Reading:
    if _is_place(value) or (isinstance(value, list | tuple) and value and all(map(_is_place, value))):
        return _read_place(value, how)
    samples = open_samples(value, how)
    if samples is None:
        raise _told(value)
    return read_samples(samples, how)


def _told(value: Any) -> UsageError:
    """Why something is no split."""
    entries = value.items() if isinstance(value, Mapping) else ()
    kinds = [f"{key!r} is a {type(part).__name__}" for key, part in entries if not _may_be_column(part)]
    if kinds:
        hint = "give those that belong to the samples, such as (data, target)"
        return UsageError(
            f"expected arrays, tables or lists by name, found others: {some(kinds, NAMES_SHOWN)}", hint=hint
        )
    expected = "a path, a list of paths, an array, equally long arrays, a table, or samples one by one"
    hint = "give rows as an array or table, or a list or data set of the samples"
    return UsageError(f"expected {expected}, found {type(value).__name__}", hint=hint)


def _may_be_column(part: Any) -> bool:
    return isinstance(part, list | tuple | range) or hasattr(part, "shape") or hasattr(part, "__arrow_c_stream__")


def _is_place(value: Any) -> bool:
    return isinstance(value, str | os.PathLike)


def _read_place(value: Any, how: How) -> Reading:
    """A split in files: by content where the name of a single one says that it holds samples."""
    from reprobundle.components.data.files import read_place
    from reprobundle.components.data.sources import remote, shards
    from reprobundle.components.data.sources.paths import open_path

    samples = None
    if _is_place(value):
        value = os.fsdecode(value)
        if remote.is_url(value):
            local = remote.local_path(value)
            if local is None:
                return _read_url(value, how)
            value = local
        samples = open_path(Path(value), how)
    opened = samples or shards.open_shards(value, how)
    if opened is None or isinstance(opened, Failure):
        return shards.with_remark(_of_files(read_place(value, how), how), how, opened)
    return read_samples(opened, how)


def _read_url(url: str, how: How) -> Reading:
    from reprobundle.components.data.sources import paths, remote

    if glob.has_magic(url) or not paths.is_read_by_content(remote.name_of(url), how):
        return _of_files(remote.read_url(url, how), how)
    with remote.brought(url, how) as place:
        samples = paths.open_path(place, how)
        assert samples is not None
        return read_samples(samples, how)


def _of_files(found: FilesFound, how: How) -> Reading:
    """What files say of themselves: the digest of one, or of the listing of several.

    Raises:
        UsageError: There is none.
    """
    from reprobundle.components.data.sources.paths import unopened

    rows = found.rows
    if not rows:
        raise UsageError(
            "holds no file", hint="give the folder or archive that the files lie in, or leave the split out"
        )
    is_one = found.kind == "file"
    return Reading(
        kind=found.kind,
        count=len(rows),
        size=rows.size,
        ordered=rows[0].digest if is_one else digest_pieces(rows.lines()),
        unordered=rows[0].digest if is_one else digest_of_sorted(rows.digests),
        digests=rows.digests,
        lines=rows.lines,
        statistics=found.statistics,
        labels=found.labels,
        rows=rows,
        parts=found.parts,
        remarks=(*found.remarks, *unopened(rows.names, how)),
    )


def read_samples(samples: Samples, how: How) -> Reading:
    """Digest the samples and gather what they look like, in one pass.

    Raises:
        UsageError: There is no sample, or one cannot be read.
    """
    digests = bytearray()
    description = Description()
    gathering = None
    for block in samples.blocks():
        if not block or not block[0].count:
            continue
        found = digest_block(block)
        if how.statistics and not description.count:
            gathering = _gathering(how, pair=samples.pair or (samples.kind == "dataset" and is_pair(block)))
        description.add(block)
        if gathering is not None:
            gathering.add(block, found)
        digests += found
        if how.progress is not None and samples.size:
            how.progress(min(description.size, samples.size), samples.size)
    if not digests:
        raise UsageError("holds no sample", hint="give what has rows, or leave the split out")
    return _of_samples(samples, bytes(digests), description, gathering)


def _gathering(how: How, *, pair: bool) -> Gathering:
    from reprobundle.components.data.statistics.gathering import Gathering

    return Gathering(label=how.label, pair=pair)


def _of_samples(samples: Samples, digests: bytes, description: Description, gathering: Gathering | None) -> Reading:
    reading = Reading(
        kind=samples.kind,
        count=description.count,
        size=description.size,
        ordered=digest_bytes(digests),
        unordered=digest_of_sorted(digests),
        digests=digests,
        lines=lambda: _lines(digests),
        leaves=description.leaves,
        remarks=samples.remarks,
    )
    if gathering is not None:
        reading = replace(
            reading,
            statistics=gathering.result(),
            label=gathering.label,
            labels=gathering.labels,
            labels_missing=gathering.labels_missing,
            faults=gathering.faults,
        )
    return _with_randomness(reading, samples)


def _lines(digests: bytes) -> Iterator[bytes]:
    step = LINES_AT_ONCE * DIGEST_BYTES
    for start in range(0, len(digests), step):
        yield digests[start : start + step].hex("\n", -DIGEST_BYTES).encode("ascii") + b"\n"


def _with_randomness(reading: Reading, samples: Samples) -> Reading:
    """Remark when a second read of some samples gives others."""
    changed = None if samples.again is None else random_sample(reading.digests, samples.again)
    if changed is None:
        return reading
    if isinstance(changed, str):
        return replace(reading, remarks=(*reading.remarks, changed))
    remark = f"two reads of its sample {changed} differ: it is random, so its digests hold for one read only"
    return replace(reading, random=True, remarks=(*reading.remarks, remark))
