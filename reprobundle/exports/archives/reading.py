"""Reading an archive strictly, from its first byte to its last: what pack would not have written is refused.

The manifest comes first and is checked by itself; from it the reader makes the bytes that must stand around every file,
and compares. It never looks for a member, so it cannot be led to another.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import xxhash

from reprobundle import manifest as manifests
from reprobundle.bundle import SIGNATURES, is_signature
from reprobundle.errors import RefusedInputError
from reprobundle.exports.archives import foreign, tar_form, zip_form
from reprobundle.exports.archives.form import AHEAD_BYTES, MAX_SIGNATURES, Form, Member, first_difference
from reprobundle.manifest import Manifest
from reprobundle.records import MAX_DOCUMENT_BYTES
from reprobundle.store import FileEntry, refuse_colliding, safe_path
from reprobundle.store.digests import identity, open_regular
from reprobundle.store.writing import disk_errors
from reprobundle.tensors.places import places_of

BUFFER_BYTES = 64 * 2**10
BLOCK_BYTES = 256 * 2**10
FORM_OF: dict[str, Form] = {".zip": zip_form, ".tar": tar_form}  # by the ending of a name
GET_IT_AGAIN = (
    "get it again if it was damaged on its way; what another program packed is unpacked with that program, and the "
    "folder verified: reprobundle verify DIR"
)


class Sink(Protocol):
    """Where the bytes of the members go."""

    def stream(self, path: str, chunks: Iterable[bytes | memoryview], *, size: int | None = None) -> FileEntry:
        """Take one file; gives what it turned out to be."""


class Digester:
    """Digests what it is given, and keeps nothing."""

    def stream(self, path: str, chunks: Iterable[bytes | memoryview], *, size: int | None = None) -> FileEntry:
        """The entry of one file."""
        state, found = xxhash.xxh3_128(), 0
        for chunk in chunks:
            state.update(chunk)
            found += len(chunk)
        del size
        return FileEntry(path=path, size=found, xxh3_128=state.hexdigest())


@contextmanager
def reading(archive: Path) -> Iterator[Reader]:
    """Open an archive; what changes while it is read is refused.

    Raises:
        RefusedInputError: It is no regular file, or neither a zip nor a tar.
        UnavailableError: It cannot be read.
    """
    with disk_errors(str(archive)):
        descriptor = open_regular(archive)
    with os.fdopen(descriptor, "rb", buffering=BUFFER_BYTES) as file:
        before = os.fstat(descriptor)
        yield Reader(file, archive.name)
        if identity(before) != identity(os.fstat(descriptor)):
            raise RefusedInputError(f"archive {archive.name!r}: changed while it was read")


class Reader:
    """Reads one archive, once, from its beginning.

    Attributes:
        form: Which form it has.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Find the form out; `file` is at its start and `name` is what messages call it."""
        self._file = file
        self._name = name
        self._size = os.fstat(file.fileno()).st_size
        self._members: list[Member] = []
        self._buffer = memoryview(bytearray(min(BLOCK_BYTES, self._size)))
        self.form = self._form()

    def manifest(self) -> bytes:
        """The first member, which is the manifest; its bytes are checked, its content is not.

        Raises:
            RefusedInputError: It is not there, or damaged.
        """
        claimed = self._next_member()
        if claimed is None or claimed.name != manifests.NAME:
            found = "none" if claimed is None else repr(claimed.name[:80])
            raise self._refusal(0, f"expected {manifests.NAME!r} as its first member, found {found}")
        if claimed.size > MAX_DOCUMENT_BYTES:
            size = f"at most {MAX_DOCUMENT_BYTES} bytes, found {claimed.size}"
            raise self._refusal(0, f"its manifest is too large: {size}")
        return b"".join(map(bytes, self._checked(claimed)))

    def refuse_too_few_bytes(self, manifest: Manifest) -> None:
        """Find out that a file promises more than it holds, before anything is written: members are stored.

        Raises:
            RefusedInputError: It does.
        """
        promised, left = sum(entry.size for entry in manifest.files), self._size - self._file.tell()
        if promised > left:
            raise self._refusal(self._size, f"ends early: its manifest lists {promised} bytes more, but it has {left}")

    def rest(self, manifest: Manifest, sink: Sink) -> tuple[str, ...]:
        """All that follows the manifest: each listed file in turn, the signatures, and the end.

        Args:
            manifest: What the archive's manifest lists.
            sink: Takes the files.

        Returns:
            The paths of the signatures.

        Raises:
            RefusedInputError: A single byte differs from what pack writes for this content.
        """
        self.refuse_too_few_bytes(manifest)
        for entry in manifest.files:
            self._take_listed(entry, sink)
        listed = [manifests.NAME, *(entry.path for entry in manifest.files)]
        signatures = tuple(self._signatures(listed, sink))
        for piece in self.form.ending(self._members, self._file.tell()):
            self._expect(piece, "the end of the archive")
        if self._file.read(1):
            raise self._refusal(self._file.tell() - 1, "something follows its end")
        return signatures

    def _take_listed(self, entry: FileEntry, sink: Sink) -> None:
        offset = self._file.tell()
        crc = self._claimed_crc(offset)
        member = Member(entry.path, entry.size, crc, "", offset)
        found = sink.stream(entry.path, self._content(member), size=entry.size)
        start = offset + len(self.form.before(member))
        if found != entry:
            raise self._damage(member, f"its digest differs from the manifest's: "
                                       f"expected {entry.xxh3_128}, found {found.xxh3_128}")  # fmt: skip
        if entry.path.endswith(".safetensors"):
            after = self._file.tell()
            self._file.seek(start)
            places_of(self._file, entry.path, size=entry.size)
            self._file.seek(after)

    def _claimed_crc(self, offset: int) -> int:
        """The one value of a listed member's header that no manifest tells; it is compared with its bytes later."""
        claimed = self.form.next_member(self._ahead(), offset) if self.form.HAS_CRC else None
        return 0 if claimed is None else claimed.crc

    def _signatures(self, listed: list[str], sink: Sink) -> Iterator[str]:
        """What no manifest lists: signatures, in order, once, under legal names."""
        last, near = "", [path for path in listed if path.casefold().startswith(SIGNATURES)]
        for count, claimed in enumerate(iter(self._next_member, None), start=1):
            offset, path = claimed.offset, claimed.name
            if not is_signature(path) or path <= last or path in near:
                what = f"member {path[:80]!r} is neither listed in its manifest nor the next signature"
                raise self._refusal(offset, what)
            if count > MAX_SIGNATURES:
                raise self._refusal(offset, f"it has more than {MAX_SIGNATURES} signatures")
            near.append(safe_path(path))
            refuse_colliding(near)
            if claimed.size > self._size:
                raise self._refusal(offset, f"member {path!r}: ends early: expected {claimed.size} bytes")
            sink.stream(path, self._checked(claimed), size=claimed.size)
            yield path
            last = path

    def _checked(self, member: Member) -> Iterator[memoryview]:
        """The bytes of a member that no manifest lists, compared with the digest in its own header, where it has one."""
        state = xxhash.xxh3_128()
        for piece in self._content(member):
            state.update(piece)
            yield piece
        if member.digest and member.digest != state.hexdigest():
            raise self._damage(member, f"its digest differs: expected {member.digest}, found {state.hexdigest()}")

    def _content(self, member: Member) -> Iterator[memoryview]:
        """The bytes of the next member, whose name and size are known: all around them is compared."""
        what = f"member {member.name!r}"
        self._expect(self.form.before(member), what)
        left, crc = member.size, 0
        while left:
            count = self._file.readinto(self._buffer[:left])  # type: ignore[attr-defined]  # a buffered file has it
            if not count:
                early = f"expected {member.size} bytes, found {member.size - left}"
                raise self._refusal(self._size, f"{what}: ends early: {early}")
            piece = self._buffer[:count]
            crc = zlib.crc32(piece, crc) if self.form.HAS_CRC else 0
            left -= count
            yield piece
        if crc != member.crc:
            raise self._damage(member, f"its CRC-32 differs: expected {member.crc:08x}, found {crc:08x}")
        self._expect(self.form.after(member), what)
        self._members.append(member)

    def _expect(self, expected: bytes, what: str) -> None:
        """Compare the next bytes with those that must be there.

        Raises:
            RefusedInputError: They differ, or the archive ends.
        """
        start = self._file.tell()
        found = self._file.read(len(expected))
        if found == expected:
            return
        at = first_difference(expected, found)
        if at == len(found):
            raise self._refusal(start + at, f"{what}: the archive ends early")
        raise self._refusal(start + at, f"{what}: {self.form.fault(expected, found, at)}")

    def _next_member(self) -> Member | None:
        return self.form.next_member(self._ahead(), self._file.tell())

    def _ahead(self) -> bytes:
        start = self._file.tell()
        ahead = self._file.read(AHEAD_BYTES)
        self._file.seek(start)
        return ahead

    def _form(self) -> Form:
        """By the first bytes; by the name where they are of no other known kind, so that damage can be named."""
        ahead = self._ahead()
        for form in FORM_OF.values():
            if ahead[form.MARK_OFFSET :].startswith(form.MARK):
                return form
        known = foreign.described(ahead)
        by_name = FORM_OF.get(Path(self._name).suffix.lower())
        if known is None and by_name is not None:
            return by_name
        words, hint = known or (f"something that begins with {ahead[:8]!r}", foreign.GET_IT_AGAIN)
        what = f"archive {self._name!r}: expected a zip or tar that pack wrote, found {words}"
        raise RefusedInputError(what, hint=hint)

    def _damage(self, member: Member, what: str) -> RefusedInputError:
        """A digest differs: which byte of the member or its header was hit no digest tells, so the range is named."""
        last = member.offset + len(self.form.before(member)) + member.size - 1
        message = f"archive {self._name!r}: bytes {member.offset} to {last}: member {member.name!r}: {what}"
        return RefusedInputError(message, hint=GET_IT_AGAIN)

    def _refusal(self, at: int, what: str) -> RefusedInputError:
        return RefusedInputError(f"archive {self._name!r}: byte {at}: {what}", hint=GET_IT_AGAIN)
