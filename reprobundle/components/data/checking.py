"""A reviewer's own copy of a split beside what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reprobundle import tensors
from reprobundle.components.data.files import FileRow, rows_of_folder
from reprobundle.components.data.reading import Reading, attempt_reading, read_columns, read_path
from reprobundle.components.data.samples import DIGEST_BYTES
from reprobundle.components.data.section import NAME, Split
from reprobundle.components.interface import Failure, differs, not_run, same
from reprobundle.errors import UsageError
from reprobundle.report import Finding
from reprobundle.store import digest_bytes, inside

SHOWN = 5
PLAIN = frozenset({"text", "integer", "boolean", "float", "none", "mixed"})


def check_split(split: Split, given: Path, root: Path) -> Iterator[Finding]:
    """Read the reviewer's copy the way the split was read, and compare.

    Args:
        split: What is recorded.
        given: The reviewer's file or folder.
        root: The verified view of the bundle, where the listing lies.
    """
    subject = f"data split {split.name!r}"
    reading = attempt_reading(lambda: _read_again(split, given, root))
    if isinstance(reading, Failure):
        yield not_run(NAME, f"{subject}: not compared: {reading.why}")
    elif reading.ordered == split.ordered:
        yield same(NAME, f"{subject}: {split.count} {_unit(split)}, all as recorded")
    elif reading.unordered == split.unordered and not reading.rows:
        message = f"{subject}: the same samples in another order"
        yield differs(NAME, message, expected=split.ordered, found=reading.ordered)
    else:
        where = _where(split, reading, root)
        counts = f" ({reading.count} {_unit(split)}, recorded {split.count})"
        message = f"{subject}: digest differs{counts}{': ' if where else ''}{where}"
        yield differs(NAME, message, expected=split.ordered, found=reading.ordered)


def _unit(split: Split) -> str:
    word = "sample" if split.kind in {"array", "dataset"} else "file"
    return word if split.count == 1 else word + "s"


def _read_again(split: Split, given: Path, root: Path) -> Reading:
    """Read the reviewer's copy.

    Raises:
        UsageError: It is not of the recorded kind, or cannot be read as such.
    """
    if split.kind == "file":
        return read_path(_expected(given, is_folder=False))
    if split.kind == "folder":
        return read_path(_expected(given, is_folder=True))
    if split.kind == "files":
        return _read_listed(split, _expected(given, is_folder=True), root)
    return _read_arrays(split, _expected(given, is_folder=False))


def _expected(given: Path, *, is_folder: bool) -> Path:
    if is_folder and not given.is_dir():
        raise UsageError(f"expected a folder, found no folder at {given.name!r}")
    if not is_folder and not given.is_file():
        raise UsageError(f"expected a file, found no file at {given.name!r}")
    return given


def _read_listed(split: Split, folder: Path, root: Path) -> Reading:
    """The listed files among those of a folder, in the recorded order; names are compared, never opened."""
    present = {row.name: row for row in rows_of_folder(folder).rows}
    rows = tuple(present[row.name] for row in _recorded_rows(split, root) if row.name in present)
    listing = "".join(row.line() for row in rows).encode("ascii")
    return Reading(
        kind="files",
        count=len(rows),
        size=sum(row.size for row in rows),
        ordered=digest_bytes(listing),
        unordered="",
        digests=b"",
        lines=lambda: iter([listing]),
        rows=rows,
    )


def _read_arrays(split: Split, given: Path) -> Reading:
    if not split.leaves or any(leaf.dtype in PLAIN for leaf in split.leaves):
        raise UsageError("it holds plain values, which no file of arrays gives back")
    loaded = _load(given)
    names = [leaf.name for leaf in split.leaves]
    if len(names) == 1 and len(loaded) == 1:
        return read_columns({names[0]: next(iter(loaded.values()))})
    missing = [name for name in names if name not in loaded]
    if missing:
        raise UsageError(f"{given.name}: expected arrays named {names}, found {sorted(loaded)[:SHOWN]}")
    return read_columns({name: loaded[name] for name in names})


def _load(given: Path) -> Mapping[str, Any]:
    """The arrays in a file, by name.

    Raises:
        UsageError: It is of another form.
    """
    if given.suffix == ".safetensors":
        return tensors.read_arrays(given)
    import numpy as np

    if given.suffix == ".npy":
        return {"value": np.load(given, mmap_mode="r", allow_pickle=False)}
    if given.suffix == ".npz":
        with np.load(given, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    raise UsageError(f"{given.name}: expected a .npy, .npz or .safetensors file")


def _where(split: Split, reading: Reading, root: Path) -> str:
    """Up to five places where the listings part, in words; empty when the listing cannot tell."""
    if split.kind in {"array", "dataset"}:
        return _where_rows(split, reading, root)
    if split.kind == "file":
        return ""
    recorded = {row.name: row for row in _recorded_rows(split, root)}
    found = {row.name: row for row in reading.rows}
    words = [f"{name!r} is missing" for name in recorded if name not in found]
    words += [f"{name!r} differs" for name in recorded if name in found and found[name] != recorded[name]]
    words += [f"{name!r} is new" for name in found if name not in recorded]
    return _listed(words) or "the same files in another order"


def _where_rows(split: Split, reading: Reading, root: Path) -> str:
    import numpy as np

    recorded = _recorded_digests(split, root)
    shared = min(len(recorded), len(reading.digests)) // DIGEST_BYTES
    old = np.frombuffer(recorded, "S16", count=shared)
    new = np.frombuffer(reading.digests, "S16", count=shared)
    rows = np.flatnonzero(old != new)
    if len(rows) == 0:
        return ""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    ranges = [(int(part[0]), int(part[-1])) for part in np.split(rows, breaks)[: SHOWN + 1]]
    words = [f"row {first}" if first == last else f"rows {first} to {last}" for first, last in ranges]
    return _listed(words, total=len(breaks) + 1)


def _listed(words: list[str], *, total: int | None = None) -> str:
    more = (len(words) if total is None else total) - SHOWN
    return ", ".join(words[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _recorded_digests(split: Split, root: Path) -> bytes:
    """The digests in a listing; empty when it is not of the form that capture writes."""
    content = inside(root, split.listing).read_bytes()
    try:
        return bytes.fromhex(content.decode("ascii"))
    except ValueError:
        return b""


def _recorded_rows(split: Split, root: Path) -> Iterator[FileRow]:
    """The files in a listing; lines of another form are passed over, their digest is compared all the same."""
    with inside(root, split.listing).open(encoding="ascii", errors="replace", newline="\n") as lines:
        for line in lines:
            size, _, rest = line.rstrip("\n").partition(" ")
            digest, _, name = rest.partition(" ")
            if size.isdecimal() and len(size) < 20 and len(digest) == 2 * DIGEST_BYTES and name:
                yield FileRow(int(size), digest, name)
