"""What tests of several rooms need: programs that may be missing here, and things that one process makes for all."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprobundle import sandbox

LIBRARIES = frozenset(
    {
        "accelerate",
        "datasets",
        "lightning",
        "moto",
        "omegaconf",
        "onnxruntime",
        "palmerpenguins",
        "pandas",
        "polars",
        "pyarrow",
        "s3fs",
        "skops",
        "transformers",
    }
)  # installed apart, for tests/frameworks


def require(what: str) -> None:
    """Skip the test when a program does not work here; fail it when REPROBUNDLE_REQUIRE names the program.

    Called while a file of tests is imported it speaks for the whole file.

    Args:
        what: ``bwrap``, the name of a program such as ``chromium``, or of a library in `LIBRARIES`.
    """
    failure = missing(what)
    if failure is None:
        return
    if what in os.environ.get("REPROBUNDLE_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required here: {failure}")
    pytest.skip(f"{what} does not work here: {failure}", allow_module_level=True)


def missing(what: str) -> str | None:
    """Why a program does not work here, or None."""
    if what == "bwrap":
        return sandbox.bwrap_failure()
    if what in LIBRARIES:
        return None if importlib.util.find_spec(what) else "it is not installed"
    return None if shutil.which(what) else "it is not installed"


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep the other processes of this run out until the block ends; whoever comes second finds what the first made."""
    with folder.with_name(f"{folder.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
