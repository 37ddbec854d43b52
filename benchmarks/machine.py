"""What the suite ran on and beside: no names of hosts or people, no paths."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from benchmarks.environments import PINS
from benchmarks.job import GIB

PROGRAMS = {
    "xxhsum": "--version",
    "b3sum": "--version",
    "sha256sum": "--version",
    "tar": "--version",
    "zip": "-v",
    "unzip": "-v",
    "git": "--version",
    "git-lfs": "version",
}
OURS = ("reprobundle", "torch", "numpy", "safetensors", "xxhash", "click", "pydantic", "uv", "pip")
MOUNTS = Path("/proc/self/mounts")
_VERSION = re.compile(r"\d+(?:\.\d+)+")


def facts(folder: Path) -> dict[str, str]:
    """Cores, memory, system and interpreter; the kind of disk that a folder lies on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    return {
        "processor": f"{_model()}, {os.cpu_count()} cores seen",
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {_release()} on {platform.machine()}",
        "disk": _filesystem(folder),
        "Python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Of the libraries in this environment, of the peers by their pins, and of the system's programs."""
    installed = {one.metadata["Name"].lower(): one.version for one in metadata.distributions()}
    found = {name: installed[name] for name in OURS if name in installed}
    for place in sorted(PINS.glob("*.txt")):
        for line in place.read_text(encoding="utf-8").split() if place.stem != "environment" else ():
            name, _, version = line.partition("==")
            if version:
                found.setdefault(name, version)
    return found | {name: told for name, option in PROGRAMS.items() if (told := _told(name, option))}


def _told(name: str, option: str) -> str | None:
    program = shutil.which(name)
    if program is None:
        return None
    done = subprocess.run([program, option], capture_output=True, text=True, check=False)
    matched = _VERSION.search(done.stdout or done.stderr)
    return matched[0] if matched else None


def _release() -> str:
    """The kernel's version, without what a vendor added."""
    matched = _VERSION.search(platform.release())
    return matched[0] if matched else platform.release()


def _model() -> str:
    place = Path("/proc/cpuinfo")
    lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _filesystem(folder: Path) -> str:
    """The kind of file system: that of the longest mount point above a folder."""
    if not MOUNTS.exists():
        return sys.platform
    place, found = str(folder.resolve()), ("", "unknown")
    for line in MOUNTS.read_text(encoding="utf-8").splitlines():
        _, point, kind, *_ = line.split()
        if Path(place).is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]
