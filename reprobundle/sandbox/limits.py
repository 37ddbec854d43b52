"""How much a program inside the walls may use, and what stands before its command to see to it."""

from __future__ import annotations

import platform
import re
import shutil
from dataclasses import dataclass

from reprobundle import memory
from reprobundle.sandbox.walls import PROGRAM_FOLDERS

PROCESSES = 1024  # threads count too, and only those inside the walls
OPEN_FILES = 4096
FILE_BYTES = 16 * 2**30
MEMORY_SHARE = 0.9  # of the machine: what is left keeps the reviewer's own programs alive
MOUNTED_BYTES = 4 * 2**30
MOUNTED_SHARE = 0.25  # of the machine, since what is written there stands in memory


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a program inside the walls may use. None, where it is allowed: no limit.

    Attributes:
        memory: Bytes of its own that one process may ask for, and all of them together may hold. Files that are only
            mapped to be read do not count.
        processes: Processes and threads at one time.
        cpu_seconds: Processor time of one process.
        open_files: Open files of one process.
        file_bytes: Size of one file.
        out_bytes: Bytes on disk in all writable folders together.
        out_files: Files and folders in them.
        temporary: Bytes in the temporary folder.
        shared: Bytes of shared memory.
    """

    memory: int | None = None
    processes: int = PROCESSES
    cpu_seconds: int | None = None
    open_files: int = OPEN_FILES
    file_bytes: int = FILE_BYTES
    out_bytes: int | None = None
    out_files: int | None = None
    temporary: int = MOUNTED_BYTES
    shared: int = MOUNTED_BYTES


def usual() -> Limits:
    """The limits for this machine: nearly all of its memory, and a part of that for files that stand in memory."""
    total = memory.total_bytes()
    if total is None:
        return Limits()
    mounted = min(MOUNTED_BYTES, int(total * MOUNTED_SHARE))
    return Limits(memory=int(total * MEMORY_SHARE), temporary=mounted, shared=mounted)


def words(limits: Limits, *, devices: bool = False) -> list[str]:
    """What stands before a command inside the walls and bounds it; nothing where util-linux is not installed.

    The processes are those of the user namespace that bubblewrap made, so the limit must be set inside. The kernel
    counts none for root, whatever number it goes by inside: `watching` does. Memory is bounded as data, since a limit on
    addresses stops what only maps files; the driver of a graphics processor reserves more than there is.

    Args:
        limits: The limits.
        devices: Whether a graphics processor is shown.
    """
    prlimit = shutil.which("prlimit", path=PROGRAM_FOLDERS)
    if prlimit is None:
        return []
    import resource

    wanted = {
        "fsize": (resource.RLIMIT_FSIZE, limits.file_bytes),
        "nofile": (resource.RLIMIT_NOFILE, limits.open_files),
    }
    if limits.memory is not None and not devices:
        wanted["data"] = (resource.RLIMIT_DATA, limits.memory)
    if limits.cpu_seconds is not None:
        wanted["cpu"] = (resource.RLIMIT_CPU, limits.cpu_seconds)
    if _counts_by_namespace():
        wanted["nproc"] = (resource.RLIMIT_NPROC, limits.processes)
    options = [f"--{name}={_within(limit, value)}" for name, (limit, value) in wanted.items()]
    return [prlimit, *options, "--core=0", "--"]


def _within(limit: int, wanted: int) -> int:
    """The wanted limit, or the one that stands already where that is lower: it cannot be raised again."""
    import resource

    _, hard = resource.getrlimit(limit)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _counts_by_namespace() -> bool:
    """Whether a limit on processes leaves out the person's own outside; Linux before 5.14 counts all of them."""
    major, minor = (int(part) for part in re.findall(r"\d+", platform.release())[:2])
    return (major, minor) >= (5, 14)
