"""From what a person gives as a split to what is recorded of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reprobundle import arrays
from reprobundle.components.data import files
from reprobundle.components.data.columns import columns_of, label_column, ready, rows_of
from reprobundle.components.data.samples import DIGEST_BYTES, Tally, digest_of_sorted, digest_rows, sample_digest
from reprobundle.components.data.section import Kind, LabelCount, Leaf
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import ReproBundleError, UsageError
from reprobundle.store import digest_bytes
from reprobundle.tensors import dtype_name

MAX_SAMPLES = 10_000_000
MAX_STREAMED = 1_000_000
LINES_AT_ONCE = 2**16
NAMES_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was found in a split.

    Attributes:
        kind: What was given.
        count: Number of samples or files.
        size: Bytes.
        ordered: Digest that changes with the order, 32 hex digits.
        unordered: Digest that does not.
        digests: 16 bytes for each sample, or for each file's content.
        lines: Gives the listing piece by piece.
        leaves: Parts of a sample.
        labels: Number of samples by label.
        rows: The files; empty for samples.
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
    labels: tuple[LabelCount, ...] | None = None
    rows: tuple[files.FileRow, ...] = ()
    remarks: tuple[str, ...] = ()


def read(value: Any) -> Reading | Failure:
    """Read a split.

    Args:
        value: Path of a file or folder, a list of paths, an array, a tuple, list or mapping of equally long arrays
            (columns of one sample), a Dataset or sequence of samples, or an iterable of at most 1,000,000 samples.

    Returns:
        What was found, or why it cannot be read.
    """
    return attempt_reading(lambda: _read(value))


def attempt_reading(action: Callable[[], Reading]) -> Reading | Failure:
    """Run `action`; our own errors give their plain words, the system's no path of this machine."""

    def plainly() -> Reading | Failure:
        try:
            return action()
        except ReproBundleError as error:
            return Failure(str(error))
        except OSError as error:
            return Failure(f"{type(error).__name__}: {error.strerror or 'the system refused'}")

    return attempt(plainly)


def is_consumed_by_reading(value: Any) -> bool:
    """Whether a split can be read only once: a generator or another iterator."""
    return isinstance(value, Iterator)


def _read(value: Any) -> Reading:
    if isinstance(value, str | os.PathLike):
        return read_path(Path(value))
    if isinstance(value, list | tuple) and value and all(isinstance(item, str | os.PathLike) for item in value):
        return read_files([Path(item) for item in value])
    columns = columns_of(value)
    if columns is not None:
        return read_columns(columns, pair=not isinstance(value, Mapping))
    return _read_samples(value)


def read_path(path: Path) -> Reading:
    """A split in one file or folder.

    Raises:
        UsageError: Nothing is there, or nothing is in it.
        UnavailableError: It cannot be read.
    """
    if path.is_dir():
        found = files.rows_of_folder(path)
        shown = ", ".join(map(repr, found.left_out[:NAMES_SHOWN]))
        remark = f"left out {len(found.left_out)} linked folders or special files: {shown}"
        return _of_files("folder", found.rows, remarks=(remark,) if found.left_out else ())
    if not path.exists():
        raise UsageError(f"no file or folder {files.escaped(path.name)!r}")
    row = files.row_of(path, path.name)
    return Reading(
        kind="file",
        count=1,
        size=row.size,
        ordered=row.digest,
        unordered=row.digest,
        digests=bytes.fromhex(row.digest),
        lines=lambda: iter([row.line().encode("ascii")]),
        rows=(row,),
    )


def read_files(paths: Sequence[Path]) -> Reading:
    """A split in a list of files, in their order.

    Raises:
        UnavailableError: One cannot be read.
    """
    return _of_files("files", files.rows_of_files(paths))


def _of_files(kind: Kind, rows: tuple[files.FileRow, ...], *, remarks: tuple[str, ...] = ()) -> Reading:
    if not rows:
        raise UsageError("holds no file")
    listing = "".join(row.line() for row in rows).encode("ascii")
    digests = bytes.fromhex("".join(row.digest for row in rows))
    return Reading(
        kind=kind,
        count=len(rows),
        size=sum(row.size for row in rows),
        ordered=digest_bytes(listing),
        unordered=digest_of_sorted(digests),
        digests=digests,
        lines=lambda: iter([listing]),
        rows=rows,
        remarks=remarks,
    )


