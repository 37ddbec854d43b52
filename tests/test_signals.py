"""Requests to end: heard where nobody else answers them, and the process is left as it was."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import threading

import pytest

from reprobundle.signals import ended_politely, ends_program

ON_WINDOWS = pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to send")
PROGRAM = """
import os, signal, sys
from reprobundle.signals import ended_politely
with ended_politely():
    try:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
    finally:
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
        print("cleaned")
"""


@ON_WINDOWS
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_what_is_half_written_can_be_removed(name, code):
    """A request ends the block by an exception; a second one does not cut the cleaning short."""
    argv = [sys.executable, "-c", PROGRAM, name]
    finished = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert (finished.returncode, finished.stdout, finished.stderr) == (code, "cleaned\n", "")


@ON_WINDOWS
@pytest.mark.parametrize("own", [signal.SIG_IGN, lambda number, frame: None], ids=["ignored", "a handler of its own"])
def test_another_answer_is_kept(own):
    """A program that ignores the signal, or answers it itself, keeps its answer during the block and after it."""
    before = signal.signal(signal.SIGTERM, own)
    try:
        with ended_politely():
            during = signal.getsignal(signal.SIGTERM)
        after = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert during is after is own


@ON_WINDOWS
def test_the_system_s_answer_is_restored_after_an_error():
    """However the block ends, the signal does afterwards what it did before; one block within another is no harm."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(ZeroDivisionError), ended_politely():
            with ended_politely():
                inner = signal.getsignal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGTERM) is inner is not signal.SIG_DFL
            raise ZeroDivisionError
        after = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert after is signal.SIG_DFL


def test_other_threads_change_nothing():
    """In a thread, where Python lets nobody set a handler, the block simply runs."""
    seen = []

    def work():
        with ended_politely():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [before]


class PanicException(BaseException):
    """Named as a fault in a Rust library is."""


class Handler:
    def __call__(self, number, frame):
        sys.exit(9)


def leave(number, frame):
    sys.exit(9)


def raised(action):
    """What an action raises."""
    with pytest.raises(BaseException) as caught:
        action()
    return caught.value


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError(), False),
        (MemoryError(), False),
        (PanicException(), False),
        (SystemExit(3), False),
        (KeyboardInterrupt(), True),
        (GeneratorExit(), True),
    ],
)
def test_faults_of_code_are_told_from_the_end_of_the_program(error, expected):
    """Code that calls ``sys.exit()`` where it should compute is at fault; Ctrl-C is the person's own will."""

    def fail():
        raise error

    assert ends_program(raised(fail)) is expected


@ON_WINDOWS
@pytest.mark.parametrize(
    "handler", [signal.SIG_DFL, leave, functools.partial(leave), Handler()], ids=["ours", "plain", "partial", "object"]
)
def test_a_request_to_end_is_the_end(handler):
    """Where a handler of a signal raised it, ours or the program's own, an exit is a request to end."""
    before = signal.signal(signal.SIGTERM, handler)
    try:

        def asked():
            with ended_politely():
                os.kill(os.getpid(), signal.SIGTERM)

        error = raised(asked)
        ends = ends_program(error)
    finally:
        signal.signal(signal.SIGTERM, before)

    assert (type(error), ends) == (SystemExit, True)
