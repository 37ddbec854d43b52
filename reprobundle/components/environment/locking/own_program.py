"""This very program where it is installed as editable: packed from its package folder, without its back end.

Its wheel holds the package and the metadata that its installer wrote, and nothing that is built. Neither a back end is
needed for it, nor a copy of the whole project, tests and all: together they took as long as the rest of a small capture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reprobundle.components.environment.locking import kept_own
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
    chosen, without = _chosen(one, left_behind, frozenset(withheld))
    contents = kept_own.read(chosen)
    place = None if gate.further else kept_own.place_of(one.metadata.name)  # other rules than this program's own
    known = place is not None and kept_own.are_kept(place, contents)
    _write(contents, files)
    if not known and _is_clean(one, files, gate) and place is not None:
        kept_own.keep(place, contents)
    pack(files, made)
    return without


def _chosen(
    one: Installed, left_behind: frozenset[str], withheld: frozenset[Path]
) -> tuple[Mapping[str, Path], tuple[str, ...]]:
    """What belongs into the wheel, by the path in it, and what by its name holds secrets."""
    chosen: dict[str, Path] = {}
    without: list[str] = []
    for place in _files(PACKAGE):
        path = place.relative_to(PACKAGE.parent).as_posix()
        there = place.resolve()
        if not withheld.isdisjoint((there, *there.parents)):
            continue
        if holds_secrets(path, place):
            without.append(path)
        else:
            chosen[path] = place
    for place in _files(one.metadata):
        if place.name not in left_behind:
            chosen[f"{one.metadata.name}/{place.relative_to(one.metadata).as_posix()}"] = place
    return chosen, tuple(without)


def _write(contents: Mapping[str, kept_own.File], files: Path) -> None:
    """The very bytes that were compared, whatever has become of the program's files since."""
    for path, one in contents.items():
        target = files / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(one.content)
        target.chmod(one.mode)


def _is_clean(one: Installed, files: Path, gate: Gate) -> bool:
    """Take out what holds a secret; tells whether the gate looked at all of it and met nothing, allowed or not."""
    before = len(gate.used), len(gate.leaks), len(gate.unsearched)
    drop_secrets(files, one.name, gate)
    return (len(gate.used), len(gate.leaks), len(gate.unsearched)) == before


def _files(folder: Path) -> list[Path]:
    return sorted(place for place in folder.rglob("*") if COMPILED not in place.parts and place.is_file())
