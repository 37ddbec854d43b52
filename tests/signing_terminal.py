"""A terminal of our own, at which somebody types."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence

SECONDS = 30
PROGRAM = "import sys; from reprobundle import cli; sys.exit(cli.main(sys.argv[1:]))"


def typed(argv: Sequence[object], answers: Mapping[str, str]) -> tuple[int, str]:
    """Run the command line at a terminal and answer what it asks.

    Args:
        argv: The verb and what follows it.
        answers: What is typed where this is asked.

    Returns:
        The exit code, and all that was shown.
    """
    import pty
    import select

    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM, *map(str, argv)])
    shown, left = "", dict(answers)
    while select.select([terminal], [], [], SECONDS)[0]:
        try:
            read = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        shown += read.decode()
        for question in [question for question in left if question in shown]:
            os.write(terminal, left.pop(question).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown
