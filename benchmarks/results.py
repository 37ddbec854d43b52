"""What a run of the suite found, as it stands in the JSON file from which the tables are written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.job import Clock, Kind, Missing, Size
from benchmarks.measuring import Turn
from benchmarks.summing import Judged

SCHEMA = 1


@dataclass(frozen=True)
class WayFound:
    """A way, and all its turns."""

    name: str
    kind: Kind
    clock: Clock
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class TargetFound:
    """A target in words, and how it was judged; None: a way that it names was not measured."""

    text: str
    judged: Judged | None


@dataclass(frozen=True)
class Grown:
    """One amount of a way's growth: medians in seconds and bytes."""

    amount: int
    seconds: float
    beyond: float | None


@dataclass(frozen=True)
class Growth:
    """How a way grows with the amount of work, and the fitted powers."""

    way: str
    steps: tuple[Grown, ...]
    seconds_power: float | None
    beyond_power: float | None


@dataclass(frozen=True)
class JobFound:
    """A job as it was done; `failed` says why it was not."""

    name: str
    title: str
    note: str
    ways: tuple[WayFound, ...]
    missing: tuple[Missing, ...]
    targets: tuple[TargetFound, ...]
    growth: tuple[Growth, ...]
    failed: str | None = None


@dataclass(frozen=True)
class Results:
    """A run of the suite.

    Attributes:
        size: Which amounts were taken.
        rounds: How many rounds counted.
        machine: What it ran on; no names, no paths.
        versions: Of the peers.
        jobs: In the order of the table.
        schema: The form of this document.
    """

    size: Size
    rounds: int
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    jobs: tuple[JobFound, ...]
    schema: int = SCHEMA


def write(results: Results, place: Path) -> None:
    """Keep them."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")


def read(place: Path) -> Results:
    """Read them back."""
    from pydantic import TypeAdapter

    return TypeAdapter(Results).validate_json(place.read_bytes())
