"""Hashes of wheels as a lock holds them, computed by pip."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import pip_command
from reprobundle.components.environment.locking.packing import seconds
from reprobundle.errors import ProcessError

_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


def hashes_of(wheels: Sequence[Path]) -> dict[str, str]:
    """The hash of each wheel by its file name, ``sha256:…``, as pip itself computes it.

    Raises:
        ProcessError: pip failed.
        UnavailableError: pip could not be started.
    """
    if not wheels:
        return {}
    timeout = seconds(sum(wheel.stat().st_size for wheel in wheels))
    finished = process.run([*pip_command(), "hash", *wheels], timeout=timeout).required("pip hash")
    hashes = _HASH.findall(finished.stdout.decode("utf-8", "replace"))
    if len(hashes) != len(wheels):
        raise ProcessError(f"pip hash: expected {len(wheels)} hashes, found {len(hashes)}", output=finished.text)
    return {wheel.name: value for wheel, value in zip(wheels, hashes, strict=True)}
