"""Temporary folders that only this user can enter, and the end of those that a killed process could not remove.

Only folders that are held from the start have such names, so that none that is in use is taken for left behind.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Literal, get_args

from reprobundle import process
from reprobundle.errors import ProcessError
from reprobundle.store.holding import abandoned, held

Purpose = Literal["replay", "proving", "calibrating", "trying"]

PREFIX = "reprobundle-"
NAME = re.compile(re.escape(PREFIX) + f"(?:{'|'.join(get_args(Purpose))})" + r"-[A-Za-z0-9_]+")
REMOVAL_SECONDS = 300.0
TRIES = 3


@contextmanager
def private_folder(purpose: Purpose = "replay") -> Iterator[Callable[[], Path]]:
    """A temporary folder that only this user can enter; gives what makes an empty folder in it.

    Folders that killed processes of this user left behind are removed first, whatever they were made for.

    Args:
        purpose: What it is made for; stands in its name.
    """
    parent = Path(tempfile.gettempdir()).resolve()
    _remove_abandoned(parent)
    with _made(parent, purpose) as folder:
        numbers = itertools.count(1)

        def another() -> Path:
            made = folder / str(next(numbers))
            made.mkdir(mode=0o700)
            return made

        try:
            yield another
        finally:
            with suppress(ProcessError):  # as below; what was done in it is done
                _remove(folder)


@contextmanager
def _made(parent: Path, purpose: Purpose) -> Iterator[Path]:
    """A new folder, held until the block ends; where folders cannot be locked, nobody takes it for left behind either."""
    with ExitStack() as stack:
        for _ in range(TRIES):  # before it is held, another process may take it for left behind
            folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-", dir=parent))
            if stack.enter_context(held(folder)):
                break
            with suppress(FileNotFoundError):
                folder.rmdir()
        folder.mkdir(mode=0o700, exist_ok=True)
        yield folder


def _remove_abandoned(parent: Path) -> None:
    for folder in abandoned(parent, NAME):
        with held(folder) as free, suppress(ProcessError):  # what takes too long to remove is left to the next one
            if free:
                _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder, whatever a guest made of it: folders without rights, or nested deeper than Python can follow."""
    if os.name == "posix":
        process.run(["chmod", "-R", "u+rwX", folder], timeout=REMOVAL_SECONDS)
        process.run(["rm", "-rf", "--", folder], timeout=REMOVAL_SECONDS)
    else:
        shutil.rmtree(folder, ignore_errors=True)