def read_columns(columns: Mapping[str, Any], *, pair: bool = False) -> Reading:
    """A split given by columns: sample number i is the i-th row of each.

    Args:
        columns: Arrays of shape (samples, …), or lists of plain values, all equally long.
        pair: Whether a sample is a tuple, so that the second of two columns may be labels.

    Raises:
        UsageError: There is no sample, or the columns are not equally long.
    """
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise UsageError(f"its columns are not equally long: {lengths}")
    made = {name: ready(column) for name, column in columns.items()}
    if not all(arrays.is_array(column) for column in made.values()):
        return _of_tally("array", _tally(rows_of(made, pair=pair), limit=MAX_SAMPLES))
    digests = digest_rows(list(made.items()))
    leaves = (Leaf(name=name, dtype=dtype_name(a.dtype), shape=a.shape[1:]) for name, a in made.items())
    size = sum(column.nbytes for column in made.values())
    labels = label_column(list(made.values())) if pair else None
    return _of_digests("array", digests, size, tuple(leaves), labels)


def _read_samples(value: Any) -> Reading:
    if hasattr(value, "batch_sampler") and hasattr(value, "dataset"):
        return _read(value.dataset)  # a DataLoader: its samples, not its shuffled batches
    if _is_map_style(value):
        if len(value) > MAX_SAMPLES:
            raise UsageError(f"holds {len(value)} samples, at most {MAX_SAMPLES} are listed")
        samples = (value[index] for index in range(len(value)))
        reading = _of_tally("dataset", _tally(samples, limit=MAX_SAMPLES))
        return _with_randomness(reading, lambda: value[0])
    if isinstance(value, Iterable) and not isinstance(value, bytes | bytearray | Mapping | set | frozenset):
        reading = _of_tally("dataset", _tally(value, limit=MAX_STREAMED))
        once = is_consumed_by_reading(value)
        return reading if once else _with_randomness(reading, lambda: next(iter(value)))
    expected = "a path, a list of paths, an array, equally long arrays, or samples one by one"
    raise UsageError(f"expected {expected}, found {type(value).__name__}")


def _is_map_style(value: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.utils.data.IterableDataset):
        return False
    return hasattr(value, "__getitem__") and hasattr(value, "__len__") and not isinstance(value, Mapping | bytes)


def _tally(samples: Iterable[Any], *, limit: int) -> Tally:
    tally = Tally()
    for sample in samples:
        if tally.count >= limit:
            raise UsageError(f"gives more than {limit} samples")
        tally.add(sample)
    return tally


def _of_tally(kind: Kind, tally: Tally) -> Reading:
    return _of_digests(kind, bytes(tally.digests), tally.size, tally.leaves, tally.labels)


def _of_digests(
    kind: Kind, digests: bytes, size: int, leaves: tuple[Leaf, ...], labels: tuple[LabelCount, ...] | None
) -> Reading:
    if not digests:
        raise UsageError("holds no sample")
    return Reading(
        kind=kind,
        count=len(digests) // DIGEST_BYTES,
        size=size,
        ordered=digest_bytes(digests),
        unordered=digest_of_sorted(digests),
        digests=digests,
        lines=lambda: _lines(digests),
        leaves=leaves,
        labels=labels,
    )


def _lines(digests: bytes) -> Iterator[bytes]:
    step = LINES_AT_ONCE * DIGEST_BYTES
    for start in range(0, len(digests), step):
        yield digests[start : start + step].hex("\n", -DIGEST_BYTES).encode("ascii") + b"\n"


def _with_randomness(reading: Reading, first: Callable[[], Any]) -> Reading:
    """Remark when a second read of the first sample gives another one."""
    if sample_digest(first()) == reading.digests[:DIGEST_BYTES]:
        return reading
    remark = "two reads of its first sample differ: it is random, so its digests hold for one read only"
    return replace(reading, remarks=(*reading.remarks, remark))
