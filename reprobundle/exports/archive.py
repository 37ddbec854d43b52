"""A bundle as one file and back: a zip of one form, so that equal bundles make equal archives, byte for byte.

The manifest comes first, then the files it lists in its own order, then signatures. Whatever breaks that form is refused:
the reader takes names and sizes from the manifest and compares every other byte with the one it must be.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import xxhash

from reprobundle import manifest as manifests
from reprobundle.bundle import Bundle, VerifiedBundle, is_signature
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports.zip_form import (
    CRC,
    CRC_OFFSET,
    LOCAL,
    LOCAL_MARK,
    Member,
    directory_entry,
    ending,
    local_header,
)
from reprobundle.records import MAX_DOCUMENT_BYTES
from reprobundle.store import Writer, digest_file, inside, refuse_colliding, staging
from reprobundle.store.digests import open_regular
from reprobundle.store.sealing import staging_file
from reprobundle.store.writing import disk_errors

PIECE_BYTES = 2**20


@dataclass(frozen=True)
class Archived:
    """An archive that was written.

    Attributes:
        path: Where it is.
        size: Bytes.
        digest: XXH3-128 of them.
        members: How many files it holds.
    """

    path: Path
    size: int
    digest: str
    members: int


def pack(bundle: VerifiedBundle, target: Path) -> Archived:
    """Write a bundle into one file, byte-identical for equal bundles.

    Args:
        bundle: The bundle; its signatures go along, a ``.gitattributes`` does not.
        target: The archive; must not exist.

    Raises:
        UsageError: The target exists, or lies in the bundle.
        RefusedInputError: A file changed since the bundle was verified.
        UnavailableError: The disk is full or cannot be written.
    """
    if target.resolve().is_relative_to(bundle.path.resolve()):
        raise UsageError(f"archive {str(target)!r}: lies in the bundle itself", hint="name a file elsewhere")
    with staging_file(target) as place, disk_errors(str(target)), place.open("xb") as file:
        members = [_add_bytes(file, manifests.NAME, bundle.bundle.content)]
        for entry in bundle.manifest.files:
            member, digest = _add_file(file, entry.path, inside(bundle.path, entry.path))
            if (member.size, digest) != (entry.size, entry.xxh3_128):
                raise RefusedInputError(f"{entry.path}: changed since the bundle was verified")
            members.append(member)
        members += [_add_file(file, path, inside(bundle.path, path))[0] for path in bundle.bundle.signatures()]
        file.writelines(_directory(members, file.tell()))
        file.flush()
        size, digest = digest_file(place)
    return Archived(target, size, digest, len(members))


def _add_bytes(file: BinaryIO, name: str, content: bytes) -> Member:
    member = Member(name, len(content), zlib.crc32(content), file.tell())
    file.write(local_header(member) + content)
    return member


def _add_file(file: BinaryIO, name: str, place: Path) -> tuple[Member, str]:
    """Copy a file in one pass; its header, which needs the CRC, is written over afterwards."""
    start = file.tell()
    with disk_errors(name):
        descriptor = open_regular(place)
    with os.fdopen(descriptor, "rb", buffering=0) as source:
        size = os.fstat(descriptor).st_size
        file.write(local_header(Member(name, size, 0, start)))
        crc, state, written = 0, xxhash.xxh3_128(), 0
        while piece := source.read(PIECE_BYTES):
            file.write(piece)
            crc = zlib.crc32(piece, crc)
            state.update(piece)
            written += len(piece)
    if written != size:
        raise RefusedInputError(f"{name}: changed while it was read")
    member = Member(name, size, crc, start)
    file.seek(start)
    file.write(local_header(member))
    file.seek(0, os.SEEK_END)
    return member, state.hexdigest()


def _directory(members: Iterable[Member], start: int) -> Iterator[bytes]:
    """The directory and what ends it, piece by piece."""
    count = size = 0
    for member in members:
        entry = directory_entry(member)
        count, size = count + 1, size + len(entry)
        yield entry
    yield ending(count, start=start, size=size)


def unpack(archive: Path, target: Path) -> Bundle:
    """Read an archive that `pack` wrote, and verify the bundle before it appears.

    Args:
        archive: The file.
        target: The bundle's folder; must not exist.

    Returns:
        The bundle at its new place. Its files were those of its manifest a moment ago; verify it again before use.

    Raises:
        RefusedInputError: The archive differs by a single byte from the one that `pack` writes for its content.
        UsageError: The target exists.
        UnavailableError: The archive cannot be read, or the disk is full.
    """
    with disk_errors(str(archive)):
        descriptor = open_regular(archive)
    with os.fdopen(descriptor, "rb") as file, staging(target) as place:
        _Reader(file, archive.name).read_into(place)
        Bundle.open(place).verify()
    return Bundle.open(target)


class _Reader:
    """Reads one archive from its first byte to its last."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = file
        self.name = name
        self.size = os.fstat(file.fileno()).st_size
        self.members: list[Member] = []

    def read_into(self, root: Path) -> None:
        """Write the archive's files under a folder; the first is written when the manifest was read and all fit."""
        content = self._manifest()
        listed = manifests.from_bytes(content).files
        self._refuse_beyond_end(sum(entry.size for entry in listed))
        writer = Writer(root)
        writer.write(manifests.NAME, content)
        for entry in listed:
            if writer.stream(entry.path, self._member(entry.path, entry.size), size=entry.size) != entry:
                raise self._refusal(f"member {entry.path!r}: its digest differs from the manifest's")
        while (header := self._ahead()).startswith(LOCAL_MARK):
            path, size = self._name_and_size(header)
            self._refuse_other_signature(path)
            writer.stream(path, self._member(path, size), size=size)
        for expected in _directory(self.members, self.file.tell()):
            if self.file.read(len(expected)) != expected:
                raise self._refusal("the directory at its end is not that of its members")
        if self.file.read(1):
            raise self._refusal("something follows its end")

    def _manifest(self) -> bytes:
        """The first member, whose size nothing but its own header tells."""
        path, size = self._name_and_size(self._ahead())
        if path != manifests.NAME:
            raise self._refusal(f"expected {manifests.NAME!r} as its first member, found {path!r:.80}")
        if size > MAX_DOCUMENT_BYTES:
            raise self._refusal(f"its manifest is too large: at most {MAX_DOCUMENT_BYTES} bytes, found {size}")
        return b"".join(self._member(path, size))

    def _member(self, name: str, size: int) -> Iterator[bytes]:
        """The bytes of the next member, whose name and size are known."""
        start = self.file.tell()
        crc = CRC.unpack_from(self._ahead().ljust(LOCAL.size, b"\0"), CRC_OFFSET)[0]
        member = Member(name, size, crc, start)
        expected = local_header(member)
        if self.file.read(len(expected)) != expected:
            raise self._refusal(f"expected member {name!r} of {size} bytes at byte {start}, found something else")
        found, left = 0, size
        while left:
            piece = self.file.read(min(left, PIECE_BYTES))
            if not piece:
                raise self._refusal(f"member {name!r}: ends early: expected {size} bytes, found {size - left}")
            found, left = zlib.crc32(piece, found), left - len(piece)
            yield piece
        if found != crc:
            raise self._refusal(f"member {name!r}: its CRC differs: expected {crc:08x}, found {found:08x}")
        self.members.append(member)

    def _name_and_size(self, header: bytes) -> tuple[str, int]:
        """What a header says of its member; nothing of it is believed before `_member` has compared the whole."""
        if len(header) < LOCAL.size or not header.startswith(LOCAL_MARK):
            raise self._refusal("it does not begin as a zip does")
        *_, size, name_bytes, _ = LOCAL.unpack(header)
        start = self.file.tell()
        self.file.seek(start + LOCAL.size)
        name = self.file.read(name_bytes).decode("utf-8", "replace")
        self.file.seek(start)
        self._refuse_beyond_end(size)
        return name, size

    def _refuse_other_signature(self, path: str) -> None:
        last = self.members[-1].name
        if not is_signature(path) or (is_signature(last) and path <= last):
            raise self._refusal(f"member {path!r:.80} is neither listed in its manifest nor the next signature")
        refuse_colliding([*(member.name for member in self.members), path])

    def _refuse_beyond_end(self, size: int) -> None:
        """Members are stored, so a file that promises more than it holds is found before anything is written."""
        if size > self.size - self.file.tell():
            raise self._refusal(f"it promises {size} bytes more, but has {self.size - self.file.tell()}")

    def _ahead(self) -> bytes:
        start = self.file.tell()
        header = self.file.read(LOCAL.size)
        self.file.seek(start)
        return header

    def _refusal(self, what: str) -> RefusedInputError:
        hint = "only an archive that pack wrote can be unpacked, and only whole"
        return RefusedInputError(f"archive {self.name!r}: {what}", hint=hint)
