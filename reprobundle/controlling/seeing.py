"""What came of each run, beside the run it is compared with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from reprobundle.answers import Answer
from reprobundle.controlling.measuring import FEWEST, Grain, distance, grain, is_moved
from reprobundle.controlling.planning import Decoy, Plan, Purpose

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]

MISSING = "the run is missing from the answer"
LARGEST_REACH = 10.0  # of an output's own size: a model that goes further elsewhere is not measured by that
SMALLEST_REACH = 0.01  # of an output's own size: what changes less when all is changed has no reach to be measured by


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one run gave.

    Attributes:
        decoy: What was asked.
        arrays: What came of it.
        error: Why nothing did, or None.
        distances: By output, how far it lies from the same output of the run beside; None: not comparable, infinite: no number.
        moved: Whether any output is another one than that of the run beside.
        reformed: Whether the outputs have another form than those of the run beside: other names, dtypes or shapes.
    """

    decoy: Decoy
    arrays: Arrays
    error: str | None
    distances: Mapping[str, float | None]
    moved: bool
    reformed: bool = False


class Sight:
    """All runs of an answer, with what the first one's outputs can show."""

    def __init__(self, plan: Plan, answer: Answer) -> None:
        """Look at every run that was planned."""
        self.plan = plan
        self.outputs: Arrays = answer.arrays
        self.grains: Mapping[str, Grain] = {name: grain(array) for name, array in answer.arrays.items()}
        self.seen = tuple(self._look(decoy, answer) for decoy in plan.decoys)
        self.reach = {name: self._reach(name) for name in self.grains}

    def of(self, *purposes: Purpose) -> tuple[Seen, ...]:
        """The runs of some purposes that gave something, the smallest change first."""
        found = [one for one in self.all_of(*purposes) if one.error is None]
        return tuple(sorted(found, key=lambda one: one.decoy.scale or 0.0))

    def all_of(self, *purposes: Purpose) -> tuple[Seen, ...]:
        """The same, with those that failed."""
        return tuple(one for one in self.seen if one.decoy.purpose in purposes)

    def far(self) -> tuple[Seen, ...]:
        """The runs on far inputs, the reviewer's among them where their outputs can be compared with the first."""
        probes = [one for one in self.of("probe") if None not in one.distances.values()]
        return (*self.of("far"), *probes)

    def between(self, one: Arrays, other: Arrays) -> bool:
        """Whether two answers of other runs are different ones."""
        return any(
            is_moved(distance(one[name], other.get(name), known), known)
            for name, known in self.grains.items()
            if name in one
        )

    def ratio(self, distances: Mapping[str, float | None]) -> float | None:
        """The largest distance, as a share of what other inputs do to that output; None where none can be told."""
        shares = [far / self.reach[name] for name, far in self._told(distances) if self.reach[name]]
        return max(shares, default=None)

    def relative(self, distances: Mapping[str, float | None]) -> float | None:
        """The largest distance relative to the outputs' own size; None where none is known, or one is infinite.

        Where there are outputs of fine numbers, those alone count.
        """
        fine = {name for name, known in self.grains.items() if known.fine} or self.grains.keys()
        sizes = {name: self.grains[name].size for name in fine if self.grains[name].size}
        shares = [far / sizes[name] for name, far in distances.items() if far is not None and name in sizes]
        largest = max(shares, default=None)
        return None if largest is None or math.isinf(largest) else largest

    def _told(self, distances: Mapping[str, float | None]) -> Iterator[tuple[str, float]]:
        for name, far in distances.items():
            known = self.grains[name]
            if far is not None and (known.fine or known.size >= FEWEST):
                yield name, far

    def _look(self, decoy: Decoy, answer: Answer) -> Seen:
        run = answer.runs.get(decoy.question.name)
        beside = None if decoy.beside is None else answer.runs.get(decoy.beside)
        base, structure = (answer.arrays, answer.outputs) if beside is None else (beside.arrays, beside.outputs)
        if run is None or run.error is not None or (decoy.beside is not None and (beside is None or beside.error)):
            error = (MISSING if run is None else run.error) or "the run it is compared with failed"
            return Seen(decoy=decoy, arrays={}, error=error, distances={}, moved=False)
        distances = self._distances(base, run.arrays, decoy.order)
        reformed = _forms(base) != _forms(run.arrays)
        return Seen(
            decoy=decoy,
            arrays=run.arrays,
            error=None,
            distances=distances,
            moved=structure != run.outputs
            or reformed
            or any(is_moved(far, self.grains[name]) for name, far in distances.items()),
            reformed=reformed,
        )

    def _distances(self, base: Arrays, after: Arrays, order: tuple[int, ...]) -> dict[str, float | None]:
        return {
            name: distance(_ordered(base[name], order), after.get(name), known)
            for name, known in self.grains.items()
            if name in base and (not order or base[name].shape[:1] == (len(order),))
        }

    def _reach(self, name: str) -> float:
        """How far other inputs move an output: the measure for what is small."""
        known = self.grains[name]
        found = [one.distances.get(name) for one in self.seen if one.error is None and one.decoy.purpose == "far"]
        finite = [far for far in found if far and math.isfinite(far)]
        if not finite:
            return known.size
        return min(max(median(finite), SMALLEST_REACH * known.size), LARGEST_REACH * known.size)


def _forms(arrays: Arrays) -> Mapping[str, tuple[str, tuple[int, ...]]]:
    return {name: (array.dtype.str, array.shape) for name, array in arrays.items()}


def _ordered(array: Array, order: tuple[int, ...]) -> Array:
    return array[list(order)] if order else array
