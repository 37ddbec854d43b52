"""From a path, a pattern, a URL, an archive or a list of them to the files of a split and their digests."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from reprobundle.components.data.files import archives, cache
from reprobundle.components.data.files.describing import classes_of, described_among, take_statistics
from reprobundle.components.data.files.folders import Digesting, Wanted, offer
from reprobundle.components.data.files.rows import (
    DIGEST_BYTES,
    FilesFound,
    PartRow,
    Rows,
    all_escaped,
    escaped,
    part_rows,
)
from reprobundle.components.data.files.sharing import Sharing
from reprobundle.components.data.files.walking import MAX_FILES, Columns, Part, walk
from reprobundle.components.data.given import How
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.leftovers import REMARK, Leftovers
from reprobundle.phrases import counted, some
from reprobundle.store import digest_bytes
from reprobundle.store.writing import disk_errors

MAX_TOLD = 3
NO_TEXTS = "texts that are the samples themselves are given as an array, numpy.array(texts)"

Named = str | os.PathLike[str]


def read_place(place: Named | Sequence[Named], how: How) -> FilesFound:
    """The files of one file, a folder, a pattern such as ``data/**/*.png``, an archive, a URL, or a list of files.

    A path that exists is taken as it is spelled, whatever pattern it may look like.

    Args:
        place: Where.
        how: How they are to be read.

    Raises:
        UsageError: Nothing is there.
        UnavailableError: Files cannot be read; the first few are named.
        RefusedInputError: Files changed while they were read, or an archive is broken.
    """
    from reprobundle.components.data.sources import remote

    if not isinstance(place, str | os.PathLike):
        return _of_list([os.fspath(one) for one in place], how)
    text = os.fspath(place)
    if remote.is_url(text):
        local = remote.local_path(text)
        return remote.read_url(text, how) if local is None else read_place(local, how)
    if os.path.isdir(text):
        return _of_folder(text, how)
    if os.path.exists(text):
        return _of_file(text, how)
    if glob.has_magic(text):
        return _of_pattern(text, how)
    raise UsageError(f"no file or folder {escaped(text)!r}", hint="a path is taken from the folder you are in")


def matching(pattern: str) -> list[str]:
    """The files that a pattern matches, sorted; folders among what it matches are left out.

    Raises:
        UsageError: It matches no file.
    """
    found = sorted(path for path in glob.iglob(pattern, recursive=True) if os.path.isfile(path))
    if not found:
        raise UsageError(f"no file matches {escaped(pattern)!r}", hint="** stands for folders of any depth")
    return found


def _of_pattern(pattern: str, how: How) -> FilesFound:
    """What a pattern matches, but for what lies in bundles and reports that this program made."""
    steps = pattern.replace(os.sep, "/").split("/")
    fixed = next(index for index, step in enumerate(steps) if glob.has_magic(step))
    start = "/".join([*steps[:fixed], ""]) or os.curdir
    own = Leftovers(start)
    paths = matching(pattern)
    folders = dict.fromkeys(map(os.path.dirname, paths))
    around = {one: own.around(os.path.relpath(one or os.curdir, start).replace(os.sep, "/")) for one in folders}
    kept = [path for path in paths if around[os.path.dirname(path)] is None]
    found = _of_paths(kept or paths, how)  # who asks for nothing else means them
    leftovers = sorted({escaped(one) for one in around.values() if one is not None}) if kept else []
    return replace(found, remarks=(*found.remarks, *_own_remarks(leftovers)))


def _own_remarks(leftovers: Sequence[str]) -> tuple[str, ...]:
    if not leftovers:
        return ()
    return (REMARK.format(counted(len(leftovers), "folder"), some([repr(name) for name in leftovers], MAX_TOLD)),)


def _of_list(places: Sequence[str], how: How) -> FilesFound:
    from reprobundle.components.data.sources import remote

    if len(places) > MAX_FILES:
        raise UsageError(f"lists {len(places)} files, at most {MAX_FILES} are read")
    urls = [place for place in places if remote.is_url(place)]
    if not urls:
        return _of_paths(places, how)
    if len(urls) < len(places):
        raise UsageError(f"lists {counted(len(urls), 'URL')} among paths, expected one kind of them")
    local = [remote.local_path(url) for url in urls]
    return remote.read_urls(urls, how) if None in local else _of_paths([place for place in local if place], how)


def _of_folder(root: str, how: How) -> FilesFound:
    kept = cache.place_of(f"folder\0{os.path.realpath(root)}", root) if how.cached else None
    known = kept is not None and kept.exists()
    with closing(Sharing()) as begun:  # where no digest is known, they are read while more are looked for
        walked = walk(root, asking=known, met=None if known else partial(_begin, begun, root, how))
        digesting = Digesting(Wanted(root, walked.parts, walked.columns, kept, how.progress, begun))
        names = digesting.names
        order = sorted(range(len(names)), key=names.__getitem__)
        told = all_escaped([names[index] for index in order])  # all that can be done before the last digest has come
        statistics = take_statistics(digesting, order, how, kept)
    remarks: tuple[str, ...] = ()
    if walked.left_out:
        shown = some([repr(name) for name in walked.left_out], MAX_TOLD)
        what = counted(len(walked.left_out), "linked folder or special file", "linked folders or special files")
        remarks = (f"left out {what}: {shown}",)
    remarks += _own_remarks(walked.leftovers)
    return FilesFound(
        kind="folder",
        rows=rows_of(digesting, order, told),
        parts=parts_of(digesting, order),
        left_out=walked.left_out,
        remarks=remarks,
        labels=classes_of((part.prefix, len(part.names)) for part in walked.parts),
        statistics=statistics,
    )


def _begin(begun: Sharing, root: str, how: How, part: Part, start: int) -> None:
    if not (how.statistics and described_among(part.names, range(len(part.names)))):
        offer(begun, root, part, start)


def _of_paths(paths: Sequence[str], how: How) -> FilesFound:
    """The given files in the given order, named relative to the folder they share."""
    places = [os.path.abspath(path) for path in paths]
    absent = [path for path, place in zip(paths, places, strict=True) if not os.path.isfile(place)]
    if absent:
        told = some([repr(escaped(path)) for path in absent], MAX_TOLD)
        hint = NO_TEXTS if len(absent) == len(paths) else "paths are taken from the folder you are in"
        raise UsageError(f"{counted(len(absent), 'path')} of the list: no regular file: {told}", hint=hint)
    root, names = relative(places)
    kept = _kept_for_list(root, names) if how.cached else None
    digesting = _digesting(root, names, kept, how)
    order = range(len(names))
    statistics = take_statistics(digesting, order, how, kept)
    rows, parts = rows_of(digesting, order), parts_of(digesting, order)
    return FilesFound(
        kind="files", rows=rows, parts=parts, labels=classes_of((name, 1) for name in names), statistics=statistics
    )


def _of_file(path: str, how: How) -> FilesFound:
    if not os.path.isfile(path):
        hint = "give a file, a folder, a pattern such as data/**/*.png, or a list of files"
        raise UsageError(f"{escaped(path)!r}: no regular file or folder", hint=hint)
    if not how.as_bytes and archives.is_archive(path):
        return archives.read_archive(Path(path), how)
    root, name = os.path.split(os.path.abspath(path))
    kept = cache.place_of(f"file\0{os.path.realpath(path)}", path) if how.cached else None
    digesting = _digesting(root, [name], kept, how)
    digesting.finish()
    return FilesFound(kind="file", rows=rows_of(digesting, [0]), parts=parts_of(digesting, [0]))


def _digesting(root: str, names: list[str], kept: Path | None, how: How) -> Digesting:
    """One part: a name with folders in it is as good as any to open."""
    columns = Columns()
    with disk_errors("files of the list"):
        columns.extend([os.stat(os.path.join(root, name)) for name in names])
    return Digesting(Wanted(root, (Part("", names),), columns, kept, how.progress))


def _kept_for_list(root: str, names: Sequence[str]) -> Path | None:
    which = digest_bytes("\0".join(names).encode("utf-8", "surrogatepass"))
    return cache.place_of(f"files\0{which}\0{os.path.realpath(root)}", root)


def relative(places: Sequence[str]) -> tuple[str, list[str]]:
    """The folder that absolute paths share, and each relative to it, with slashes.

    Raises:
        UnavailableError: They lie on two drives.
    """
    try:
        shared = os.path.commonpath([os.path.dirname(place) for place in places])
    except ValueError as error:  # on Windows
        raise UnavailableError(
            "the files of the list lie on several drives", hint="give each drive's as a split"
        ) from error
    names = [os.path.relpath(place, shared) for place in places]
    return shared, names if os.sep == "/" else [name.replace(os.sep, "/") for name in names]


def rows_of(digesting: Digesting, order: Sequence[int], told: list[str] | None = None) -> Rows:
    """The files in an order, with their digests; and their escaped names, where these are known."""
    import numpy as np

    names = digesting.names
    chosen = np.array(order, dtype=np.int64)
    digests = np.frombuffer(digesting.digests, dtype=f"V{DIGEST_BYTES}")[chosen].tobytes()
    sizes = np.frombuffer(digesting.columns.size, dtype=np.int64)[chosen].tolist()
    return Rows(told or all_escaped([names[index] for index in order]), sizes, digests)


def parts_of(digesting: Digesting, order: Sequence[int]) -> tuple[PartRow, ...]:
    """The parts of the large files, in an order of the files."""
    if not digesting.parts:
        return ()
    return tuple(
        row
        for index in order
        if index in digesting.parts
        for row in part_rows(escaped(digesting.names[index]), digesting.parts[index])
    )
