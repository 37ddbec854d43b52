"""What a job is: work prepared once, then done by this program and by its peers in turns, and the targets that hold or do not."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal, ParamSpec

from benchmarks.environments import MissingError, Peers

P = ParamSpec("P")
Kind = Literal["ours", "peer", "limit", "floor"]
Clock = Literal["call", "command"]
Of = Literal["seconds", "beyond"]
Size = Literal["small", "full"]
MIB = 2**20
GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class Way:
    """One way of doing a job, in a process of its own.

    Attributes:
        name: What the table calls it.
        command: What is started; with ``clock="call"`` it uses `benchmarks.acts.clock`.
        kind: Whether it is this program, a peer, what the machine can do at most, or what nobody can do without.
        clock: Whether the call alone is timed, imports and a small first call before it, or the whole command.
        cwd: Where it is started.
        variables: Environment variables beside those of this process.
        before: Done before each turn, not timed.
        after: The same, after it.
        once: Whether one turn must do, since it takes minutes.
    """

    name: str
    command: tuple[str, ...]
    kind: Kind = "peer"
    clock: Clock = "command"
    cwd: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None
    after: Callable[[], None] | None = None
    once: bool = False


@dataclass(frozen=True)
class Missing:
    """A peer that does not take part.

    Attributes:
        name: What the table calls it.
        why: Why not; no paths, no hosts.
    """

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound: ``way - less <= times * to + plus``, round by round.

    Attributes:
        way: The way that is bound.
        to: The way it is measured by; None: `plus` alone.
        times: How many times as much it may take.
        plus: Seconds or bytes more.
        less: A way whose share is taken off first.
        of: Seconds, or bytes of memory beyond what was held before the call.
        share: Whether the issue states it as a share of a limit, ``1 / times``, which is then what the table shows.
    """

    way: str
    to: str | None = None
    times: float = 1.0
    plus: float = 0.0
    less: str | None = None
    of: Of = "seconds"
    share: bool = False


@dataclass(frozen=True)
class Bed:
    """Where a job is done.

    Attributes:
        folder: A folder of its own, empty when it is prepared.
        shared: A folder of all jobs, for what several read.
        amount: How much work, in the job's unit.
        peers: Where the peers are.
    """

    folder: Path
    shared: Path
    amount: int
    peers: Peers


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job.

    Attributes:
        name: What ``--jobs`` calls it.
        title: What the table calls it; ``{amount}`` stands for how much.
        unit: What the amount counts: ``bytes``, or a plural noun.
        amounts: How much by size.
        prepare: Makes what the ways read.
        ours: This program's ways.
        peers: The others', and the limits.
        targets: The bounds.
        growing: Whether time and memory are measured at 1, 2, 4 and 8 times an eighth of the amount too.
        writing: Whether what is dirty must be on the disk before each turn.
        note: What the reader of the table has to know.
        rounds: At most so many.
        warming: Whether a round that does not count goes before.
        ripen: Waits until what was prepared has the age it needs; such a job is prepared first and done last.
    """

    name: str
    title: str
    unit: str
    amounts: Mapping[Size, int]
    prepare: Callable[[Bed], None]
    ours: Callable[[Bed], Iterator[Way]]
    peers: Callable[[Bed], Iterator[Way | Missing]]
    targets: tuple[Target, ...] = ()
    growing: bool = False
    writing: bool = False
    note: str = ""
    rounds: int = 100
    warming: bool = True
    ripen: Callable[[Bed], None] | None = None


def attempt(name: str, make: Callable[P, Way], *arguments: P.args, **options: P.kwargs) -> Way | Missing:
    """A peer's way, or why it cannot take part."""
    try:
        return make(*arguments, **options)
    except MissingError as fault:
        return Missing(name, str(fault))
    except subprocess.CalledProcessError as fault:
        return Missing(name, ended_text(fault))


def ended_text(fault: subprocess.CalledProcessError) -> str:
    """What was prepared in vain, without its paths; what it said goes to the screen."""
    print((fault.stderr or b"")[-2000:].decode(errors="replace"), file=sys.stderr)
    return f"{PurePath(fault.cmd[0]).name!r}, which prepares it, ended with {fault.returncode}"


def no_peers(bed: Bed) -> Iterator[Way | Missing]:
    """For a job that nobody else does."""
    del bed
    yield from ()


def nothing_to_prepare(bed: Bed) -> None:
    """For a job that reads nothing."""
    del bed
