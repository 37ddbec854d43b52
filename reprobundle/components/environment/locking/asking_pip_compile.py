"""Asking pip-compile for the wheels of pins, with the person's own pip configuration."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.locking.asking import (
    NOT_REACHED,
    TOLD_FILE,
    NoHashesError,
    Offers,
    ask,
    matched,
    reason,
)

TOOL = "pip-compile"
ONE_NOT_REACHED = "one of the package indexes was not reached"
SCRIPT = Path(__file__).with_name("compiling.py")


def ask_pip_compile(pins: Sequence[Pin], deadline: float, *, reached: bool = False) -> Offers:
    """What the indexes in use offer of the pins.

    Args:
        pins: What is asked for.
        deadline: ``time.monotonic()`` at which it must have ended.
        reached: Whether it is known that an index answers.

    Raises:
        NoHashesError: None was reached, the time is over, or the first pin asked for is unknown and so is pip itself,
            so that nothing says whether anything was reached.
    """
    command: list[str | Path] = [sys.executable, SCRIPT, "--told", TOLD_FILE, *(["--reached"] if reached else [])]
    command += ["--no-config", "--generate-hashes"]
    command += ["--allow-unsafe", "--strip-extras", "--no-emit-options", "--no-annotate", "--no-header", "--quiet"]
    made = ask(TOOL, command, pins, deadline=deadline, variables={"PIP_RETRIES": "1", **os.environ})
    told = _told(made.told)
    why = reason(made.text) if told["unknown"] else None
    if why is not None:  # a page that could not be read looks to pip like one without the release
        raise NoHashesError(ONE_NOT_REACHED if why == NOT_REACHED else why)
    return Offers(
        matched(TOOL, pins, made.content), told["files"], frozenset(told["yanked"]), frozenset(told["unknown"])
    )


def _told(content: bytes) -> dict[str, Any]:
    """What our script wrote beside the lock; nothing where pip-tools has changed so that its own way was taken."""
    if not content:
        return {"files": {}, "yanked": [], "unknown": []}
    told: dict[str, Any] = json.loads(content)
    return told
