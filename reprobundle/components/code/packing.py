"""Copying source files into the bundle, and remembering each that had to stay out."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Set as AbstractSet
from pathlib import Path

from reprobundle.components.code.data_files import DataFiles, Withheld
from reprobundle.components.code.pickles import is_pickle
from reprobundle.components.code.project import SOURCE
from reprobundle.components.code.repository import printable
from reprobundle.components.code.salts import REASON, Salts
from reprobundle.components.code.section import LeftOut
from reprobundle.errors import RefusedInputError
from reprobundle.secrecy import Gate, plain_path
from reprobundle.secrecy import reason as secrets_told
from reprobundle.secrecy.names import is_secret
from reprobundle.store import Writer
from reprobundle.store.digests import open_regular
from reprobundle.store.holding import PARTIAL
from reprobundle.store.paths import fault_of

MAX_SOURCE_BYTES = 50 * 2**20
LFS_MARK = b"version https://git-lfs.github.com/spec/v1\n"
LFS_POINTER_BYTES = 1024


class Packer:
    """Writes source files into a bundle, each path once."""

    def __init__(self, writer: Writer, data: DataFiles, salts: Salts, gate: Gate) -> None:
        """Write through `writer`; files under its own folder are never taken, nor those with private data, salts or secrets."""
        self._writer = writer
        self._gate = gate
        self._data = data
        self._salts = salts
        self._own = writer.root.resolve()
        self._paths: set[str] = set()
        self._files: dict[str, str] = {}
        self._folders: set[str] = set()
        self._reasons: dict[str, str] = {}
        self.pickles: list[str] = []  # what is packed and is one, as people know it

    @property
    def taken(self) -> AbstractSet[str]:
        """The bundle paths written so far."""
        return self._paths

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What stayed out, sorted by path."""
        return tuple(LeftOut(path=path, reason=self._reasons[path]) for path in sorted(self._reasons))

    def leave_out(self, path: str, reason: str) -> None:
        """Remember that a file is not in the bundle; the first reason stands."""
        self._reasons.setdefault(printable(path.removeprefix(f"{SOURCE}/")), reason)

    def write(self, path: str, content: bytes) -> bool:
        """Write source that exists only in memory; whether it is in the bundle now, because it holds no secret."""
        hits = self._gate.look(plain_path(path), content)
        named = self._gate.name_leaks(plain_path(path))
        if hits or named:
            self.leave_out(path, secrets_told(hits) if hits else "holds a secret in its name")
            return False
        self._writer.write(path, content)
        self._remember(path)
        if is_pickle(content):
            self.pickles.append(printable(path.removeprefix(f"{SOURCE}/")))
        return True

    def copy(self, path: str, file: Path, *, follow: bool = False) -> bool:
        """Copy one file; whether it is in the bundle now.

        Args:
            path: Where in the bundle.
            file: Where it lies.
            follow: Copy what a link leads to: for a module that was imported through one.
        """
        if path in self._paths:
            return True
        if self._is_own(file):
            return False
        withheld = self._data.withheld(file)
        if withheld is not None:
            return self._withhold(path, withheld)
        reason = self._clash(path) or _unfit(path, file, follow=follow)
        content = b"" if reason else _content(file.resolve() if follow else file)
        if isinstance(content, str):
            reason = content
        elif not reason and self._salts.are_in(content):
            reason = REASON
        elif not reason and not follow:  # a module that was imported is no copy of data, whatever is in it
            withheld = self._data.withheld_copy(file, content)
            if withheld is not None:
                return self._withhold(path, withheld)
        if reason:
            self.leave_out(path, reason)
            return False
        assert isinstance(content, bytes)  # text is a reason, and left above
        if not self.write(path, content):
            return False
        self._data.packed(path, file, content)
        return True

    def _withhold(self, path: str, withheld: Withheld) -> bool:
        self.leave_out(withheld.shown(path.removeprefix(f"{SOURCE}/")), withheld.reason)
        return False

    def _is_own(self, file: Path) -> bool:
        return self._own in file.parents or any(PARTIAL.fullmatch(part) for part in file.parts)

    def _clash(self, path: str) -> str | None:
        folded = _folded(path)
        other = next((self._files[name] for name in (folded, *_above(folded)) if name in self._files), None)
        if other is None and folded in self._folders:
            other = path
        return f"has the same name as {other!r} where case is ignored" if other else None

    def _remember(self, path: str) -> None:
        self._paths.add(path)
        self._files[_folded(path)] = path
        self._folders.update(_above(_folded(path)))


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())


def _above(path: str) -> tuple[str, ...]:
    steps = path.split("/")
    return tuple("/".join(steps[:end]) for end in range(1, len(steps)))


def _unfit(path: str, file: Path, *, follow: bool) -> str | None:
    if fault := fault_of(path):
        return fault
    if is_secret(path):
        return "by its name it holds secrets"
    if file.is_symlink() and not follow:
        return "is a symbolic link"
    return None


def _content(file: Path) -> bytes | str:
    """The bytes of a file, or why they cannot be taken."""
    try:
        descriptor = open_regular(file)
    except RefusedInputError:
        return "is not a regular file"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    with os.fdopen(descriptor, "rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size > MAX_SOURCE_BYTES:
            return f"is larger than {MAX_SOURCE_BYTES // 2**20} MiB"
        try:
            content = stream.read(MAX_SOURCE_BYTES + 1)
        except OSError as error:
            return f"cannot be read: {error.strerror}"
    if len(content) != size:
        return "changed while it was read"
    if size <= LFS_POINTER_BYTES and content.startswith(LFS_MARK):
        return "is a pointer of git-lfs, not the file itself: git lfs pull"
    return content
