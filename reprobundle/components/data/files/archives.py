"""The files in an archive, read where they are packed: nothing is ever unpacked to a disk, names are data only.

An archive has the digests of the folder it was packed from. Names are taken as they stand in it, less a leading ``./``.
"""

from __future__ import annotations

import lzma
import os
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reprobundle.components.data.files.describing import classes_of
from reprobundle.components.data.files.reading import BLOCK_BYTES, PartsDigest
from reprobundle.components.data.files.rows import FilesFound, PartRow, Rows, all_escaped, escaped, part_rows
from reprobundle.components.data.files.walking import MAX_FILES
from reprobundle.components.data.given import How
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.phrases import counted, some
from reprobundle.store.digests import identity

ZIP = (".zip",)
TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
TIMES, FREE_BYTES = 200, 2**30
MAX_TOLD = 3
MAX_LINKS = 40
MAX_LINK_BYTES = 4096
ENCRYPTED = 0x1


@dataclass(frozen=True)
class Member:
    """One entry of an archive.

    Attributes:
        name: As it stands there, less a leading ``./``.
        size: Bytes, as the archive says.
        content: Opens a regular file's bytes; None for anything else.
        target: What it is a link to; None where it is none.
    """

    name: str
    size: int = 0
    content: Callable[[], IO[bytes]] | None = None
    target: str | None = None


@dataclass(frozen=True)
class Packed:
    """The digest of one file.

    Attributes:
        size: Bytes.
        digest: 16 bytes.
        parts: Digests of its parts, 16 bytes each, where it is larger than one.
    """

    size: int
    digest: bytes
    parts: bytes


def is_archive(name: str | os.PathLike[str]) -> bool:
    """Whether a file's name says that it is an archive."""
    return os.fspath(name).lower().endswith(ZIP + TAR)


def read_archive(path: Path, how: How) -> FilesFound:
    """The files packed in an archive, sorted by name.

    Raises:
        UsageError: It is no regular file.
        UnavailableError: It cannot be read.
        RefusedInputError: It is broken or encrypted, holds a name twice, unpacks to more than 200 times its size and 1 GiB, or
            changed while it was read.
    """
    before = os.stat(path)
    shown = escaped(path.name)
    if not stat.S_ISREG(before.st_mode):
        raise UsageError(f"{shown!r}: no regular file")
    reading = _Reading(shown, before.st_size, how.progress)
    members = _zipped(path, shown) if path.name.lower().endswith(ZIP) else _tarred(path, shown)
    try:
        for member in members:
            reading.add(member)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise RefusedInputError(f"{shown!r}: is no whole archive: {error}") from error
    except (NotImplementedError, RuntimeError) as error:  # how zipfile says that it cannot unpack a member
        raise RefusedInputError(f"{shown!r}: cannot be unpacked: {error}") from error
    if identity(os.stat(path)) != identity(before):
        raise RefusedInputError(f"{shown!r}: changed while read")
    return reading.found()


