"""Running one program behind walls, or without."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from reprobundle import process
from reprobundle.errors import UnavailableError
from reprobundle.sandbox import limits as bounds
from reprobundle.sandbox import syscalls, walls
from reprobundle.sandbox.hints import HOW_TO_GET_ONE
from reprobundle.sandbox.limits import Limits
from reprobundle.sandbox.watching import Watcher

Kind = Literal["bwrap", "none"]


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
        limits: Limits | None = None,
        devices: bool = False,
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
            limits: What it may use (bwrap only); those usual for this machine if None.
            devices: Whether it may use the graphics processors, and so attack their driver (without walls it always can).

        Raises:
            UnavailableError: bubblewrap is not there any more, or a folder that would be shown is a home.
            ProcessError: It ran out of time, or used more than it may.
        """
        where = cwd or (writes[0] if writes else Path("/"))
        environment = {**walls.BASE_ENVIRONMENT, **env}
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
        behind = _Walls(limits or bounds.usual(), walls.devices() if devices else (), network)
        return behind.run(argv, reads, writes, environment, hidden, cwd=where, timeout=timeout, watch=watch)


@dataclass(frozen=True)
class _Walls:
    """What bubblewrap is to let through beside files: so much of the machine, these devices, a network or none."""

    limits: Limits
    shown: Sequence[Path]
    network: bool

    def run(
        self,
        argv: Sequence[str | Path],
        reads: Sequence[Path],
        writes: Sequence[Path],
        environment: Mapping[str, str],
        hidden: Mapping[str, str],
        *,
        cwd: Path,
        timeout: float,
        watch: Callable[[], None] | None,
    ) -> process.Finished:
        """Run a program behind the walls, watched; of its environment `hidden` stands on no command line."""
        watcher = Watcher(self.limits, writes)
        with syscalls.opened() as filters:
            finished = process.run(
                argv,
                env={**walls.BASE_ENVIRONMENT, **hidden},
                timeout=timeout,
                launcher=self._launcher(reads, writes, environment, cwd, filters),
                watch=watch,
                guard=watcher.look,
                files=filters,
            )
        watcher.look_at_folders()
        return finished

    def _launcher(
        self,
        reads: Sequence[Path],
        writes: Sequence[Path],
        environment: Mapping[str, str],
        cwd: Path,
        filters: Sequence[int],
    ) -> list[str]:
        """What stands before the command."""
        before = walls.words(
            _bwrap(),
            reads,
            writes,
            environment,
            network=self.network,
            cwd=cwd,
            limits=self.limits,
            shown=self.shown,
            filters=filters,
        )
        return [*before, *bounds.words(self.limits, devices=bool(self.shown))]


def _bwrap() -> str:
    found = walls.find_bwrap()
    if found is None:
        raise UnavailableError("bubblewrap is not installed", hint=HOW_TO_GET_ONE)
    return found


def _bound_to_this_process(argv: Sequence[str | Path]) -> tuple[str, ...]:
    """What stands before a command without walls, so that it does not outlive this process when that is killed."""
    if sys.platform != "linux" or not os.access(argv[0], os.X_OK):  # what is not there is reported by its own name
        return ()
    return _setpriv()


@cache
def _setpriv() -> tuple[str, ...]:
    """The words of util-linux's setpriv; none where it is not installed or too old to know them."""
    setpriv = shutil.which("setpriv", path=walls.PROGRAM_FOLDERS)
    if setpriv is None:
        return ()
    words = (setpriv, "--pdeathsig", "KILL", "--")
    return words if process.run([*words, setpriv, "--version"], timeout=20).code == 0 else ()


def _needed_on_windows() -> dict[str, str]:
    return {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
