"""Files that are read by what is in them, by the ends of their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.array_files import samples_of_npy, samples_of_npz, samples_of_safetensors
from reprobundle.components.data.sources.csv_files import samples_of_csv
from reprobundle.components.data.sources.json_lines import samples_of_json_lines
from reprobundle.components.data.sources.parquet import samples_of_arrow, samples_of_parquet

Opener = Callable[[Path, How], Samples]


def _of_tsv(place: Path, how: How) -> Samples:
    return samples_of_csv(place, how, delimiter="\t")


OPENERS: Mapping[str, Opener] = {
    ".npy": samples_of_npy,
    ".npz": samples_of_npz,
    ".safetensors": samples_of_safetensors,
    ".parquet": samples_of_parquet,
    ".arrow": samples_of_arrow,
    ".feather": samples_of_arrow,
    ".csv": samples_of_csv,
    ".csv.gz": samples_of_csv,
    ".tsv": _of_tsv,
    ".tsv.gz": _of_tsv,
    ".jsonl": samples_of_json_lines,
    ".jsonl.gz": samples_of_json_lines,
}


UNOPENED = (
    ".pkl", ".pickle", ".joblib", ".pt", ".pth", ".ckpt", ".h5", ".hdf5", ".nc", ".zarr", ".tfrecord", ".tfrecords",
    ".mat", ".rds", ".rdata", ".xls", ".xlsx", ".ods", ".sav", ".dta", ".sas7bdat", ".orc", ".avro", ".db", ".sqlite",
    ".sqlite3", ".duckdb", ".json", ".json.gz", ".lmdb", ".mdb", ".pkl.gz", ".npy.gz", ".csv.bz2", ".csv.xz", ".csv.zst",
)  # fmt: skip
NAMES_LOOKED_AT = 1000


def is_read_by_content(name: str, how: How) -> bool:
    """Whether a file of this name holds samples, and is to be read as such."""
    return not how.as_bytes and end_of(name) is not None


def open_path(place: Path, how: How) -> Samples | None:
    """The samples in a file; None where it is none of a known form, or to be taken by its bytes.

    Raises:
        UsageError: Its content cannot be a split, or a declaration does not fit it.
        RefusedInputError: It is broken, or not of the form that its name says.
        UnavailableError: Reading it needs a library that is not installed.
    """
    end = None if how.as_bytes else end_of(place.name)
    return None if end is None or not place.is_file() else OPENERS[end](place, how)


def unopened(names: Sequence[str], how: How) -> Iterator[str]:
    """A remark where files are known by their bytes alone, and one of the first holds data that nobody looked at.

    Args:
        names: The files.
        how: Whether their bytes were asked for, so that nothing is to be said.
    """
    found = [name for name in names[:NAMES_LOOKED_AT] if name.lower().endswith(UNOPENED)]
    if found and not how.as_bytes:
        told = f"{found[0]!r} is digested by its bytes" if len(names) == 1 else f"such as {found[0]!r}, by their bytes"
        told = told if len(names) == 1 else f"files of data are digested, {told}"
        yield f"{told}: what is in {'it' if len(names) == 1 else 'them'} was not looked at"


def of_rows(names: Iterable[str]) -> list[str]:
    """Those of many names that say of a file that it holds rows or arrays."""
    ends = tuple(OPENERS)
    return [name for name in names if name.lower().endswith(ends)]


def end_of(name: str) -> str | None:
    """The end of a name that says of which form a file is, in small letters; None where it is none of those known."""
    folded = name.lower()
    return next((end for end in OPENERS if folded.endswith(end)), None)
