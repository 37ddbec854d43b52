"""What a program can see behind bubblewrap: the argument list is the security boundary, and each word of it has a probe."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle.errors import UnavailableError

if TYPE_CHECKING:
    from reprobundle.sandbox.limits import Limits

PROGRAM_FOLDERS = "/usr/bin:/usr/local/bin:/bin"  # never one that a bundle could reach
SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives")
NETWORK_FILES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
)
BASE_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "TMPDIR": "/tmp"}
PEOPLE_S_FOLDERS = (
    "/home",
    f"{os.sep}root",  # in two, as no file of a bundle may name a home of the machine it was made on
    "/Users",
    "/etc",
    "/var",
    "/run",
    "/tmp",
    "/mnt",
    "/media",
    "/proc",
    "/sys",
    "/dev",
)
KEY_FILES = ("/proc/keys", "/proc/key-users")
DEVICES = ("/dev/nvidia*", "/dev/dri", "/dev/kfd")


def find_bwrap() -> str | None:
    """Bubblewrap, where the system keeps its programs; None where it is not installed."""
    return shutil.which("bwrap", path=PROGRAM_FOLDERS)


def words(
    bwrap: str,
    reads: Sequence[Path],
    writes: Sequence[Path],
    env: Mapping[str, str],
    *,
    network: bool,
    cwd: Path,
    limits: Limits,
    shown: Sequence[Path] = (),
    filters: Sequence[int] = (),
) -> list[str]:
    """The command before the command. Nothing is inherited but what `Sandbox.run` starts bubblewrap itself with.

    Args:
        bwrap: Bubblewrap.
        reads: Files and folders that can be read.
        writes: Folders that can be written.
        env: The environment.
        network: Whether there is one.
        cwd: Where the program starts.
        limits: How large the file systems in memory may become.
        shown: Devices of this machine that can be used.
        filters: Open files with filters of system calls.

    Raises:
        UnavailableError: A folder that would be shown is a home, or holds one.
    """
    _refuse_wide((*reads, *writes))
    options = [bwrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    options += ["--share-net"] if network else []
    for descriptor in filters:
        options += ["--add-seccomp-fd", str(descriptor)]
    options += ["--cap-drop", "ALL", "--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"]
    for device in shown:
        options += ["--dev-bind", str(device), str(device)]
    options += ["--size", str(limits.shared), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    options += ["--size", str(limits.temporary), "--tmpfs", "/tmp", *_hidden_in_proc()]
    for folder in SYSTEM_FOLDERS:
        options += _system(Path(folder))
    for file in (*SYSTEM_FILES, *(NETWORK_FILES if network else ())):
        options += ["--ro-bind-try", file, file]
    for path, option in _outermost_first(reads, writes):
        options += [option, str(path), str(path)]
    for name, value in sorted(env.items()):
        options += ["--setenv", name, value]
    return [*options, "--remount-ro", "/", "--chdir", str(cwd), "--"]


def devices() -> tuple[Path, ...]:
    """The graphics processors of this machine, as the system names them."""
    return tuple(Path(path) for pattern in DEVICES for path in sorted(glob.glob(pattern)))


def is_too_wide(folder: Path) -> bool:
    """Whether a folder is a home or holds one, or is the whole of what people keep; never shown to code of a bundle."""
    place = Path(os.path.realpath(folder))
    if any(place.is_relative_to(system) for system in SYSTEM_FOLDERS):
        return False  # shown already
    return str(place) in {place.anchor, *PEOPLE_S_FOLDERS} or any(home.is_relative_to(place) for home in _homes())


def _homes() -> tuple[Path, ...]:
    """Where this user's own files are: as the environment says, and as the system does."""
    named = [os.environ.get("HOME", "")]
    if hasattr(os, "getuid"):
        import pwd

        with contextlib.suppress(KeyError):  # a number without a name, as in many containers
            named.append(pwd.getpwuid(os.getuid()).pw_dir)
    found = (Path(os.path.realpath(name)) for name in named if os.path.isabs(name))
    return tuple(home for home in found if home != Path(home.anchor))


def _hidden_in_proc() -> list[str]:
    """What the kernel tells of this user's keys is hidden, and nothing it can be told is left to write.

    Root's number counts in settings of the kernel even where root has no rights, and bubblewrap leaves those writable.
    """
    there = [file for file in KEY_FILES if os.path.exists(file)]
    return [*(word for file in there for word in ("--ro-bind", os.devnull, file)), "--remount-ro", "/proc"]


def _refuse_wide(paths: Sequence[Path]) -> None:
    for path in paths:
        if is_too_wide(path):
            message = f"{str(path)!r} is a home folder, or holds one, and is never shown to code of a bundle"
            raise UnavailableError(message, hint="name a folder further down that holds nothing else")


def _system(folder: Path) -> list[str]:
    if folder.is_symlink():
        return ["--symlink", os.readlink(folder), str(folder)]
    return ["--ro-bind", str(folder), str(folder)] if folder.exists() else []


def _outermost_first(reads: Sequence[Path], writes: Sequence[Path]) -> list[tuple[Path, str]]:
    """Each path with its option, so that what lies deeper is bound later and keeps its own right."""
    options = {**dict.fromkeys(reads, "--ro-bind"), **dict.fromkeys(writes, "--bind")}
    return sorted(options.items(), key=lambda bound: (len(bound[0].parts), bound[0]))
