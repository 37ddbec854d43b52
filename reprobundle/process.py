"""The only place that starts a process.

Of the output the beginning and the end are kept and the rest is counted, the whole process group ends with the time
limit, and the standard input is empty.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reprobundle.errors import ProcessError, UnavailableError

KEPT_OUTPUT_BYTES = 2**20  # half of it from the beginning, half from the end
SHOWN_OUTPUT_CHARACTERS = 2**16
WATCH_SECONDS = 1.0
GUARD_SECONDS = 0.1


@dataclass(frozen=True)
class Finished:
    """A process that ended.

    Attributes:
        argv: The command.
        code: Exit status; negative for a signal.
        stdout: Standard output, at most 1 MiB and one line: of more, the middle is dropped, and the line says how much.
        stderr: Standard error, likewise.
    """

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Both streams as text, standard error last, bytes that are not UTF-8 replaced."""
        return (self.stdout + self.stderr).decode("utf-8", "replace")

    def required(self, what: str, *, hint: str | None = None) -> Finished:
        """This, if it succeeded.

        Raises:
            ProcessError: The exit status is not 0; `what` begins the message.
        """
        if self.code == 0:
            return self
        last = next((line for line in reversed(self.text.splitlines()) if line.strip()), "it printed nothing")
        message = f"{what}: exit status {self.code}: {last.strip()[:300]}"
        raise ProcessError(message, output=self.text[-SHOWN_OUTPUT_CHARACTERS:], hint=hint)


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float,
    launcher: Sequence[str] = (),
    watch: Callable[[], None] | None = None,
    guard: Callable[[int], None] | None = None,
    files: Sequence[int] = (),
) -> Finished:
    """Run a program to its end.

    Args:
        argv: Program and arguments; no shell is involved.
        env: The whole environment; None passes this process's own on.
        cwd: Folder to start in.
        timeout: Seconds after which the process and its children are killed.
        launcher: A program and arguments that become `argv`; not named in any message.
        watch: Called about once a second while it runs.
        guard: Called with its number about ten times a second while it runs. Where that raises, it is killed.
        files: Open files it inherits, under the same numbers.

    Raises:
        UnavailableError: The program is not there or may not be started.
        ProcessError: It ran out of time, or `watch` or `guard` says so.
    """
    (finished,) = run_together(
        [argv], env=env, cwd=cwd, timeout=timeout, launcher=launcher, watch=watch, guard=guard, files=files
    )
    return finished


def run_together(
    commands: Sequence[Sequence[str | Path]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float,
    launcher: Sequence[str] = (),
    watch: Callable[[], None] | None = None,
    guard: Callable[[int], None] | None = None,
    files: Sequence[int] = (),
) -> tuple[Finished, ...]:
    """Run several programs side by side, each to its end; arguments as in `run`, the time for all of them.

    Raises:
        UnavailableError: One is not there or may not be started; the others are killed.
        ProcessError: They ran out of time, or `watch` or `guard` says so, and all are killed.
    """
    deadline = time.monotonic() + timeout
    started: list[_Started] = []
    try:
        for argv in commands:
            started.append(_Started(tuple(str(part) for part in argv), launcher, env, cwd, files))  # noqa: PERF401  one that fails to start must not hide those that run
        for one in started:
            _wait(one.process, deadline, watch, guard)
    except subprocess.TimeoutExpired as error:
        _end_all(started)
        message = f"{started[0].command[0]}: ran out of time after {timeout:g} s"
        raise ProcessError(message, output=_printed(started)) from error
    except ProcessError as error:
        _end_all(started)
        raise ProcessError(str(error), output=error.output or _printed(started), hint=error.hint) from error
    except BaseException:
        _end_all(started)
        raise
    return tuple(one.finished() for one in started)


@contextlib.contextmanager
def answering(argv: Sequence[str]) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """A program of our own that answers on its output what it is asked on its input, until the block ends.

    Args:
        argv: The command. What it says of errors goes nowhere; one that ends before it is asked to gives no more answers.

    Yields:
        Where to ask, and where the answers come.

    Raises:
        UnavailableError: It cannot be started.
    """
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    try:
        process = subprocess.Popen([*argv], stdin=pipe, stdout=pipe, stderr=nowhere, start_new_session=True)
    except OSError as error:
        raise UnavailableError(f"{argv[0]}: cannot be started: {error.strerror}") from error
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdin, process.stdout
    finally:
        _end(process)
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was still to be asked is asked of nobody
                stream.close()


class _Started:
    """A program that runs, its output being read."""

    def __init__(
        self,
        command: tuple[str, ...],
        launcher: Sequence[str],
        env: Mapping[str, str] | None,
        cwd: Path | None,
        files: Sequence[int],
    ) -> None:
        self.command = command
        self.process = _start(command, (*launcher, *command), env, cwd, files)
        self._streams = (_Reader(self.process.stdout), _Reader(self.process.stderr))

    def finished(self) -> Finished:
        return Finished(self.command, self.process.returncode, *(stream.kept() for stream in self._streams))

    def text(self) -> str:
        return b"".join(stream.kept() for stream in self._streams).decode("utf-8", "replace")


def _printed(started: Sequence[_Started]) -> str:
    return "".join(one.text() for one in started)[-SHOWN_OUTPUT_CHARACTERS:]


def _end_all(started: Sequence[_Started]) -> None:
    for one in started:
        if one.process.returncode is None:  # the number of one that was waited for may be another's by now
            _end(one.process)


def _start(
    command: tuple[str, ...],
    whole: tuple[str, ...],
    env: Mapping[str, str] | None,
    cwd: Path | None,
    files: Sequence[int],
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            whole,
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=tuple(files),
        )
    except OSError as error:
        raise UnavailableError(f"{command[0]}: cannot be started: {error.strerror}") from error


def _wait(
    process: subprocess.Popen[bytes],
    deadline: float,
    watch: Callable[[], None] | None,
    guard: Callable[[int], None] | None,
) -> None:
    """Wait for the end.

    Raises:
        subprocess.TimeoutExpired: The time is over.
    """
    pause, watched = WATCH_SECONDS if guard is None else GUARD_SECONDS, time.monotonic()
    while (watch is not None or guard is not None) and deadline - time.monotonic() > pause:
        if _ends_within(process, pause):
            return
        if guard is not None:
            guard(process.pid)
        if watch is not None and time.monotonic() - watched >= WATCH_SECONDS:
            watch()
            watched = time.monotonic()
    process.wait(max(0.0, deadline - time.monotonic()))


def _ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        # it may have ended by itself since the time limit; macOS calls that a lack of permission
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


class _Reader:
    """Drains one stream in a thread, so that a chatty one cannot block the other; keeps where it begins and ends."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None  # both streams are pipes
        self._stream = stream
        self._head = bytearray()
        self._tail = bytearray()
        self._size = 0
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        half = KEPT_OUTPUT_BYTES // 2
        with self._stream as stream:
            while chunk := stream.read1(65536) if hasattr(stream, "read1") else stream.read(65536):
                room = half - len(self._head)
                self._head += chunk[:room]
                self._tail += chunk[room:]
                self._size += len(chunk)
                if len(self._tail) > 2 * half:
                    del self._tail[:-half]

    def kept(self) -> bytes:
        self._thread.join(timeout=5)
        head, tail, size = bytes(self._head), bytes(self._tail), self._size  # it may still run
        if size <= KEPT_OUTPUT_BYTES:
            return head + tail
        dropped = size - KEPT_OUTPUT_BYTES
        return head + f"\n[{dropped:,} bytes left out here]\n".encode() + tail[-(KEPT_OUTPUT_BYTES // 2) :]
