"""How the splits were made of one whole: recorded as a function with its seed, and as indices; made again at a replay."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import entries, tensors
from reprobundle.components.data.given import DataSplit, Splitting
from reprobundle.components.data.section import FILE_KINDS, NAME, Split
from reprobundle.components.data.section import Splitting as Recorded
from reprobundle.components.interface import Failure, Site, Source, Stage, attempt, differs, not_run, same
from reprobundle.errors import ReproBundleError
from reprobundle.phrases import counted, some
from reprobundle.plain_values import plain
from reprobundle.report import Finding
from reprobundle.store import digest_bytes, inside
from reprobundle.worker import splitting as worker

if TYPE_CHECKING:
    import numpy as np

    from reprobundle.components.data.reading import Reading

    Indices = Mapping[str, np.ndarray[Any, Any]]

INDICES = "data/splitting.safetensors"
WHOLE = "all"
SIZE = 16  # bytes of a sample's digest
FORM = (
    "give Splitting(function, data=the whole, seed=…): function(count, seed=…) gives the indices of each split by name"
)
_LINE = re.compile(rb"[0-9a-f]{32}")


def record(source: Source, splits: Sequence[Split], stage: Stage) -> Recorded | None:
    """Record how the splits were made: as the person says, or as the indices of torch's subsets of one parent.

    Args:
        source: ``splitting`` and ``splits``.
        splits: The recorded splits.
        stage: Takes the indices, and a note for what cannot be recorded or does not fit.
    """
    given = source.splitting
    if given is None:
        return _of_subsets(source.splits, splits, stage)
    if not isinstance(given, Splitting):
        stage.note(NAME, f"splitting: is left out: expected a Splitting, found {type(given).__name__}", hint=FORM)
        return None
    whole_is_private = isinstance(given.data, DataSplit) and given.data.private is not None
    if whole_is_private or any(split.salt is not None for split in splits):
        what = f"the whole, {given.name!r}," if whole_is_private else "a split"
        message = f"splitting: is left out: {what} is private, and digests of the whole would tell what is in it"
        stage.note(NAME, message, hint="keep the indices yourself")
        return None
    whole = _whole(given, stage)
    return None if whole is None else _of_function(given, whole, splits, stage)


def _whole(given: Splitting, stage: Stage) -> Reading | None:
    """The digests of the whole."""
    reading = _read(given.data)
    if isinstance(reading, Failure):
        stage.note(NAME, f"splitting: is left out: {given.name!r} cannot be read: {reading.why}", hint=reading.hint)
        return None
    return reading


def _read(data: Any, splits: Sequence[Split] = ()) -> Reading | Failure:
    """A whole, read as its splits were: a source without dtypes of its own takes theirs."""
    from reprobundle.components.data.given import How
    from reprobundle.components.data.reading import read

    leaves = splits[0].leaves if splits else ()
    if isinstance(data, DataSplit):
        how = How(
            dtypes=data.dtypes,
            as_bytes=data.as_bytes,
            storage_options=data.storage_options,
            statistics=False,
            cached=data.private is None,
        )
        return read(data.data, how)
    return read(data, How(leaves=leaves, statistics=False))


def _of_function(given: Splitting, whole: Reading, splits: Sequence[Split], stage: Stage) -> Recorded | None:
    """Run the function twice, compare what it gives with the splits, and write its indices."""
    found = attempt(lambda: _made(given, whole.count))
    if isinstance(found, Failure):
        stage.note(NAME, f"splitting: is left out: the function fails: {found.why}", hint=found.hint or FORM)
        return None
    entry = _entry(given, stage)
    arguments = plain(dict(given.arguments))
    for missing in arguments.unsaved:
        stage.note(
            NAME,
            f"splitting: argument {missing.path}: {missing.type} is not saved: {missing.reason}",
            hint=missing.hint,
        )
    again = attempt(lambda: _made(given, whole.count))
    if isinstance(again, Failure) or not _equal(found, again):
        message = (
            "splitting: the function gives other indices each time it is called, so a replay cannot make them again"
        )
        stage.note(NAME, message, hint="let it draw from a generator made with its seed")
        entry = None
    _note_misfits(found, whole, splits, stage)
    return Recorded(
        whole=given.name,
        count=whole.count,
        ordered=whole.ordered,
        function=None if arguments.unsaved else entry,
        seed=given.seed,
        arguments=arguments.value if isinstance(arguments.value, dict) else {},
        indices=_write(found, stage),
    )


def _made(given: Splitting, count: int) -> Indices:
    function = entries.resolve(given.function) if isinstance(given.function, str) else given.function
    made: Indices = worker.indices(function, count, given.seed, dict(given.arguments))
    return made


def _entry(given: Splitting, stage: Stage) -> str | None:
    try:
        return entries.entry_of(given.function)
    except ReproBundleError as error:
        stage.note(NAME, f"splitting: only the indices are recorded: {error}", hint=error.hint)
        return None


def _equal(one: Indices, other: Indices) -> bool:
    return list(one) == list(other) and all(one[name].tobytes() == other[name].tobytes() for name in one)


def _note_misfits(found: Indices, whole: Reading, splits: Sequence[Split], stage: Stage) -> None:
    for split in splits:
        if split.name not in found:
            stage.note(NAME, f"splitting: gives no indices of data split {split.name!r}")
        elif not _fits(split, found[split.name], whole.digests):
            message = f"splitting: the samples at its indices are not data split {split.name!r} as it was given"
            stage.note(NAME, message, hint="give the splits as they were cut of the whole, in the order of the indices")


def _fits(split: Split, rows: Any, digests: bytes) -> bool:
    """Whether the samples of the whole at some rows are a split: in order, of files by their content alone."""
    picked = _picked(digests, rows)
    if split.kind in FILE_KINDS:
        from reprobundle.components.data.digesting import digest_of_sorted

        return digest_of_sorted(picked) == split.unordered
    return digest_bytes(picked) == split.ordered


def _picked(digests: bytes, rows: Any) -> bytes:
    import numpy as np

    return bytes(np.frombuffer(digests, np.dtype(f"V{SIZE}"))[rows].tobytes())


def _write(found: Indices, stage: Stage) -> str:
    tensors.write(stage.writer, INDICES, {name: tensors.of_array(rows) for name, rows in found.items()})
    return INDICES


def _of_subsets(given: Any, splits: Sequence[Split], stage: Stage) -> Recorded | None:
    """The indices of torch's subsets, where every split is one and all are of one parent."""
    from reprobundle.components.data.subsets import of_one_parent

    found = of_one_parent(given, splits)
    if found is None or any(split.salt is not None or split.random for split in splits):
        return None
    digests = _joined(found.indices, splits, len(found.parent), stage.root)
    if digests is None:
        reading = _read(found.parent)
        if isinstance(reading, Failure) or reading.random:
            return None
        digests = reading.digests
    name = WHOLE
    while name in found.indices:
        name = f"_{name}"
    return Recorded(
        whole=name,
        count=len(digests) // SIZE,
        ordered=digest_bytes(digests),
        indices=_write(found.indices, stage),
    )