class _Reading:
    """What was read of an archive so far."""

    def __init__(self, shown: str, size: int, progress: Callable[[int, int], None] | None) -> None:
        self._shown = shown
        self._limit = TIMES * size + FREE_BYTES
        self._progress = progress
        self._bytes = 0
        self._files: dict[str, Packed] = {}
        self._links: dict[str, str] = {}
        self._left_out: list[str] = []

    def add(self, member: Member) -> None:
        """Read one."""
        name = member.name
        if name in self._files or name in self._links:
            raise RefusedInputError(f"{self._shown!r}: holds {escaped(name)!r} twice")
        if len(self._files) + len(self._links) + len(self._left_out) >= MAX_FILES:
            raise UsageError(f"{self._shown!r}: holds more than {MAX_FILES} files")
        if member.target is not None:
            self._links[name] = member.target
        elif member.content is None:
            self._left_out.append(name)
        else:
            with member.content() as content:
                self._files[name] = self._digest(member, content)

    def _digest(self, member: Member, content: IO[bytes]) -> Packed:
        state = PartsDigest()
        while block := content.read(BLOCK_BYTES):
            state.update(block)
            self._bytes += len(block)
            if self._bytes > self._limit:
                raise RefusedInputError(
                    f"{self._shown!r}: unpacks to more than {TIMES} times its own size",
                    hint="unpack it, and give the folder",
                )
        if state.size != member.size:
            found = f"expected {member.size} bytes, found {state.size}"
            raise RefusedInputError(f"{self._shown!r}: {escaped(member.name)!r}: {found}")
        if self._progress is not None:
            self._progress(self._bytes, self._limit)
        return Packed(state.size, *state.finish())

    def found(self) -> FilesFound:
        """All files, links to files among them."""
        for name in self._links:
            target = self._file_of(name)
            if target is None:
                self._left_out.append(name)
            else:
                self._files[name] = target
        names = sorted(self._files)
        files = [self._files[name] for name in names]
        shown = all_escaped(names)
        parts: list[PartRow] = []
        for name, file in zip(shown, files, strict=True):
            parts += part_rows(name, file.parts)
        rows = Rows(shown, [file.size for file in files], b"".join(file.digest for file in files))
        left_out = tuple(escaped(name) for name in sorted(self._left_out))
        return FilesFound(
            kind="archive",
            rows=rows,
            parts=tuple(parts),
            left_out=left_out,
            remarks=_remarks(left_out),
            labels=classes_of((name, 1) for name in names),
        )

    def _file_of(self, name: str) -> Packed | None:
        """The file of the archive that a link leads to; None where it leads elsewhere."""
        for _ in range(MAX_LINKS):
            target = self._links.get(name)
            if target is None:
                return self._files.get(name)
            name = target
        return None


def _remarks(left_out: tuple[str, ...]) -> tuple[str, ...]:
    if not left_out:
        return ()
    what = counted(len(left_out), "link or special file", "links or special files")
    return (f"left out {what}: {some([repr(name) for name in left_out], MAX_TOLD)}",)


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _beside(name: str, target: str) -> str:
    """What a symbolic link of this name leads to, as a name of the archive."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _zipped(path: Path, shown: str) -> Iterator[Member]:
    with zipfile.ZipFile(path) as file:
        infos = [info for info in file.infolist() if not info.is_dir()]
        locked = [repr(escaped(info.filename)) for info in infos if info.flag_bits & ENCRYPTED]
        if locked:
            raise RefusedInputError(f"{shown!r}: {counted(len(locked), 'file')} encrypted: {some(locked, MAX_TOLD)}")
        for info in infos:
            yield _zip_member(file, info)


def _zip_member(file: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = _plain(info.filename)
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        if info.file_size > MAX_LINK_BYTES:
            return Member(name)
        return Member(name, target=_beside(name, os.fsdecode(file.read(info))))
    if mode and stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return Member(name)
    return Member(name, info.file_size, lambda: file.open(info))


class _WholeHeader(tarfile.TarInfo):
    """The header of a member. The library takes one that is broken for the end; here only the end is."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _WholeHeader:
        """Read the next."""
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # two blocks of zeros: the end
            raise
        except tarfile.HeaderError as error:
            message = f"broken or cut at byte {tarfile_.offset}: {error}"
            raise tarfile.ReadError(message) from error


def _tarred(path: Path, shown: str) -> Iterator[Member]:
    with tarfile.open(path, "r|*", tarinfo=_WholeHeader, errorlevel=2) as file:
        for info in file:
            file.members = []  # type: ignore[attr-defined]  # the library keeps what it has seen, for ever
            if not info.isdir():
                yield _tar_member(file, info)


def _tar_member(file: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
    name = _plain(info.name)
    if info.islnk():
        return Member(name, target=_plain(info.linkname))
    if info.issym():
        return Member(name, target=_beside(name, info.linkname))
    if not info.isfile():
        return Member(name)

    def content() -> IO[bytes]:
        found = file.extractfile(info)
        assert found is not None  # a regular file has content
        return found

    return Member(name, info.size, content)
