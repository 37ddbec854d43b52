"""A request to end, heard as an exception, so that whatever is half written is removed on the way out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

REQUESTS = ("SIGTERM", "SIGHUP")


@contextmanager
def ended_politely() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into `SystemExit` with 128 + the signal, while the block runs.

    Only where the system's own answer stands, which would end the process at once: a program that has a handler of its
    own keeps it, and so does one that ignores the signal, as under nohup. Outside the main thread nothing is changed,
    since Python lets no other thread set a handler.

    Raises:
        SystemExit: The process was asked to end.
    """
    heard = _unanswered() if threading.current_thread() is threading.main_thread() else []
    for number in heard:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def _unanswered() -> list[int]:
    known = [getattr(signal, name) for name in REQUESTS if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) is signal.SIG_DFL]


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second request must not cut the cleaning short
    raise SystemExit(128 + number)
