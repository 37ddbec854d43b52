"""Facts of the interpreter, the system and the processor; the standard library alone tells them."""

from __future__ import annotations

import os
import platform
import re
import sys
import unicodedata
from typing import Iterator, List, Optional

CPU_INFO = "/proc/cpuinfo"
DRIVER_VERSION = "/proc/driver/nvidia/version"
CPU_FLAGS = {  # Linux's names of instructions that arithmetic libraries choose their code by
    "amx_bf16", "amx_fp16", "amx_int8", "amx_tile", "asimd", "asimddp", "asimdhp", "avx", "avx2", "avx512_bf16",
    "avx512_fp16", "avx512_vnni", "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl", "avx_vnni", "bf16", "f16c",
    "fma", "fma4", "i8mm", "sme", "sme2", "sse4_1", "sse4_2", "sve", "sve2", "svebf16", "svei8mm",
}  # fmt: skip


def _kernel() -> Optional[str]:
    """Its numbers alone: what follows them may name who built it."""
    matched = re.match(r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}", platform.release())
    return matched.group(0) if matched else None


def _libc() -> Optional[str]:
    name, version = platform.libc_ver()
    return (name + " " + version).strip() or None


def _cpu_info() -> Iterator[List[str]]:
    """Key and value of each line on the first processor."""
    with open(CPU_INFO, encoding="utf-8", errors="replace") as file:
        for line in file:
            if not line.strip():
                return
            key, _, value = line.partition(":")
            yield [key.strip(), value.strip()]


def _cpu_model() -> Optional[str]:
    """Its name; on Arm, where Linux has no name for it, maker and part; on Windows what the system calls it."""
    if not os.path.exists(CPU_INFO):
        return os.environ.get("PROCESSOR_IDENTIFIER") if sys.platform == "win32" else None
    found = dict(_cpu_info())
    if "model name" in found:
        return found["model name"]
    return "Arm " + found["CPU implementer"] + " " + found["CPU part"]


def _cpu_flags() -> Optional[str]:
    found = dict(_cpu_info())
    words = (found.get("flags") or found.get("Features") or "").split()
    return " ".join(sorted(CPU_FLAGS.intersection(words))) or None


def _usable() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


def _driver() -> Optional[str]:
    with open(DRIVER_VERSION, encoding="utf-8", errors="replace") as file:
        matched = re.search(r"Kernel Module\D*([0-9]+(\.[0-9]+)+)", file.read(4096))
    return matched.group(1) if matched else None


def _rounding() -> str:
    """The processor's mode now: a library may have changed it for the whole process."""
    quarter = sys.float_info.epsilon / 4
    up, down = 1.0 + quarter > 1.0, 1.0 + 3 * quarter == 1.0
    if not up and not down:
        return "nearest"
    if up:
        return "up"
    return "down" if -1.0 - quarter < -1.0 else "toward zero"


def _flushes_denormals() -> bool:
    """A library compiled with fast mathematics may have switched denormal numbers off for the whole thread."""
    return sys.float_info.min * 0.5 == 0.0


def _gil() -> Optional[bool]:
    enabled = getattr(sys, "_is_gil_enabled", None)
    return None if enabled is None else bool(enabled())


FACTS = {
    "python.implementation": lambda _: sys.implementation.name,
    "python.version": lambda _: platform.python_version(),
    "python.unicode": lambda _: unicodedata.unidata_version,
    "python.float": lambda _: sys.float_repr_style,
    "python.gil": lambda _: _gil(),
    "python.optimize": lambda _: sys.flags.optimize,
    "system.name": lambda _: platform.system(),
    "system.machine": lambda _: platform.machine(),
    "system.byteorder": lambda _: sys.byteorder,
    "system.kernel": lambda _: _kernel(),
    "system.libc": lambda _: _libc(),
    "cpu.model": lambda _: _cpu_model(),
    "cpu.flags": lambda _: _cpu_flags(),
    "cpu.count": lambda _: os.cpu_count(),
    "cpu.usable": lambda _: _usable(),
    "float.rounding": lambda _: _rounding(),
    "float.flush_denormal": lambda _: _flushes_denormals(),
    "gpu.driver": lambda _: _driver(),
}