def _joined(indices: Indices, splits: Sequence[Split], count: int, root: Path) -> bytes | None:
    """The digests of the whole out of the splits' listings; None where they leave out a part of it."""
    import numpy as np

    whole, there = np.zeros(count, np.dtype(f"V{SIZE}")), np.zeros(count, bool)
    for split in splits:
        lines = _LINE.findall((root / split.listing).read_bytes())
        if len(lines) != len(indices[split.name]):
            return None
        whole[indices[split.name]] = np.frombuffer(bytes.fromhex(b"".join(lines).decode("ascii")), whole.dtype)
        there[indices[split.name]] = True
    return whole.tobytes() if bool(there.all()) else None


def job(splitting: Recorded) -> dict[str, Any] | None:
    """What the worker needs to make the indices again; None where no function is recorded."""
    if splitting.function is None:
        return None
    return {
        "entry": splitting.function,
        "count": splitting.count,
        "seed": splitting.seed,
        "arguments": splitting.arguments,
    }


def check(splitting: Recorded, splits: Sequence[Split], site: Site) -> Iterator[Finding]:
    """Compare the indices made again with the recorded ones, and the reviewer's own whole with the splits."""
    recorded = tensors.read_arrays(inside(site.root, splitting.indices))
    yield from _check_indices(splitting, recorded, site)
    if splitting.whole in site.data:
        cut = [split for split in splits if split.name in recorded]
        yield from _check_whole(splitting, recorded, cut, site.data[splitting.whole])


