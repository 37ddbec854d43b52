"""What is installed and set where a replay ran, beside what was recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from reprobundle.components.environment.lock import Pin, pin, read_lock
from reprobundle.components.environment.section import LOCK_PATH, NAME, Section
from reprobundle.components.interface import differs, not_run, same
from reprobundle.records import Json
from reprobundle.report import Finding, Status
from reprobundle.store import inside
from reprobundle.worker.numerics import VARIABLES

NOT_THERE = "not there"
SHOWN_NAMES = 5
HIGH = (
    "torch.version", "torch.commit", "torch.cuda", "torch.hip", "torch.default_dtype", "torch.deterministic", "torch.f",
    "torch.threads", "autocast.", "cuda.matmul.", "cuda.sdp.", "cudnn.conv.", "cudnn.rnn.", "cudnn.allow_tf32",
    "cudnn.deterministic", "cudnn.benchmark", "mkldnn.", "cuda.available", "mps.available", "variables.",
)  # fmt: skip
MEDIUM = ("gpu.", "cudnn.", "cuda.", "numpy.", "torch.")


def check_distributions(section: Section, root: Path, found: Mapping[str, str]) -> Iterator[Finding]:
    """One finding for each locked distribution that is missing or of another version, or one that all agree.

    Args:
        section: The recorded environment.
        root: The verified view, where the lock is.
        found: Version by name of what is installed where the worker ran.

    Raises:
        RefusedInputError: The lock breaks its grammar.
    """
    if section.lock is None:
        yield not_run(NAME, "distributions were not compared: the bundle has no lock")
        return
    if not found:
        yield not_run(NAME, "distributions were not compared: the worker reported none")
        return
    pins = read_lock(inside(root, LOCK_PATH).read_bytes(), name=LOCK_PATH)
    here = {str(canonicalize_name(name)): version for name, version in found.items()}
    differences = [finding for one in pins for finding in _compare(one, here.get(one.name))]
    yield from differences or [same(NAME, f"all {len(pins)} locked distributions are installed as locked")]
    more = sorted(set(here) - {one.name for one in pins})
    if more:
        names = ", ".join(more[:SHOWN_NAMES]) + (", …" if len(more) > SHOWN_NAMES else "")
        message = f"{len(more)} distributions are installed that the lock does not name: {names}"
        yield Finding(kind=NAME, status=Status.NOTE, message=message)


def check_numerics(recorded: Mapping[str, Json], found: Mapping[str, Json]) -> Iterator[Finding]:
    """One finding for each fact that differs, those that change numbers most first, or one that all agree."""
    if not found:
        yield not_run(NAME, "facts that change numbers were not compared: the worker reported none")
        return
    before, here = _flat(recorded), _flat(found)
    names = sorted({*before, *here}, key=lambda name: (_severity(name), name))
    different = [name for name in names if before.get(name) != here.get(name)]
    for name in different:
        expected, now = before.get(name, NOT_THERE), here.get(name, NOT_THERE)
        yield differs(NAME, f"{name} differs", expected=expected, found=now)
    if not different:
        yield same(NAME, f"all {len(names)} facts that change numbers are as recorded")


def _compare(one: Pin, version: str | None) -> Iterator[Finding]:
    if version is None:
        yield differs(NAME, f"{one.name} is not installed", expected=one.version, found=NOT_THERE)
    elif _spelt(one.name, version) != one.version:
        yield differs(NAME, f"{one.name} has another version", expected=one.version, found=version)


def _spelt(name: str, version: str) -> str:
    """The version as a lock would spell it; as it stands where no lock can."""
    try:
        return pin(name, version).version
    except ValueError:
        return version


def _flat(facts: Mapping[str, Json]) -> dict[str, Json]:
    flat = {name: value for name, value in facts.items() if name != VARIABLES}
    variables = facts.get(VARIABLES)
    if isinstance(variables, dict):
        flat.update({f"{VARIABLES}.{name}": value for name, value in variables.items()})
    return flat


def _severity(name: str) -> int:
    return 0 if name.startswith(HIGH) else 1 if name.startswith(MEDIUM) else 2
