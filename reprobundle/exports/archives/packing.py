"""Writing a bundle into one file, the same bytes for equal bundles, in one pass over the archive."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import xxhash

from reprobundle import manifest as manifests
from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.exports.archives.form import MAX_SIGNATURES, Form, Kind, Member
from reprobundle.exports.archives.output import BLOCK_BYTES, Output, written
from reprobundle.exports.archives.reading import FORM_OF
from reprobundle.phrases import sized
from reprobundle.store import FileEntry, digest_bytes, inside
from reprobundle.store.digests import identity, open_regular
from reprobundle.store.sealing import refuse_existing, staging_file
from reprobundle.store.writing import disk_errors, reserve

COMPRESSED = (".gz", ".tgz", ".bz2", ".tbz2", ".xz", ".txz", ".zst", ".tzst", ".lz4", ".7z", ".rar", ".br", ".lzma")


@dataclass(frozen=True)
class Archived:
    """An archive that was written.

    Attributes:
        path: Where it is.
        kind: Its form: ``zip`` or ``tar``.
        size: Bytes.
        digest: XXH3-128 of them.
        members: How many files it holds.
    """

    path: Path
    kind: Kind
    size: int
    digest: str
    members: int


def pack(bundle: VerifiedBundle, target: Path, *, told: Callable[[int, int], None] | None = None) -> Archived:
    """Write a bundle into one file, byte-identical for equal bundles.

    Args:
        bundle: The bundle; its signatures go along, a ``.gitattributes`` does not.
        target: The archive, whose name ends in ``.zip`` or ``.tar`` and says so which form it gets; must not exist.
        told: Called with the bytes written so far and the bytes in all.

    Raises:
        UsageError: The target exists, has another ending, or lies in the bundle.
        RefusedInputError: A file changed since the bundle was verified.
        UnavailableError: The disk is full or cannot be written.
    """
    form = _form_of(target)
    if target.resolve().is_relative_to(bundle.path.resolve()):
        raise UsageError(f"archive {str(target)!r}: lies in the bundle itself", hint="name a file elsewhere")
    refuse_existing(target, kind="file")
    with staging_file(target) as place, disk_errors(str(target)), place.open("xb", buffering=0) as file:
        total = _reserve(bundle, target, file)
        with written(file) as output:
            writing = _Writing(output, form, told and (lambda: told(output.size, total)))
            writing.write(bundle)
    return Archived(target, form.KIND, output.size, output.digest, len(writing.members))


def _form_of(target: Path) -> Form:
    form = FORM_OF.get(target.suffix.lower())
    if form is not None:
        return form
    if target.suffix.lower() in COMPRESSED:
        hint = "weights hardly compress, and what is not compressed can be checked and read as it is"
        message = f"archive {str(target)!r}: pack compresses nothing: expected a name that ends in .zip or .tar"
        raise UsageError(message, hint=hint)
    raise UsageError(f"archive {str(target)!r}: expected a name that ends in .zip or .tar, which says the form")


def _reserve(bundle: VerifiedBundle, target: Path, file: BinaryIO) -> int:
    """Take the space for all files at once, so that a disk too small is found out before anything is copied."""
    total = len(bundle.bundle.content) + sum(entry.size for entry in bundle.manifest.files)
    try:
        reserve(file.fileno(), total)
    except OSError as error:
        message = f"{target}: cannot be written: the disk has no room for {sized(total)}"
        raise UnavailableError(message, hint="name a file on another disk") from error
    return total


def _signatures(bundle: VerifiedBundle) -> tuple[str, ...]:
    paths = bundle.bundle.signatures()
    if len(paths) > MAX_SIGNATURES:
        raise RefusedInputError(f"the bundle has {len(paths)} signatures, expected at most {MAX_SIGNATURES}")
    return paths


class _Writing:
    """Writes the members of one archive, one after another."""

    def __init__(self, output: Output, form: Form, told: Callable[[], object] | None) -> None:
        self.members: list[Member] = []
        self._output = output
        self._form = form
        self._told = told
        self._buffer = memoryview(bytearray(BLOCK_BYTES))

    def write(self, bundle: VerifiedBundle) -> None:
        """The manifest first, then what it lists, then the signatures; then what ends the archive."""
        content = bundle.bundle.content
        crc = zlib.crc32(content) if self._form.HAS_CRC else 0
        self._begin(manifests.NAME, len(content), crc, digest_bytes(content))
        self._output.write(content)
        self._end()
        for entry in bundle.manifest.files:
            self._add_file(entry.path, inside(bundle.path, entry.path), entry)
        for path in _signatures(bundle):
            self._add_file(path, inside(bundle.path, path), None)
        for piece in self._form.ending(self.members, self._output.size):
            self._output.write(piece)

    def _begin(self, name: str, size: int, crc: int, digest: str) -> None:
        member = Member(name, size, crc, digest, self._output.size)
        self.members.append(member)
        self._output.write(self._form.before(member))

    def _end(self) -> None:
        self._output.write(self._form.after(self.members[-1]))

    def _add_file(self, name: str, place: Path, entry: FileEntry | None) -> None:
        """Copy a file; one that no manifest lists is digested before, because that stands in its header."""
        with disk_errors(name):
            descriptor = open_regular(place)
        with os.fdopen(descriptor, "rb", buffering=0) as source:
            status = os.fstat(descriptor)
            if entry is not None and status.st_size != entry.size:
                raise RefusedInputError(f"{name}: changed since the bundle was verified")
            crc, digest = self._looked_ahead(name, source, listed=entry is not None)
            self._begin(name, status.st_size, crc, "" if entry else digest)
            found = self._copy(name, source, status.st_size)
            if found != (entry.xxh3_128 if entry else digest):
                when = "since the bundle was verified" if entry else "while it was read"
                raise RefusedInputError(f"{name}: changed {when}")
            if identity(status) != identity(os.fstat(descriptor)):
                raise RefusedInputError(f"{name}: changed while it was read")
        self._end()

    def _looked_ahead(self, name: str, source: BinaryIO, *, listed: bool) -> tuple[int, str]:
        """CRC and digest, as far as they stand before the bytes; the file is at its start again."""
        if listed and not self._form.HAS_CRC:
            return 0, ""
        crc, state = 0, xxhash.xxh3_128()
        with disk_errors(name):
            while count := source.readinto(self._buffer):  # type: ignore[attr-defined]  # a raw file has it
                piece = self._buffer[:count]
                if self._form.HAS_CRC:
                    crc = zlib.crc32(piece, crc)
                if not listed:
                    state.update(piece)
            source.seek(0)
        return crc, state.hexdigest()

    def _copy(self, name: str, source: BinaryIO, size: int) -> str:
        """The digest of what was copied."""
        state, left = xxhash.xxh3_128(), size
        while left:
            room = self._output.room()[:left]
            with disk_errors(name):
                count = source.readinto(room)  # type: ignore[attr-defined]
            if not count:
                raise RefusedInputError(f"{name}: changed while it was read")
            state.update(room[:count])
            self._output.take(count)
            left -= count
            if self._told:
                self._told()
        return state.hexdigest()