def cut_of(splitting: Recorded, root: Path) -> frozenset[str]:
    """The names of the splits whose indices into the whole are recorded."""
    return frozenset(tensors.read_arrays(inside(root, splitting.indices)))


def _check_indices(splitting: Recorded, recorded: Indices, site: Site) -> Iterator[Finding]:
    what = f"splitting: {splitting.function!r}"
    if splitting.function is None:
        yield not_run(NAME, "splitting: not made again: only its indices are recorded")
    elif site.answer is None:
        yield not_run(NAME, f"{what}: not made again: nothing was run")
    elif site.answer.indices is None:
        why = site.answer.splitting_error or site.answer.error or "the worker did not run it"
        yield not_run(NAME, f"{what}: not made again: {why}")
    elif found := list(_differences(recorded, site.answer.indices)):
        yield differs(
            NAME, f"{what} gives other splits: {some(found)}", expected="the recorded indices", found="others"
        )
    else:
        sizes = ", ".join(f"{name} {len(rows):,}" for name, rows in recorded.items())
        yield same(NAME, f"{what} gives the recorded indices again ({sizes})")


def _differences(recorded: Indices, made: Indices) -> Iterator[str]:
    """In words, how each split's indices differ from the recorded ones."""
    for name in sorted({*recorded, *made}):
        ours, theirs = recorded.get(name), made.get(name)
        if ours is None or theirs is None:
            yield f"{name!r} is {'not recorded' if ours is None else 'not made'}"
        elif ours.dtype != theirs.dtype or ours.shape != theirs.shape:
            yield f"{name!r} has {counted(theirs.size, 'index', 'indices')}, recorded {ours.size:,}"
        elif ours.tobytes() != theirs.tobytes():
            yield f"{name!r}: {int((ours != theirs).sum()):,} of {counted(ours.size, 'index', 'indices')}"


def _check_whole(splitting: Recorded, recorded: Indices, splits: Sequence[Split], given: Any) -> Iterator[Finding]:
    what = f"the whole, {splitting.whole!r}"
    reading = _read(given, splits)
    if isinstance(reading, Failure):
        yield not_run(
            NAME, f"{what}: no split was made again from it: it cannot be read: {reading.why}", hint=reading.hint
        )
        return
    if reading.count != splitting.count:
        yield differs(NAME, f"{what}: has another number of samples", expected=splitting.count, found=reading.count)
        return
    if reading.ordered != splitting.ordered and reading.kind not in FILE_KINDS:
        yield differs(NAME, f"{what}: is another one", expected=splitting.ordered, found=reading.ordered)
    wrong = [split for split in splits if not _is_cut(split, recorded[split.name], reading)]
    for split in wrong:
        found = "samples of another content or order"
        yield differs(
            NAME, f"data split {split.name!r} made again from {what}: differs", expected=split.ordered, found=found
        )
    if not wrong and splits:
        yield same(NAME, f"data splits made again from {what}: all {len(splits)} as recorded ({_sizes(splits)})")


def _sizes(splits: Sequence[Split]) -> str:
    return some([f"{split.name} {split.count:,}" for split in splits])


def _is_cut(split: Split, rows: Any, whole: Reading) -> bool:
    """Whether a split is what its recorded indices, a stranger's, cut of the whole."""
    legal = rows.ndim == 1 and rows.dtype.kind == "i"
    if not legal or (rows.size and not (rows.min() >= 0 and rows.max() < whole.count)):
        return False
    return _fits(split, rows, whole.digests)
