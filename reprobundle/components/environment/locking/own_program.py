"""This very program where it is installed as editable: packed from its package folder, without its back end.

Its wheel holds the package and the metadata that its installer wrote, and nothing that is built. Neither a back end is
needed for it, nor a copy of the whole project, tests and all: together they took as long as the rest of a small capture.
"""

from __future__ import annotations

import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

from reprobundle.components.environment.locking.packing import drop_secrets, holds_secrets, pack
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.secrecy import Gate

PROGRAM = "reprobundle"
PACKAGE = Path(__file__).resolve().parents[4] / PROGRAM
COMPILED = "__pycache__"


def is_own(one: Installed) -> bool:
    """Whether an install is this program, from the folder that it runs from."""
    if one.name != PROGRAM or one.origin != "editable" or one.folder is None:
        return False
    return one.folder.resolve() / PROGRAM == PACKAGE


def pack_own(
    one: Installed, files: Path, made: Path, gate: Gate, left_behind: frozenset[str], withheld: Sequence[Path] = ()
) -> tuple[str, ...]:
    """Make the wheel.

    Args:
        one: This program's install.
        files: A folder for what belongs into it, not there yet.
        made: Where the wheel goes.
        gate: Is told of files that hold secrets, which stay out.
        left_behind: Files of the metadata that an installer makes anew.
        withheld: Files and folders that are kept out.

    Returns:
        What stays behind because by its name it holds secrets.

    Raises:
        CannotVendorError: It is not what a wheel is made of.
        ProcessError: Packing took too long.
    """
    without, private = [], frozenset(withheld)
    for place in _files(PACKAGE):
        path = place.relative_to(PACKAGE.parent).as_posix()
        there = place.resolve()
        if not private.isdisjoint((there, *there.parents)):
            continue
        if holds_secrets(path, place):
            without.append(path)
        else:
            _copy(place, files / path)
    for place in _files(one.metadata):
        if place.name not in left_behind:
            _copy(place, files / one.metadata.name / place.relative_to(one.metadata))
    drop_secrets(files, one.name, gate)
    pack(files, made)
    return tuple(without)


def _files(folder: Path) -> list[Path]:
    return sorted(place for place in folder.rglob("*") if COMPILED not in place.parts and place.is_file())


def _copy(place: Path, target: Path) -> None:
    """One of two modes, so that the wheel does not depend on this machine."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(place, target)
    target.chmod(0o755 if place.stat().st_mode & stat.S_IXUSR else 0o644)
