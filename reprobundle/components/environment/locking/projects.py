"""An editable install's project: copied without what is no source and what is secret, and built from that copy."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import pip_command
from reprobundle.components.environment.locking.asking import reason
from reprobundle.components.environment.locking.packing import CannotVendorError, build_environment, holds_secrets
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.leftovers import Leftovers

BUILD_SECONDS = 300.0
MAX_PROJECT_BYTES = 256 * 2**20
NOT_SOURCE = frozenset({"build", "dist", "node_modules", "venv", "env"})


def build(one: Installed, source: Path, made: Path, deadline: float, withheld: Sequence[Path] = ()) -> tuple[str, ...]:
    """Build a wheel with the project's own back end, fetched if it is not installed here.

    Returns:
        What was left out because by its name it holds secrets.

    Raises:
        CannotVendorError: It cannot be built.
        ProcessError: It took too long.
    """
    if one.folder is None:
        raise CannotVendorError("the folder it was installed from is gone")
    without = copy_project(one.folder, source, withheld)
    command: list[str | Path] = [*pip_command(), "wheel", "--quiet", "--no-deps", "--no-cache-dir", "--wheel-dir", made]
    environment = {**build_environment(), "SETUPTOOLS_SCM_PRETEND_VERSION": one.version}
    finished = process.run(
        [*command, "--no-build-isolation", source], env=environment, cwd=source, timeout=BUILD_SECONDS
    )
    if finished.code == 0:
        return without
    left = deadline - time.monotonic()
    if left < 1:
        raise CannotVendorError("its build back end is not installed here and the budget leaves no time to fetch it")
    finished = process.run([*command, source], env=environment, cwd=source, timeout=left)
    if finished.code != 0:
        why = reason(finished.text)
        raise CannotVendorError(f"building it failed{f': {why}' if why else f' with exit status {finished.code}'}")
    return without


def copy_project(project: Path, target: Path, withheld: Sequence[Path] = ()) -> tuple[str, ...]:
    """Copy what it is built from, but nothing that is withheld, of which the source tells.

    Returns:
        What stays behind because by its name it holds secrets.
    """
    size, without, private = 0, [], frozenset(withheld)
    for place in _project_files(project):
        path = place.relative_to(project).as_posix()
        there = place.resolve()
        if not private.isdisjoint((there, *there.parents)):
            continue
        if holds_secrets(path, place):
            without.append(path)
            continue
        size += place.stat().st_size
        if size > MAX_PROJECT_BYTES:
            raise CannotVendorError(f"its project folder holds more than {MAX_PROJECT_BYTES // 2**20} MiB")
        copy = target / path
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place, copy)
    return tuple(without)


def _project_files(project: Path) -> Iterator[Path]:
    own = Leftovers(str(project))
    for where, folders, files in os.walk(project):
        folder = Path(where)
        if folder != project and own.has(folder.relative_to(project).as_posix(), files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if _is_source(folder / name, top=folder == project))
        yield from (folder / name for name in sorted(files) if not name.endswith(".pyc") and (folder / name).is_file())


def _is_source(folder: Path, *, top: bool) -> bool:
    if folder.name.startswith(".") or folder.name == "__pycache__" or folder.name.endswith(".egg-info"):
        return False
    if folder.is_symlink() or (folder / "pyvenv.cfg").is_file():
        return False
    return not (top and folder.name in NOT_SOURCE)
