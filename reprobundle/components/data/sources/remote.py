"""Files behind URLs, through fsspec: streamed in ranges of 4 MiB, four at a time; at most nine are held at once.

Nothing of how the store is entered (keys in a URL, its query, storage options) gets into a message or a record. A
``file://`` URL is the path it names.
"""

from __future__ import annotations

import contextlib
import posixpath
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, TypeVar

from reprobundle.components.data.credentials import refuse_ambiguous
from reprobundle.components.data.files.describing import classes_of
from reprobundle.components.data.files.reading import PartsDigest, in_order
from reprobundle.components.data.files.rows import FilesFound, PartRow, Rows, all_escaped, escaped, part_rows
from reprobundle.components.data.files.walking import MAX_FILES
from reprobundle.components.data.given import How
from reprobundle.components.data.sources.urls import is_url, local_path, name_of, shown, without_secrets, without_user
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.phrases import counted, some

RANGE_BYTES = 2**22
THREADS = 4
MAX_TOLD = 3
IDENTITY = ("size", "ETag", "etag", "LastModified", "last_modified", "mtime", "VersionId", "md5Hash", "content_md5")
STREAMED = frozenset({"http", "https"})  # their servers need not know ranges

__all__ = ["brought", "is_url", "local_path", "name_of", "read_url", "read_urls", "shown"]

T = TypeVar("T")


@dataclass(frozen=True)
class Remote:
    """One file behind a URL.

    Attributes:
        store: fsspec's file system.
        path: Where it is there.
        name: What it is called in the split.
        size: Bytes; None where the store does not say.
        identity: What the store says of its version.
        url: What was given, which may say how the store is entered.
    """

    store: Any
    path: str
    name: str
    size: int | None
    identity: tuple[tuple[str, str], ...]
    url: str


def read_url(url: str, how: How) -> FilesFound:
    """The files behind a URL of a file, of a folder, or of a pattern.

    Raises:
        UsageError: Nothing is there.
        UnavailableError: A library is missing, or the store does not give them.
        RefusedInputError: One changed while it was read.
    """
    kind, files = _listed(url, how)
    return _read(kind, files, how)


def read_urls(urls: Sequence[str], how: How) -> FilesFound:
    """The files behind a list of URLs, in its order, named relative to what the URLs share.

    Raises:
        UsageError: One is no file, or is not there.
        UnavailableError: A library is missing, or the store does not give them.
        RefusedInputError: One changed while it was read.
    """
    files = []
    for url in urls:
        store, path = _opened(url, how)
        files.append(_file(store, path, without_user(path), _information(store, path, url, how), url))
    shared = posixpath.commonpath([posixpath.dirname(file.name) for file in files])
    return _read("files", [_renamed(file, shared) for file in files], how)


@contextlib.contextmanager
def brought(url: str, how: How) -> Iterator[Path]:
    """The file behind a URL in a private temporary folder, under its own name, until the block ends.

    It is for forms that are read by content and need to go to and fro; the disk must have room for it.

    Raises:
        UsageError: It is no single file.
        UnavailableError: The store does not give it, or the disk is full.
        RefusedInputError: It changed while it was read.
    """
    store, path = _opened(url, how)
    file = _file(store, path, posixpath.basename(path), _information(store, path, url, how), url)
    with tempfile.TemporaryDirectory(prefix="reprobundle-") as folder:
        place = Path(folder) / (Path(name_of(url)).name or "data")
        with place.open("xb") as target:
            _copy(file, target, how)
        yield place


def _copy(file: Remote, target: IO[bytes], how: How) -> None:
    for _, content in _contents([file], how):
        if isinstance(content, Failure):
            raise UnavailableError(f"{escaped(file.name)!r}: cannot be read: {content.why}")
        target.write(content)
    _refuse_changed([file], how)


def _opened(url: str, how: How) -> tuple[Any, str]:
    """fsspec's file system of a URL, and the path in it."""
    try:
        import fsspec
    except ImportError as error:
        message = f"{shown(url)!r}: reading a URL needs fsspec, which is not installed"
        raise UnavailableError(message, hint=how_to_install("remote")) from error
    refuse_ambiguous(url)
    try:
        store, path = fsspec.core.url_to_fs(url, **how.storage_options)
    except ImportError as error:
        message = f"{shown(url)!r}: reading it needs a library that is not installed"
        raise UnavailableError(message, hint=without_secrets(str(error), url, how)) from error
    except (ValueError, TypeError) as error:
        raise UsageError(f"{shown(url)!r}: {without_secrets(str(error), url, how)}") from error
    store.invalidate_cache()
    return store, str(path)


def _listed(url: str, how: How) -> tuple[Literal["file", "folder", "files"], list[Remote]]:
    store, path = _opened(url, how)
    if "*" in path or (not _is_web(store) and re.search(r"[?\[]", path)):
        found = _ask(lambda: store.glob(path, detail=True), url, how)
        matched = [where for where in sorted(found) if found[where]["type"] == "file"]
        files = [_file(store, where, without_user(where), found[where], url) for where in matched]
        if not files:
            raise UsageError(f"no file matches {shown(url)!r}")
        shared = posixpath.commonpath([posixpath.dirname(file.name) for file in files])
        return "files", [_renamed(file, shared) for file in files]
    information = _ask(lambda: store.info(path), url, how)
    if information["type"] == "file":
        return "file", [
            _file(store, path, name_of(path) if _is_web(store) else posixpath.basename(path), information, url)
        ]
    found = _ask(lambda: store.find(path, detail=True), url, how)
    files = [
        _renamed(_file(store, where, where, found[where], url), path) for where in found if not where.endswith("/")
    ]
    if len(files) > MAX_FILES:
        raise UsageError(f"{shown(url)!r}: holds more than {MAX_FILES} files")
    return "folder", sorted(files, key=lambda file: file.name)


