"""Times a call inside the process that makes it, and how much memory it needs beyond what was held before.

Only the standard library: it also runs in the peers' environments. What is found is written as JSON to the file that the
variable ``BENCHMARK_RESULT`` names.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

RESULT = "BENCHMARK_RESULT"
STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


def timed(action: Callable[[], object], *, first: Callable[[], object] | None = None) -> None:
    """Do it, and say what it took.

    Args:
        action: What is timed.
        first: Done before, not timed: it imports and fills what a process fills once.
    """
    if first is not None:
        first()
    held = _reset_peak()
    started, computed = time.perf_counter(), _processor()
    action()
    seconds, cpu = time.perf_counter() - started, _processor() - computed
    peak = _kibibytes("VmHWM")
    beyond = None if held is None or peak is None else max(peak - held, 0)
    Path(os.environ[RESULT]).write_text(json.dumps({"seconds": seconds, "cpu": cpu, "beyond": beyond}), "utf-8")


def _processor() -> float:
    """Seconds of the processor, of this process and of children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _reset_peak() -> int | None:
    """Let the peak start anew; bytes held now, or None where the system cannot do it."""
    if not CLEAR.exists():
        return None
    CLEAR.write_text("5", encoding="ascii")
    return _kibibytes("VmRSS")


def _kibibytes(field: str) -> int | None:
    """A line of the process's status, in bytes."""
    if not STATUS.exists():
        return None
    lines = STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) * 1024
