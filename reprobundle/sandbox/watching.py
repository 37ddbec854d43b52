"""Stops what uses more than it may where the kernel does not: root's processes, memory of all of them, the disk."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from reprobundle.errors import ProcessError
from reprobundle.phrases import counted, sized
from reprobundle.sandbox.limits import Limits

LOOK_SECONDS = 1.0  # between two looks at the folders
LOOK_SHARE = 10  # a look at a large folder takes at most this part of the time
MAX_DEPTH = 64
LEAST_FREE = 2**30  # bytes of the disk that are never used up, or half of what was free
LEAST_NAMES = 10_000  # the same for the number of files
BUBBLEWRAP = 2  # processes: one on either side of the wall
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Watcher:
    """Looks at one run again and again.

    Args:
        limits: What it may use.
        writes: The folders it may write.
    """

    def __init__(self, limits: Limits, writes: Sequence[Path]) -> None:
        self._limits = limits
        self._writes = tuple(writes)
        self._disks = tuple((folder, _least(folder)) for folder in writes)
        self._next_look = time.monotonic() + LOOK_SECONDS
        self._next_count = 0.0

    def look(self, number: int) -> None:
        """Look once at the processes, and from time to time at the folders.

        Args:
            number: Of the process that everything inside descends from.

        Raises:
            ProcessError: A limit is exceeded; whoever called ends the run.
        """
        self._look_at_processes(number)
        now = time.monotonic()
        if now >= self._next_look:
            self.look_at_folders()
            after = time.monotonic()
            self._next_look = after + max(LOOK_SECONDS, LOOK_SHARE * (after - now))

    def look_at_folders(self) -> None:
        """Look at what was written.

        Raises:
            ProcessError: It is more than it may be.
        """
        for folder, least in self._disks:
            if any(has < needs for has, needs in zip(_free(folder), least, strict=True)):
                raise _stopped("it was about to fill the disk")
        if self._limits.out_bytes is None and self._limits.out_files is None:
            return
        files = total = 0
        for size in _sizes(self._writes):
            files, total = files + 1, total + size
            if self._limits.out_files is not None and files > self._limits.out_files:
                raise _stopped(f"it made more than {counted(self._limits.out_files, 'file')}")
            if self._limits.out_bytes is not None and total > self._limits.out_bytes:
                raise _stopped(f"it wrote more than {sized(self._limits.out_bytes)}")

    def _look_at_processes(self, number: int) -> None:
        threads = held = 0
        family = []
        for process, running in _family(number):
            family.append(process)
            threads, held = threads + running, held + _held(process)
            if threads > self._limits.processes + BUBBLEWRAP:
                raise _stopped(f"more than {self._limits.processes:,} processes and threads ran in it")
        if self._limits.memory is not None and held > self._limits.memory:
            self._look_at_memory(family, self._limits.memory)

    def _look_at_memory(self, family: Sequence[str], most: int) -> None:
        """Count again, more slowly, without counting twice what processes share since one was forked off another."""
        now = time.monotonic()
        if now >= self._next_count and sum(map(_share, family)) > most:
            raise _stopped(f"its processes held more than {sized(most)} of memory")
        after = time.monotonic()
        self._next_count = max(self._next_count, after + LOOK_SHARE * (after - now))


def _stopped(why: str) -> ProcessError:
    return ProcessError(f"the sandbox was stopped: {why}")


def _family(number: int) -> Iterator[tuple[str, int]]:
    """Where the system tells of a process and of all that descend from it, and how many threads each has.

    What a daemon leaves behind goes to the first process inside, which descends from bubblewrap; so nothing is missed.
    """
    waiting = [number]
    while waiting:
        place = f"/proc/{waiting.pop()}"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            tasks = os.listdir(f"{place}/task")
            yield place, len(tasks)
            for task in tasks:
                with open(f"{place}/task/{task}/children", encoding="ascii") as file:
                    waiting += [int(child) for child in file.read().split()]


def _held(place: str) -> int:
    """Bytes of memory that a process holds beside mapped files, some of which it may share; 0 for one that ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"{place}/statm", encoding="ascii") as file:
        _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * PAGE
    return 0


def _share(place: str) -> int:
    """The same with its part only of what it shares; a process that lets nobody look is counted in full."""
    try:
        with open(f"{place}/smaps_rollup", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file if line.startswith("Pss"))
    except (FileNotFoundError, ProcessLookupError):
        return 0
    except PermissionError:
        return _held(place)
    return int(lines.get("Pss_Anon", lines["Pss"]).split()[0]) * 1024


def _sizes(folders: Sequence[Path]) -> Iterator[int]:
    """Bytes on disk of each file and folder below; nothing is followed.

    Raises:
        ProcessError: A folder was made that cannot be looked through.
    """
    waiting = [(str(folder), 0) for folder in folders]
    while waiting:
        folder, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _stopped(f"it made folders more than {MAX_DEPTH} deep")
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
        except (FileNotFoundError, NotADirectoryError):  # it is gone by now
            continue
        except OSError as error:
            raise _stopped(f"it made a folder that cannot be looked through: {error.strerror}") from error


def _free(folder: Path) -> tuple[int, int]:
    """Bytes and names that are free on the disk of a folder; one that counts no names has no end of them."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize, status.f_favail if status.f_files else LEAST_NAMES


def _least(folder: Path) -> tuple[int, int]:
    bytes_free, names_free = _free(folder)
    return min(LEAST_FREE, bytes_free // 2), min(LEAST_NAMES, names_free // 2)
