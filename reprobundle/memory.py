"""How much room there is for a second copy of a model."""

from __future__ import annotations

import os
import sys
from pathlib import Path

NEEDED = 1.3  # times the model: its tensors once more, and what loading and one forward pass hold beside them


def host_bytes() -> int | None:
    """Memory a new process can have without swapping, bytes; None where the system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(line for line in lines if line.startswith("MemAvailable:"))
        return min(int(free.split()[1]) * 1024, _group_bytes())
    except (OSError, StopIteration, ValueError):
        return _physical_bytes()


def total_bytes() -> int | None:
    """Memory that this process could have if nothing else needed any, bytes; None where the system does not say."""
    limits = [_limit(group) for group in _groups()]
    physical = _physical_bytes()
    return physical if physical is None else min(physical, *limits, sys.maxsize)


def _group_bytes() -> int:
    """What the control groups still allow, where they set a limit (a container, a batch job).

    Pages of files count as used there, those of weights just written for one, but are given up for whoever needs memory.
    """
    return min((_limit(group) - _used(group) for group in _groups()), default=sys.maxsize)


def _groups() -> list[Path]:
    """The control groups of this process, the innermost first; a container sees its own as the root."""
    root = Path("/sys/fs/cgroup")
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    own = next((line[3:].strip("/") for line in lines if line.startswith("0::")), "")
    return [place for place in (root / own, *(root / own).parents) if place == root or root in place.parents]


def _limit(group: Path) -> int:
    try:
        return int((group / "memory.max").read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such group, or "max": no limit
        return sys.maxsize


def _used(group: Path) -> int:
    try:
        used = int((group / "memory.current").read_text(encoding="ascii"))
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return 0
    files = [line.split()[1] for line in lines if line.startswith(("inactive_file ", "active_file "))]
    return max(0, used - sum(map(int, files)))


def _physical_bytes() -> int | None:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def device_bytes() -> int | None:
    """Memory that is free on the current CUDA device, bytes; None without one that this process uses."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    return int(torch.cuda.mem_get_info()[0])
