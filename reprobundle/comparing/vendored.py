"""Wheels that one of two bundles brings along and the other leaves to an index: where the locks agree, no other bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from reprobundle.comparing.pairs import Pair, Roots
from reprobundle.components.environment.lock import read_lock
from reprobundle.components.environment.section import LOCK_PATH, WHEELS_FOLDER
from reprobundle.phrases import counted
from reprobundle.report import Finding, Grade, Status
from reprobundle.store import inside

WHY = "an index serves the same bytes: the locked hashes agree"


def only_brought(pairs: Sequence[Pair], roots: Roots | None) -> tuple[Pair, ...]:
    """The wheels that lie in one bundle only, though both locks pin the same archive of their distribution.

    Args:
        pairs: Files that differ.
        roots: The folders of both bundles; None: no lock can be read, so none is.

    Raises:
        RefusedInputError: A lock breaks its grammar.
    """
    lone = [pair for pair in pairs if pair.path.startswith(f"{WHEELS_FOLDER}/") and None in {pair.first, pair.second}]
    if not lone or roots is None:
        return ()
    ours, theirs = (_hashes(root) for root in roots)
    return tuple(pair for pair in lone if ours.get(_name(pair.path), _NONE) & theirs.get(_name(pair.path), _NONE))


def told(kind: str, brought: Sequence[Pair]) -> Iterator[Finding]:
    """All of them in one finding."""
    if brought:
        ours, theirs = (sum(pair.first is not None for pair in brought), sum(pair.second is not None for pair in brought))  # fmt: skip
        sides = [counted(wheels, "wheel") if wheels else "none" for wheels in (ours, theirs)]
        message = "wheels lie in one bundle only; the locked hashes are the same"
        yield Finding(
            kind=kind, status=Status.DIFFERS, message=message, expected=sides[0], found=sides[1], grade=Grade.LOW, why=WHY
        )  # fmt: skip


_NONE: frozenset[str] = frozenset()


def _hashes(root: Path) -> dict[str, frozenset[str]]:
    """The hashes that a bundle's lock pins, by name; none where it has no lock."""
    lock = inside(root, LOCK_PATH)
    if not lock.is_file():
        return {}
    return {one.name: frozenset(one.hashes) for one in read_lock(lock.read_bytes(), name=LOCK_PATH)}


def _name(path: str) -> str:
    try:
        return str(parse_wheel_filename(path.rpartition("/")[2])[0])
    except InvalidWheelFilename:
        return ""
