"""Files that are read by what is in them, by the ends of their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


def is_read_by_content(name: str, how: How) -> bool:
    """Whether a file of this name holds samples, and is to be read as such."""
    return not how.as_bytes and _opener(name) is not None


def open_path(place: Path, how: How) -> Samples | None:
    """The samples in a file; None where it is none of a known form, or to be taken by its bytes.

    Raises:
        UsageError: Its content cannot be a split, or a declaration does not fit it.
        RefusedInputError: It is broken, or not of the form that its name says.
        UnavailableError: Reading it needs a library that is not installed.
    """
    opener = None if how.as_bytes else _opener(place.name)
    return None if opener is None or not place.is_file() else opener(place, how)


def _opener(name: str) -> Opener | None:
    """By the last end of a name that is known, in small letters."""
    folded = name.lower()
    return next((opener for end, opener in OPENERS.items() if folded.endswith(end)), None)
