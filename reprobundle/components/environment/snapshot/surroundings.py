"""What the process runs in: its interpreter, its system, and the container or job around it; nothing names a machine."""

from __future__ import annotations

import importlib.machinery
import os
import platform
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from reprobundle.components.environment.section import Container, Interpreter, Platform, Slurm

MAX_NAME = 100
MAX_GROUPS_BYTES = 64 * 1024
APPTAINER_VARIABLES = ("APPTAINER_CONTAINER", "APPTAINER_NAME", "SINGULARITY_CONTAINER", "SINGULARITY_NAME")
SLURM_VARIABLES = {  # the first that holds a number tells
    "nodes": ("SLURM_JOB_NUM_NODES", "SLURM_NNODES"),
    "tasks": ("SLURM_NTASKS", "SLURM_NPROCS"),
    "cpus_per_task": ("SLURM_CPUS_PER_TASK",),
    "gpus": ("SLURM_GPUS_ON_NODE",),
}
GROUPS: tuple[tuple[str, Container], ...] = (  # how managers of containers name Linux's control groups
    (r"/kubepods", "kubernetes"),
    (r"libpod-|/libpod_parent", "podman"),
    (r"/docker/|docker-[0-9a-f]", "docker"),
    (r"/lxc/|lxc\.payload", "lxc"),
    (r"containerd[-/]", "container"),
)
MANAGERS: dict[str, Container] = {"docker": "docker", "podman": "podman", "lxc": "lxc", "lxc-libvirt": "lxc"}

_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)


def interpreter() -> Interpreter:
    """The Python of this process."""
    return Interpreter(
        implementation=sys.implementation.name,
        version=platform.python_version(),
        build=f"{platform.python_build()[0]}, {platform.python_compiler()}".strip(", "),
        cache_tag=sys.implementation.cache_tag,
        abi=abi(),
    )


def abi(suffixes: list[str] | None = None) -> str | None:
    """What extension modules are built for, as the longest ending of their names says: ``.cpython-311-….so``."""
    found = importlib.machinery.EXTENSION_SUFFIXES if suffixes is None else suffixes
    middles = [suffix.strip(".").rpartition(".")[0] for suffix in found]
    return max(middles, key=len, default="") or None


def system() -> Platform:
    """The operating system of this process, and what it is wrapped in."""
    libc = " ".join(part for part in platform.libc_ver() if part)
    return Platform(
        system=platform.system(),
        machine=platform.machine(),
        libc=libc or None,
        distribution=distribution(),
        container=container(),
        slurm=slurm(os.environ),
    )


def distribution() -> str | None:
    """Name and version of the Linux distribution, or of the system elsewhere; None where it is not told."""
    name = platform.system()
    if name == "Linux":
        return _linux_distribution()
    version = platform.mac_ver()[0] if name == "Darwin" else platform.version()
    return _line(f"{'macOS' if name == 'Darwin' else name} {version}")


def container(root: Path = Path("/"), variables: Mapping[str, str] = os.environ) -> Container | None:
    """The kind of container the process runs in; None outside one, or where nothing tells.

    Args:
        root: Where the file system begins.
        variables: The process's environment.
    """
    if any(name in variables for name in APPTAINER_VARIABLES) or (root / ".singularity.d").is_dir():
        return "apptainer"
    if "KUBERNETES_SERVICE_HOST" in variables:
        return "kubernetes"
    if (root / "run" / ".containerenv").is_file():
        return "podman"
    if (root / ".dockerenv").is_file():
        return "docker"
    return _of_groups(root) or _of_manager(root, variables)


def slurm(variables: Mapping[str, str]) -> Slurm | None:
    """The size of the Slurm job; None outside one.

    Args:
        variables: The process's environment; only numbers are taken from it.
    """
    if "SLURM_JOB_ID" not in variables:
        return None
    return Slurm(**{field: _first_number(names, variables) for field, names in SLURM_VARIABLES.items()})


def _linux_distribution() -> str | None:
    try:
        release = platform.freedesktop_os_release()
    except (OSError, ValueError):  # a system without that file says nothing
        return None
    return _line(f"{release.get('NAME', '')} {release.get('VERSION_ID', '')}")


def _line(text: str) -> str | None:
    return " ".join(text.split())[:MAX_NAME] or None


def _of_groups(root: Path) -> Container | None:
    """By the control groups of the process; the newer kind of groups shows no name from inside."""
    try:
        with open(root / "proc" / "self" / "cgroup", "rb") as file:
            groups = file.read(MAX_GROUPS_BYTES).decode("utf-8", "replace")
    except OSError:  # other systems have none
        return None
    return next((kind for pattern, kind in GROUPS if re.search(pattern, groups)), None)


def _of_manager(root: Path, variables: Mapping[str, str]) -> Container | None:
    """By the word that managers of containers leave in a file or a variable."""
    try:
        with open(root / "run" / "systemd" / "container", "rb") as file:
            word = file.read(100).decode("utf-8", "replace").strip()
    except OSError:  # most leave none
        word = variables.get("container", "")
    return MANAGERS.get(word, "container") if word else None


def _first_number(names: tuple[str, ...], variables: Mapping[str, str]) -> int | None:
    values = (variables.get(name, "") for name in names)
    return next((int(value) for value in values if _NUMBER.fullmatch(value)), None)
