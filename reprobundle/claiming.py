"""Claims that a command computes: run where the model was run, behind the same walls, with the reviewer's data.

A command is the program and its arguments, never a shell's line. ``python`` is the interpreter of the rebuilt environment;
``{data}`` stands for the reviewer's copy of the split, ``{bundle}`` for the bundle, ``{out}`` for the file that the numbers
go to, as JSON: one number, or one a sample in a list, whose mean counts; or either by claim id. It starts in the folder the
source was captured from.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from reprobundle import guest, records, results
from reprobundle.answers import LARGEST_SAMPLE, Computed
from reprobundle.components.claims import Wanted
from reprobundle.errors import RefusedInputError, ReproBundleError
from reprobundle.guest import Asked, Host
from reprobundle.manifest import Manifest

RESULT = "claims.json"
SOURCE = "code/source"
INTERPRETERS = frozenset({"python", "python3"})


def asked(wanted: Sequence[Wanted]) -> tuple[Asked, ...]:
    """The claims that functions compute, for the worker."""
    return tuple(
        Asked(id=one.id, entry=one.entry, data=one.data, each=one.each) for one in wanted if one.entry is not None
    )


@dataclass(frozen=True)
class Scene:
    """Where commands are run.

    Attributes:
        manifest: What is recorded; nothing of it reaches a command but what the model needs.
        place: Where a file of the bundle is.
        root: The folder the bundle's files lie under.
        folder: Makes an empty private folder.
        host: Where the model was run.
    """

    manifest: Manifest
    place: Callable[[str], Path]
    root: Path
    folder: Callable[[], Path]
    host: Host


def run(wanted: Sequence[Wanted], scene: Scene) -> Mapping[str, Computed]:
    """Run the commands of claims, each command once for the same data.

    Args:
        wanted: The claims; those that a function computes are passed over.
        scene: Where they are run.

    Returns:
        What came of each claim, by id.
    """
    groups: dict[tuple[tuple[str, ...], Path | None], list[str]] = {}
    for one in wanted:
        if one.entry is None and one.command:
            groups.setdefault((one.command, one.data), []).append(one.id)
    found: dict[str, Computed] = {}
    deadline = time.monotonic() + scene.host.timeout  # of all together
    for (command, data), ids in groups.items():
        started = time.monotonic()
        try:
            numbers = _numbers(command, data, scene, deadline)
        except ReproBundleError as error:
            found |= dict.fromkeys(ids, Computed(error=str(error), seconds=_since(started)))
        else:
            found |= {name: _computed(numbers, name, _since(started)) for name in ids}
    return found


def _numbers(command: tuple[str, ...], data: Path | None, scene: Scene, deadline: float) -> records.Json:
    """What a command wrote.

    Raises:
        ProcessError: It ended with an error, or ran out of time.
        RefusedInputError: It left nothing, or no JSON.
    """
    if any("\0" in word for word in command):
        raise RefusedInputError("the command holds a zero byte, which no program can be given")
    out, source, host = scene.folder(), scene.root / SOURCE, scene.host
    words = {"{data}": str(data or ""), "{bundle}": str(scene.root), "{out}": str(out / RESULT)}
    argv: list[str | Path] = [_filled(word, words) for word in command]
    if argv[0] in INTERPRETERS:
        argv = [host.python, "-s", "-B", *argv[1:]]
    shown = [*host.reads, *guest.visible(scene.manifest, scene.place, scene.root)]
    shown += [path for path in (source, data) if path is not None and path.exists()]
    finished = host.sandbox.run(
        argv,
        reads=[*dict.fromkeys(shown)],
        writes=[out],
        env={**guest.apart(host.environment), **_paths(scene)},
        timeout=max(deadline - time.monotonic(), 1.0),
        cwd=source if source.is_dir() else out,
        limits=guest.limits_of(host),
        devices=host.devices,
    )
    finished.required(f"the command {command[0]!r}")
    found: records.Json = results.document(out / RESULT)
    return found


def _filled(word: str, words: Mapping[str, str]) -> str:
    for name, value in words.items():
        word = word.replace(name, value)
    return word


def _paths(scene: Scene) -> dict[str, str]:
    """Where programs and modules are found: those of the environment first, then the bundle's own source."""
    roots = [str(scene.root / path) for path in scene.manifest.code.import_roots]
    return {
        "PATH": f"{scene.host.python.parent}:/usr/bin:/bin",
        "PYTHONPATH": ":".join(roots),
        "REPROBUNDLE_WORKER": "1",
    }


def _computed(numbers: records.Json, name: str, seconds: float) -> Computed:
    """The number for one claim, or those of its samples, read as a stranger's."""
    value = numbers.get(name) if isinstance(numbers, dict) else numbers
    if isinstance(value, list):
        return _of_samples(value, name, seconds)
    if isinstance(value, bool) or not _is_number(value, sys.float_info.max):
        return Computed(
            error=f"expected a finite number for {name!r} in {RESULT}, found {_shown(value)}", seconds=seconds
        )
    return Computed(value=float(value), seconds=seconds)


def _of_samples(values: list[records.Json], name: str, seconds: float) -> Computed:
    """One number a sample: rights and wrongs count as 1 and 0, and their mean is the claim's number."""
    import numpy as np

    odd = next((place for place, one in enumerate(values) if not _is_number(one, LARGEST_SAMPLE)), None)
    if odd is not None or not values:
        expected = f"expected one finite number a sample for {name!r} in {RESULT}"
        found = "none" if odd is None else f"{_shown(values[odd])} at sample {odd:,}"
        return Computed(error=f"{expected}, found {found}", seconds=seconds)
    samples = np.array(values, np.float64)
    return Computed(value=math.fsum(samples.tolist()) / len(samples), seconds=seconds, samples=samples)


def _is_number(value: records.Json, most: float) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and abs(value) <= most


def _shown(value: records.Json) -> str:
    if value is None:
        return "nothing"
    return f"{value!r:.80}" if isinstance(value, bool | str | float) else type(value).__name__


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
