"""The only way bundle code runs: `Sandbox.run` with an allow-list of what it may read and write.

Two kinds stand behind it. ``bwrap`` (bubblewrap): no network unless asked, no home, an environment built from nothing,
everything not listed invisible; temporary files, shared memory, the size of a file and the number of processes bounded.
``none``: the same call without walls, for the user's own code. Paths are the same inside and outside, so a caller need
not know which kind it has.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from reprobundle import process
from reprobundle.errors import ReproBundleError, UnavailableError

Kind = Literal["bwrap", "none"]
Preference = Literal["auto", "bwrap", "none"]

HOW_TO_GET_ONE = (
    "install bubblewrap (Debian, Ubuntu, Fedora, Arch: package 'bubblewrap'), or accept the risk of running a "
    "stranger's code without walls: --sandbox none"
)
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
PROGRAM_FOLDERS = "/usr/bin:/usr/local/bin:/bin"  # never one that a bundle could reach
TEMPORARY_BYTES = 4 * 2**30
SHARED_MEMORY_BYTES = 4 * 2**30
FILE_BYTES = 16 * 2**30
PROCESSES = 1024  # threads count too, and only those inside the walls


@dataclass(frozen=True)
class Sandbox:
    """A way to run a program that is not trusted.

    Attributes:
        kind: ``bwrap`` or ``none``.
    """

    kind: Kind

    def run(  # the argument list is the security boundary: each is named at every call
        self,
        argv: Sequence[str | Path],
        *,
        reads: Sequence[Path],
        writes: Sequence[Path],
        env: Mapping[str, str],
        timeout: float,
        secrets: Mapping[str, str] | None = None,
        network: bool = False,
        cwd: Path | None = None,
        watch: Callable[[], None] | None = None,
    ) -> process.Finished:
        """Run a program to its end.

        Args:
            argv: Program and arguments.
            reads: Files and folders it may read, at their own paths. System libraries are always readable.
            writes: Folders it may also write.
            env: Its environment, on top of a minimal one; nothing is inherited.
            timeout: Seconds until it is killed.
            secrets: More of its environment, which must not stand on a command line: other users can list those.
            network: Whether it may reach a network (bwrap only; without walls it always can).
            cwd: Folder it starts in; the first writable one if None.
            watch: Called about once a second while it runs.

        Raises:
            UnavailableError: bubblewrap is not there any more.
            ProcessError: It ran out of time.
        """
        where = cwd or (writes[0] if writes else Path("/"))
        environment = {**BASE_ENVIRONMENT, **env}
        hidden = dict(secrets or {})
        if self.kind == "none":
            return process.run(
                argv,
                env={**_needed_on_windows(), **environment, **hidden},
                cwd=where,
                timeout=timeout,
                launcher=_bound_to_this_process(argv),
                watch=watch,
            )
        walls = _walls(reads, writes, environment, network=network, cwd=where)
        inherited = {**BASE_ENVIRONMENT, **hidden}
        return process.run([*walls, *_limits(), *argv], env=inherited, timeout=timeout, watch=watch)


def choose(preference: Preference, *, own: bool = False) -> Sandbox:
    """The sandbox to use.

    Args:
        preference: What the person typed. ``none`` only when typed.
        own: Whether the code is this user's own (captured by them, here), which needs no walls.

    Raises:
        UnavailableError: None works here; the hint says how to get one.
    """
    if preference == "none":
        return Sandbox("none")
    failure = bwrap_failure()
    if failure is None:
        return Sandbox("bwrap")
    if preference == "auto" and own:
        return Sandbox("none")
    raise UnavailableError(f"no sandbox works here: {failure}", hint=HOW_TO_GET_ONE)


def bwrap_failure() -> str | None:
    """Why bubblewrap does not work here, found by running it; None when it does."""
    if sys.platform != "linux":
        return f"bubblewrap needs Linux, this is {sys.platform}"
    if _bwrap() is None:
        return "bubblewrap is not installed"
    try:
        finished = Sandbox("bwrap").run(["/usr/bin/env", "true"], reads=(), writes=(), env={}, timeout=20)
        finished.required("bubblewrap")
    except ReproBundleError as error:
        return str(error)
    return None


def _bwrap() -> str | None:
    return shutil.which("bwrap", path=PROGRAM_FOLDERS)


def _limits() -> list[str]:
    """What stands before a command inside the walls and bounds it; nothing where util-linux is not installed.

    The processes are those of the user namespace that bubblewrap made, so the limit must be set inside. Memory is not
    limited: what a model needs is not known, and a limit on addresses stops what only maps files.
    """
    prlimit = shutil.which("prlimit", path=PROGRAM_FOLDERS)
    if prlimit is None:
        return []
    import resource

    files = _within(resource.RLIMIT_FSIZE, FILE_BYTES)
    options = [f"--fsize={files}", "--core=0"]
    if _counts_by_namespace():
        options.append(f"--nproc={_within(resource.RLIMIT_NPROC, PROCESSES)}")
    return [prlimit, *options, "--"]


def _within(limit: int, wanted: int) -> int:
    """The wanted limit, or the one that stands already where that is lower: it cannot be raised again."""
    import resource

    _, hard = resource.getrlimit(limit)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _counts_by_namespace() -> bool:
    """Whether a limit on processes leaves out the person's own outside; Linux before 5.14 counts all of them."""
    major, minor = (int(part) for part in re.findall(r"\d+", platform.release())[:2])
    return (major, minor) >= (5, 14)