def _is_web(store: Any) -> bool:
    protocols = (store.protocol,) if isinstance(store.protocol, str) else store.protocol
    return not STREAMED.isdisjoint(protocols)


def _information(store: Any, path: str, url: str, how: How) -> Mapping[str, Any]:
    """What the store says of one file."""
    found: Mapping[str, Any] = _ask(lambda: store.info(path), url, how)
    if found["type"] != "file":
        raise UsageError(f"{shown(url)!r}: expected a file, found a folder")
    return found


def _file(store: Any, path: str, name: str, information: Mapping[str, Any], url: str) -> Remote:
    size = information.get("size")
    if _is_web(store):
        name = re.split("[?#]", name)[0]  # a query is how a store is entered, not what a file is called
    return Remote(store, path, name, None if size is None else int(size), _identity(information), url)


def _identity(information: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((key, str(information[key])) for key in IDENTITY if key in information)


def _renamed(file: Remote, shared: str) -> Remote:
    """Named relative to a folder."""
    name = file.name[len(shared) :].lstrip("/")
    return replace(file, name=name)


def _ask(action: Callable[[], T], url: str, how: How) -> T:
    """What a store answers; libraries of stores raise whatever they like.

    Raises:
        UsageError: Nothing is there.
        UnavailableError: It does not answer.
    """
    found = attempt(action)
    if isinstance(found, Failure):
        if found.why.startswith("FileNotFoundError"):
            raise UsageError(f"no file or folder {shown(url)!r}")
        raise UnavailableError(f"{shown(url)!r}: cannot be read: {without_secrets(found.why, url, how)}")
    return found


def _read(kind: Literal["file", "folder", "files"], files: Sequence[Remote], how: How) -> FilesFound:
    digests = [PartsDigest() for _ in files]
    failures: dict[int, str] = {}
    total, done = sum(file.size or 0 for file in files), 0
    for index, content in _contents(files, how):
        if isinstance(content, Failure):
            failures.setdefault(index, content.why)
            continue
        digests[index].update(content)
        done += len(content)
        if how.progress is not None:
            how.progress(done, max(done, total))
    _refuse_failed(files, failures)
    _refuse_changed(files, how, [digest.size for digest in digests])
    return _found(kind, [file.name for file in files], digests)


def _found(kind: Literal["file", "folder", "files"], names: list[str], digests: Sequence[PartsDigest]) -> FilesFound:
    shown_names = all_escaped(names)
    whole, parts = [], list[PartRow]()
    for name, state in zip(shown_names, digests, strict=True):
        digest, of_parts = state.finish()
        whole.append(digest)
        parts += part_rows(name, of_parts)
    rows = Rows(shown_names, [digest.size for digest in digests], b"".join(whole))
    return FilesFound(
        kind=kind,
        rows=rows,
        parts=tuple(parts),
        labels=None if kind == "file" else classes_of((name, 1) for name in names),
    )


def _contents(files: Sequence[Remote], how: How) -> Iterator[tuple[int, bytes | Failure]]:
    """The bytes of the files range by range, in order, each with the index of its file; or why there are none."""
    ranged = [file.size is not None and not _is_web(file.store) for file in files]
    ranges = (
        (index, start, min(start + RANGE_BYTES, file.size or 0))
        for index, file in enumerate(files)
        if ranged[index]
        for start in range(0, file.size or 0, RANGE_BYTES)
    )

    def read(one: tuple[int, int, int]) -> tuple[int, bytes | Failure]:
        index, start, end = one
        file = files[index]
        content = attempt(lambda: bytes(file.store.cat_file(file.path, start=start, end=end)))
        return index, _cleaned(content, file, how)

    yield from in_order(read, ranges, threads=THREADS)
    for index, file in enumerate(files):
        if not ranged[index]:
            yield from ((index, _cleaned(content, file, how)) for content in _streamed(file))


def _cleaned(content: bytes | Failure, file: Remote, how: How) -> bytes | Failure:
    if not isinstance(content, Failure):
        return content
    return Failure(without_secrets(content.why.replace(file.path, without_user(file.path)), file.url, how))


def _streamed(file: Remote) -> Iterator[bytes | Failure]:
    """The bytes from the first to the last, in one request."""
    stream = attempt(lambda: file.store.open(file.path, "rb", block_size=0))
    if isinstance(stream, Failure):
        yield stream
        return
    with stream:
        while content := attempt(lambda: stream.read(RANGE_BYTES)):
            yield content
            if isinstance(content, Failure):
                return


def _refuse_failed(files: Sequence[Remote], failures: Mapping[int, str]) -> None:
    if failures:
        told = some([f"{escaped(files[index].name)!r} ({why})" for index, why in sorted(failures.items())], MAX_TOLD)
        raise UnavailableError(f"{counted(len(failures), 'file')} cannot be read: {told}")


def _refuse_changed(files: Sequence[Remote], how: How, sizes: Sequence[int] | None = None) -> None:
    """Refuse files of another size than the store said, and those read in several requests that are another version now."""
    changed = []
    for number, file in enumerate(files):
        is_other = sizes is not None and file.size is not None and sizes[number] != file.size
        if not is_other and (file.size is None or file.size > RANGE_BYTES):
            file.store.invalidate_cache()
            now = _identity(_information(file.store, file.path, file.url, how))
            known = dict(file.identity)
            is_other = any(known.get(key, value) != value for key, value in now)
        if is_other:
            changed.append(repr(escaped(file.name)))
    if changed:
        raise RefusedInputError(f"{counted(len(changed), 'file')} changed while read: {some(changed, MAX_TOLD)}")
