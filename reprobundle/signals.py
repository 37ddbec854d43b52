"""A request to end, heard as an exception, so that whatever is half written is removed on the way out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import CodeType, FrameType
from typing import Any, NoReturn

REQUESTS = ("SIGTERM", "SIGHUP")
RUST_PANIC = "PanicException"  # what a fault inside a Rust library becomes; it has no public class


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


def ends_program(error: BaseException) -> bool:
    """Whether an exception is the end of the whole program, and not only a fault of the code it came out of.

    A `SystemExit` is, when a handler of a signal raised it: then somebody asked the process to end. When code calls
    ``sys.exit()`` that was only asked for a forward pass, it is a fault of that code.
    """
    if isinstance(error, Exception) or type(error).__name__ == RUST_PANIC:
        return False
    return not isinstance(error, SystemExit) or _raised_by_handler(error)


def _raised_by_handler(error: BaseException) -> bool:
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    codes = {_code(handler) for handler in handlers if callable(handler)} | {_end.__code__}
    frames, trace = set(), error.__traceback__
    while trace is not None:
        frames.add(trace.tb_frame.f_code)
        trace = trace.tb_next
    return bool(codes & frames)


def _code(handler: Callable[..., Any]) -> CodeType | None:
    """What runs when a handler is called; None where it is not written in Python."""
    while isinstance(handler, partial):
        handler = handler.func
    return getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)
