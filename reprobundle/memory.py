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


def _group_bytes() -> int:
    """What the control group still allows, where it sets a limit (a container, a batch job)."""
    group = Path("/sys/fs/cgroup")
    try:
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no such group, or "max": no limit
        return sys.maxsize


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
