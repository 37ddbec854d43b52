"""A bar at a terminal while much is written: one line on standard error, written over, that leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator

from reprobundle.phrases import sized

LEAST_BYTES = 256 * 2**20
INTERVAL = 0.1  # seconds at least between two changes of the bar
WIDTH = 30  # columns of the bar itself
FULL, EMPTY = "█", "░"
PLAIN_FULL, PLAIN_EMPTY = "#", "."  # for a terminal whose encoding lacks the others
CLEAR = "\r\x1b[2K"


@contextlib.contextmanager
def bar(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """A function that shows how far something has come, until the block ends; None where nobody watches.

    It shows nothing of what is less than 256 MiB.

    Args:
        what: What is being done, such as ``writing weights``.
        quiet: Whether the person wants to see nothing.

    Yields:
        To be called with the bytes done so far and the bytes in all.
    """
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    shown = _Bar(what)
    try:
        yield shown.show
    finally:
        shown.clear()


class _Bar:
    """One line that is written over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = 0.0
        self._pending = False

    def show(self, done: int, total: int) -> None:
        """Say how far it has come."""
        if done >= total:
            self.clear()
        elif total >= LEAST_BYTES and time.monotonic() >= self._next:
            self._next = time.monotonic() + INTERVAL
            self._pending = True
            _write(CLEAR + self._line(done, total))

    def clear(self) -> None:
        """Leave nothing of the line."""
        if self._pending:
            _write(CLEAR)
            self._pending = False

    def _line(self, done: int, total: int) -> str:
        full, empty = _signs()
        filled = WIDTH * done // total
        line = f"· {self._what} {full * filled}{empty * (WIDTH - filled)} {sized(done)} of {sized(total)}"
        return line[: shutil.get_terminal_size((100, 24)).columns - 1]


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):  # a screen that is gone is no reason to stop writing
        sys.stderr.write(text)
        sys.stderr.flush()


def _signs() -> tuple[str, str]:
    try:
        (FULL + EMPTY + "·").encode(sys.stderr.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_FULL, PLAIN_EMPTY
    return FULL, EMPTY
