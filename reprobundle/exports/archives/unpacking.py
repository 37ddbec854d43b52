"""An archive as a folder again, or checked where it lies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reprobundle import manifest as manifests
from reprobundle.bundle import Bundle
from reprobundle.errors import UnavailableError
from reprobundle.exports.archives.form import Kind
from reprobundle.exports.archives.reading import Digester, reading
from reprobundle.manifest import Manifest
from reprobundle.phrases import sized
from reprobundle.store import Writer, digest_bytes, staging
from reprobundle.store.writing import disk_errors


@dataclass(frozen=True)
class PackedBundle:
    """An archive that claims to hold a bundle.

    Attributes:
        path: The archive.
        kind: Its form.
        manifest: What it says of itself.
        content: The bytes of its ``manifest.json``.
    """

    path: Path
    kind: Kind
    manifest: Manifest
    content: bytes

    @classmethod
    def open(cls, path: Path) -> PackedBundle:
        """Read an archive's manifest, which comes first; nothing else is looked at.

        Raises:
            RefusedInputError: It is no archive that pack wrote, or the manifest breaks the form.
            UnavailableError: It cannot be read.
        """
        with reading(path) as reader, disk_errors(str(path)):
            content = reader.manifest()
            return cls(path, reader.form.KIND, manifests.from_bytes(content), content)

    @property
    def id(self) -> str:
        """XXH3-128 of the bytes of ``manifest.json``: names the bundle."""
        return digest_bytes(self.content)


@dataclass(frozen=True)
class VerifiedArchive:
    """An archive whose every byte was found as it must be; only `verify` makes one.

    Attributes:
        packed: The archive.
        signatures: Paths of the signatures in it; whether one is good is another question.
    """

    packed: PackedBundle
    signatures: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The archive."""
        return self.packed.path

    @property
    def manifest(self) -> Manifest:
        """The manifest."""
        return self.packed.manifest

    @property
    def id(self) -> str:
        """XXH3-128 of the manifest's bytes."""
        return self.packed.id


def verify(path: Path) -> VerifiedArchive:
    """Check every byte of an archive, and every header of a safetensors file in it, without writing anything.

    Raises:
        RefusedInputError: The archive differs by a single byte from the one that `pack` writes for its content.
        UnavailableError: It cannot be read.
    """
    with reading(path) as reader, disk_errors(str(path)):
        content = reader.manifest()
        manifest = manifests.from_bytes(content)
        signatures = reader.rest(manifest, Digester())
        return VerifiedArchive(PackedBundle(path, reader.form.KIND, manifest, content), signatures)


def unpack(archive: Path, target: Path) -> Bundle:
    """Read an archive that `pack` wrote; the folder appears when every byte of the archive was as it must be.

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
    with staging(target) as place, reading(archive) as reader, disk_errors(str(archive)):
        content = reader.manifest()
        manifest = manifests.from_bytes(content)
        reader.refuse_too_few_bytes(manifest)
        _refuse_small_disk(place, manifest, target)
        writer = Writer(place)
        writer.write(manifests.NAME, content)
        reader.rest(manifest, writer)
    return Bundle.open(target)


class Unpacking(str):
    """A line that says where an archive is unpacked to: it takes room that nobody asked for, so it is told to everybody."""

    __slots__ = ()


def unfolded(path: Path, folder: Callable[[], Path], say: Callable[[str], None]) -> Path:
    """A bundle's folder: what is given, or, of an archive, a folder that it is unpacked into for the time being.

    Args:
        path: A bundle, or an archive of one.
        folder: Makes an empty folder that only this user can enter.
        say: Called with a line that says where it is unpacked to.
    """
    if not is_archive(path):
        return path
    place = folder() / path.stem
    say(Unpacking(f"unpacking {path.name} into a temporary folder, {place.parent}"))
    return unpack(path, place).path


def opened(path: Path) -> Bundle | PackedBundle:
    """Read the manifest of a bundle, be it a folder or packed; nothing else is looked at.

    Raises:
        RefusedInputError: It is neither, or the manifest breaks the form.
    """
    return PackedBundle.open(path) if is_archive(path) else Bundle.open(path)


def is_archive(path: Path) -> bool:
    """Whether a path is that of a file, so that it can be an archive of a bundle, but not a bundle."""
    return path.is_file()


def _refuse_small_disk(place: Path, manifest: Manifest, target: Path) -> None:
    """Members are stored, so what will be written is known before the first byte is."""
    needed = sum(entry.size for entry in manifest.files)
    with disk_errors(str(target)):
        free = shutil.disk_usage(place).free
    if needed > free:
        message = f"{target}: cannot be written: expected room for {sized(needed)}, found {sized(free)}"
        raise UnavailableError(message, hint="name a folder on another disk")
