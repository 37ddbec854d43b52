"""Whether the times of a file tell of every change of it: on which file systems, and how long after the last one.

A program that writes through a memory map moves a file's times when it first touches a page, and not again until the system
has written that page to the disk and takes note of the next touch. A file whose times are older than the longest wait for
that has no such page any more, and whatever is written to it later shows. On a file system that is never written to a disk
(tmpfs) this never comes true, and a server's or a user's program's file system may tell any times.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from pathlib import Path

TRUE_TO_TIMES = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "overlay"})
LEAST_SECONDS = 60
CENTISECOND = 10_000_000  # nanoseconds
WAITS = ("dirty_expire_centisecs", "dirty_writeback_centisecs")
MOUNTS = Path("/proc/self/mountinfo")
SETTINGS = Path("/proc/sys/vm")


def settling_time(settings: Path = SETTINGS) -> int | None:
    """Nanoseconds after which what was written to a file is on the disk, with as much again to spare.

    Args:
        settings: Where the system says how long written pages may wait.

    Returns:
        The time; None where the system does not say, or writes nothing by itself.
    """
    try:
        expire, writeback = (int((settings / name).read_text(encoding="ascii")) for name in WAITS)
    except (OSError, ValueError):
        return None
    if expire <= 0 or writeback <= 0:  # pages wait until somebody asks for them to be written
        return None
    return max(LEAST_SECONDS * 10**9, 2 * (expire + writeback) * CENTISECOND)


def keeps_times(path: str) -> bool:
    """Whether a file or folder lies on a local disk whose times and inodes are true; False where one cannot tell.

    The way to tell is Linux's. macOS and Windows name no file system to the standard library, and Windows knows no time of
    the last change that a program could not set.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)  # opens no pipe or device
    except OSError:
        return False
    try:
        return _kind_of(descriptor) in TRUE_TO_TIMES
    finally:
        os.close(descriptor)


def _kind_of(descriptor: int) -> str | None:
    """The file system of what is open, by the number of its mount; paths may be mounted over."""
    with contextlib.suppress(OSError):
        told = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
        number = re.search(r"^mnt_id:\s*(\d+)$", told, re.MULTILINE)
        if number is not None:
            return _kinds(MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")).get(number[1])
    return None


def _kinds(mounts: str) -> dict[str, str]:
    """File system by number of the mount: ``36 35 98:0 /where /point options [tags] - kind source options``."""
    found = {}
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        if separator:
            found[before.split(" ", 1)[0]] = after.split(" ", 1)[0]
    return found
