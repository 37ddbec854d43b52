"""What lies in a folder: its files, folder by folder, by name alone or with what the system says of each."""

from __future__ import annotations

import contextlib
import os
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from reprobundle.components.data.files.rows import escaped
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.leftovers import Leftovers
from reprobundle.phrases import counted, some

MAX_FILES = 10_000_000
MAX_TOLD = 3
LIMIT = 2**63 - 1
FROM_LISTING = sys.platform != "win32"  # there a listing knows no inode and may tell old times


@dataclass(frozen=True)
class Part:
    """The files that lie in one folder itself.

    Attributes:
        prefix: The folder, relative to the root, with a slash at its end; empty for the root.
        names: Its files.
    """

    prefix: str
    names: list[str]


@dataclass(frozen=True)
class Columns:
    """What the system said of each file, in one order.

    Attributes:
        size: Bytes.
        modified: Nanoseconds since 1970.
        changed: Nanoseconds since 1970 of the last change of content, name, mode, …
        inode: Number of the file.
        device: Number of the file system.
    """

    size: array[int] = field(default_factory=lambda: array("q"))
    modified: array[int] = field(default_factory=lambda: array("q"))
    changed: array[int] = field(default_factory=lambda: array("q"))
    inode: array[int] = field(default_factory=lambda: array("q"))
    device: array[int] = field(default_factory=lambda: array("q"))

    @property
    def all(self) -> tuple[array[int], ...]:
        """The five columns."""
        return self.size, self.modified, self.changed, self.inode, self.device

    def extend(self, found: Sequence[os.stat_result]) -> None:
        """More files."""
        self.size.extend([one.st_size for one in found])
        self.modified.extend([min(one.st_mtime_ns, LIMIT) for one in found])
        self.changed.extend([min(one.st_ctime_ns, LIMIT) for one in found])
        self.inode.extend([one.st_ino & LIMIT for one in found])
        self.device.extend([one.st_dev & LIMIT for one in found])


@dataclass(frozen=True)
class Walked:
    """What was found.

    Attributes:
        parts: The folders that hold files, in the order they were met.
        columns: What the system said of the files, one after another; empty where nobody asked.
        left_out: Escaped names of linked folders, pipes, sockets and devices, sorted.
        leftovers: Escaped names of folders that this program itself made, sorted; they were not entered.
    """

    parts: tuple[Part, ...]
    columns: Columns
    left_out: tuple[str, ...]
    leftovers: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of all files, relative to the root, in the order they were met."""
        return [part.prefix + name for part in self.parts for name in part.names]


def walk(root: str, *, asking: bool, met: Callable[[Part, int], None] | None = None) -> Walked:
    """Every file under a folder; linked folders and bundles and reports in it are not entered, links to files count as files.

    Args:
        root: The folder.
        asking: Whether to ask for size, times and inode of each.
        met: Called with each folder's files as they are found, and the index of the first among all files.

    Raises:
        UnavailableError: Folders cannot be listed.
        UsageError: More than 10 million files.
    """
    walking = _Walking(root, asking, met)
    pending = [""]
    while pending:
        pending += walking.enter(pending.pop())
    if walking.failures:
        told = some(walking.failures, MAX_TOLD)
        raise UnavailableError(f"{counted(len(walking.failures), 'folder')} cannot be listed: {told}")
    left_out, leftovers = (tuple(sorted(names)) for names in (walking.left_out, walking.leftovers))
    return Walked(tuple(walking.parts), walking.columns, left_out, leftovers)


class _Walking:
    """One pass over a tree."""

    def __init__(self, root: str, asking: bool, met: Callable[[Part, int], None] | None) -> None:  # noqa: FBT001 - walk's own
        self.root = root
        self.asking = asking
        self.met = met
        self.parts: list[Part] = []
        self.columns = Columns()
        self.left_out: list[str] = []
        self.leftovers: list[str] = []
        self.own = Leftovers(root)
        self.failures: list[str] = []
        self.count = 0

    def enter(self, prefix: str) -> list[str]:
        """List one folder; the folders in it."""
        names: list[str] = []
        folders: list[str] = []
        others: list[str] = []
        path = os.path.join(self.root, prefix)
        try:
            with _scan(path) as entries:
                statuses = self._list(path, entries, names, folders, others)
        except OSError as error:
            where = escaped(prefix.rstrip("/") or os.path.basename(self.root))
            self.failures.append(f"{where!r} ({error.strerror})")
            return []
        if prefix and self.own.has(prefix, names):
            self.leftovers.append(escaped(prefix.rstrip("/")))
            return []
        self.columns.extend(statuses)
        self.left_out += [escaped(prefix + name) for name in others]
        start = self.count
        self.count += len(names)
        if self.count > MAX_FILES:
            raise UsageError(f"{escaped(os.path.basename(self.root))}: holds more than {MAX_FILES} files")
        if names:
            self.parts.append(Part(prefix, names))
            if self.met is not None:
                self.met(self.parts[-1], start)
        return [f"{prefix}{name}/" for name in folders]

    def _list(
        self, path: str, entries: Iterator[os.DirEntry[str]], names: list[str], folders: list[str], others: list[str]
    ) -> list[os.stat_result]:
        """Sort what lies in a folder into three lists; what the system says of its files, where that is asked for."""
        statuses: list[os.stat_result] = []
        for entry in entries:  # the innermost loop: each call in it counts
            if entry.is_file():
                if self.asking:
                    statuses.append(entry.stat() if FROM_LISTING else os.stat(os.path.join(path, entry.name)))
                names.append(entry.name)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            else:
                others.append(entry.name)
        return statuses


@contextlib.contextmanager
def _scan(folder: str) -> Iterator[Iterator[os.DirEntry[str]]]:
    """The entries of a folder, through a descriptor of it where the system can: no path is looked up for each of them."""
    if os.scandir not in os.supports_fd:
        with os.scandir(folder) as entries:
            yield entries
        return
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        with os.scandir(descriptor) as entries:
            yield entries
    finally:
        os.close(descriptor)