def _bound_to_this_process(argv: Sequence[str | Path]) -> tuple[str, ...]:
    """What stands before a command without walls, so that it does not outlive this process when that is killed."""
    if sys.platform != "linux" or not os.access(argv[0], os.X_OK):  # what is not there is reported by its own name
        return ()
    return _setpriv()


@cache
def _setpriv() -> tuple[str, ...]:
    """The words of util-linux's setpriv; none where it is not installed or too old to know them."""
    setpriv = shutil.which("setpriv", path=PROGRAM_FOLDERS)
    if setpriv is None:
        return ()
    words = (setpriv, "--pdeathsig", "KILL", "--")
    return words if process.run([*words, setpriv, "--version"], timeout=20).code == 0 else ()


def _walls(
    reads: Sequence[Path], writes: Sequence[Path], env: Mapping[str, str], *, network: bool, cwd: Path
) -> list[str]:
    """The command before the command. Nothing is inherited but what `run` starts bubblewrap itself with."""
    bwrap = _bwrap()
    if bwrap is None:
        raise UnavailableError("bubblewrap is not installed", hint=HOW_TO_GET_ONE)
    options = [bwrap, "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session"]
    options += ["--share-net"] if network else []
    options += ["--cap-drop", "ALL", "--hostname", "sandbox", "--proc", "/proc", "--dev", "/dev"]
    options += ["--size", str(SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    options += ["--size", str(TEMPORARY_BYTES), "--tmpfs", "/tmp"]
    for folder in SYSTEM_FOLDERS:
        options += _system(Path(folder))
    for file in (*SYSTEM_FILES, *(NETWORK_FILES if network else ())):
        options += ["--ro-bind-try", file, file]
    for path, option in _outermost_first(reads, writes):
        options += [option, str(path), str(path)]
    for name, value in sorted(env.items()):
        options += ["--setenv", name, value]
    return [*options, "--remount-ro", "/", "--chdir", str(cwd), "--"]


def _system(folder: Path) -> list[str]:
    if folder.is_symlink():
        return ["--symlink", os.readlink(folder), str(folder)]
    return ["--ro-bind", str(folder), str(folder)] if folder.exists() else []


def _outermost_first(reads: Sequence[Path], writes: Sequence[Path]) -> list[tuple[Path, str]]:
    """Each path with its option, so that what lies deeper is bound later and keeps its own right."""
    options = {**dict.fromkeys(reads, "--ro-bind"), **dict.fromkeys(writes, "--bind")}
    return sorted(options.items(), key=lambda bound: (len(bound[0].parts), bound[0]))


def _needed_on_windows() -> dict[str, str]:
    return {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
