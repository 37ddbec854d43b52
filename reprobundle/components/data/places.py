"""Where the data of splits lies on this machine, as far as a person named it by its place."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.data.files.places import matching
from reprobundle.components.data.given import DataSplit, Splitting
from reprobundle.components.data.sources.urls import is_url, local_path
from reprobundle.components.interface import DataPlace, Failure, attempt

HOLDING = ("root", "filename")  # where data sets of torchvision and numpy's memmap keep the place they read
DEEPEST = 8  # subsets of subsets


def places_of(splits: Any, splitting: Any) -> tuple[DataPlace, ...]:
    """The files and folders that splits, and the whole they were cut of, are read from; nothing is read.

    Args:
        splits: As handed over to ``capture``; what is no mapping has no places.
        splitting: As handed over, too.

    Returns:
        Each place once for each split, absolute, links resolved, in the order given.
    """
    given = [*splits.items()] if isinstance(splits, Mapping) else []
    if isinstance(splitting, Splitting):
        given.append((splitting.name, splitting.data))
    found = [place for name, value in given for place in _places(str(name), value)]
    return tuple(dict.fromkeys(found))


def _places(name: str, value: Any) -> Iterator[DataPlace]:
    split = value if isinstance(value, DataSplit) else DataSplit(value)
    paths = attempt(lambda: [os.path.realpath(path) for path in _paths(split.data)])
    for path in [] if isinstance(paths, Failure) else paths:  # why it cannot be read is told where it is read
        yield DataPlace(split=name, place=Path(path), private=split.private is not None)


def _paths(data: Any) -> Iterator[str]:
    if isinstance(data, str | os.PathLike):
        path = _local(data)
        yield from matching(path) if path and not os.path.lexists(path) and glob.has_magic(path) else _there(path)
    elif isinstance(data, list | tuple):
        for one in data:
            yield from _there(_local(one)) if isinstance(one, str | os.PathLike) else ()
    else:
        yield from _of_data_set(data)


def _local(place: str | os.PathLike[str]) -> str | None:
    text = os.fsdecode(place)
    return local_path(text) if is_url(text) else text


def _there(path: str | None) -> Iterator[str]:
    if path and "\0" not in path and os.path.lexists(path):
        yield path


def _of_data_set(data: Any) -> Iterator[str]:
    """The folder or file that an object says it reads; not the folder this process works in, which holds all else."""
    for _ in range(DEEPEST):
        for name in HOLDING:
            place = getattr(data, name, None)
            if isinstance(place, str | os.PathLike) and os.path.lexists(place) and not _is_around_us(place):
                yield os.fsdecode(place)
        data = getattr(data, "dataset", None)


def _is_around_us(place: str | os.PathLike[str]) -> bool:
    here, there = Path.cwd().resolve(), Path(os.path.realpath(os.fsdecode(place)))
    return there in (here, *here.parents)
