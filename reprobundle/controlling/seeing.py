"""What came of each run, beside the run it is compared with."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from reprobundle.answers import Answer
from reprobundle.controlling.measuring import FEWEST, Apart, Grain, distance, grain, is_moved
from reprobundle.controlling.placing import placed
from reprobundle.controlling.planning import Decoy, Plan, Purpose
from reprobundle.tensors import forms_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]

MISSING = "the run is missing from the answer"
LARGEST_REACH = 2.0  # of what an output varies by: a model that goes further elsewhere is not measured by that
SMALLEST_REACH = 0.01  # of it: what changes less when all is changed has no reach to be measured by
AS_FAR = 0.5  # of what other inputs do: as far as a large change
LEAST = 0.05  # of it: below, nothing counts as a jump
STEEP = 1000.0  # times the move itself: no honest model makes more of a move, measured by what other inputs do
NOISE = 20.0  # steps of the outputs' own dtype, of their own size, which any other sum may cost
GENTLE = 5.0  # times the move itself, of the outputs' own size, which any model may make of it


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one run gave.

    Attributes:
        decoy: What was asked.
        arrays: What came of it.
        error: Why nothing did, or None.
        distances: By output, how far it lies from the same output of the run beside; None: not comparable.
        moved: Whether any output is another one than that of the run beside.
        reformed: Whether the outputs have another form than those of the run beside: other names, dtypes or shapes.
    """

    decoy: Decoy
    arrays: Arrays
    error: str | None
    distances: Mapping[str, Apart | None]
    moved: bool
    reformed: bool = False


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """Whether a small change carried an output too far.

    Attributes:
        jumps: Whether it did.
        share: How far, as a share of what other inputs do; None where it did not.
        told: Whether it could have been told: what rounding and any model make of the change is less than a jump.
    """

    jumps: bool
    share: float | None
    told: bool

    @classmethod
    def of(cls, far: float, reach: float, size: float, share: float, slack: float) -> Beyond:
        """Judge one distance.

        Args:
            far: The distance.
            reach: What other inputs do.
            size: The size of what moved, in the same unit.
            share: The share of `reach` that is too far.
            slack: The share of `size` that is always allowed.
        """
        jumps = reach > 0 and far >= max(share * reach, slack * size)
        return cls(jumps=jumps, share=far / reach if jumps else None, told=slack * size < reach * AS_FAR)


class Sight:
    """All runs of an answer, with what the first one's outputs can show."""

    def __init__(self, plan: Plan, answer: Answer) -> None:
        """Look at every run that was planned."""
        self.plan = plan
        self.outputs: Arrays = answer.arrays
        self.grains: Mapping[str, Grain] = {name: grain(array) for name, array in answer.arrays.items()}
        self.seen = tuple(self._look(decoy, answer) for decoy in plan.decoys)
        self.reach = {name: self._reach(name) for name in self.grains}
        self.reaches = {name: found for name in self.grains if (found := self._reaches(name)) is not None}

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

    def from_first(self, arrays: Arrays) -> dict[str, Apart | None]:
        """How far other outputs lie from the first run's, by output."""
        return self._distances(self.outputs, arrays, ())

    def is_reformed(self, arrays: Arrays) -> bool:
        """Whether other outputs have another form than the first run's."""
        return forms_of(self.outputs) != forms_of(arrays)

    def between(self, one: Arrays, other: Arrays) -> bool:
        """Whether two answers of other runs are different ones."""
        found = self._distances(one, other, ())
        return any(is_moved(far, self.grains[name]) for name, far in found.items())

    def ratio(self, distances: Mapping[str, Apart | None]) -> float | None:
        """The largest distance, as a share of what other inputs do to that output; None where none can be told."""
        shares = [share for name, far in self._told(distances) for share in self._shares(name, far)]
        return max(shares, default=None)

    def beyond(
        self, distances: Mapping[str, Apart | None], scale: float, step: float, *, least: float = LEAST
    ) -> Beyond:
        """Whether a small change carried any output, or any column of one, further than an honest model goes.

        Args:
            distances: How far the outputs moved.
            scale: How much was changed.
            step: The step of the dtype that most of the weights have, relative to their values, where they were moved.
            least: The share of what other inputs do that any model may reach.
        """
        fine = any(known.fine for known in self.grains.values())
        share = min(AS_FAR, max(least if fine else AS_FAR, STEEP * scale))
        found = [self._beyond(name, far, share, scale, step) for name, far in self._told(distances)]
        worst = max((one.share for one in found if one.share is not None), default=None)
        return Beyond(jumps=worst is not None, share=worst, told=any(one.told for one in found))

    def _beyond(self, name: str, far: Apart, share: float, scale: float, step: float) -> Beyond:
        """The same for one output: the worst column, or the whole."""
        known, reach = self.grains[name], self.reach[name]
        slack = max(NOISE * max(known.epsilon, step), GENTLE * scale) if known.fine else 0.0
        found = [Beyond.of(far.total, reach, known.size, share, slack)]
        columns = known.columns
        if columns is not None and far.typical is not None:
            told = zip(far.typical, self.reaches[name], columns.sizes, columns.judged, strict=True)
            found += [
                Beyond.of(float(own), float(others), float(size), share, slack)
                for own, others, size, judged in told
                if judged
            ]
        worst = max((one.share for one in found if one.share is not None), default=None)
        return Beyond(jumps=worst is not None, share=worst, told=any(one.told for one in found))

    def _shares(self, name: str, far: Apart) -> Iterator[float]:
        """What share of what other inputs do each column of an output moved by, and the whole."""
        if self.reach[name]:
            yield far.total / self.reach[name]
        columns = self.grains[name].columns
        if columns is not None and far.typical is not None and columns.judged.any():
            yield float((far.typical[columns.judged] / self.reaches[name][columns.judged]).max())

    def relative(self, distances: Mapping[str, Apart | None]) -> float | None:
        """The largest distance relative to the outputs' own size; None where none is known, or one is infinite.

        Where there are outputs of fine numbers, those alone count.
        """
        fine = {name for name, known in self.grains.items() if known.fine} or self.grains.keys()
        sizes = {name: self.grains[name].size for name in fine if self.grains[name].size}
        shares = [far.total / sizes[name] for name, far in distances.items() if far is not None and name in sizes]
        largest = max(shares, default=None)
        return None if largest is None or math.isinf(largest) else largest

    def _told(self, distances: Mapping[str, Apart | None]) -> Iterator[tuple[str, Apart]]:
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
        names = placed(structure, run.outputs, decoy.order, forms_of(base))
        if names is None:
            distances = self._distances(base, run.arrays, decoy.order)
            reformed = forms_of(base) != forms_of(run.arrays)
        else:
            distances, reformed = self._placed(base, run.arrays, names, decoy.order)
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

    def _placed(
        self, base: Arrays, after: Arrays, names: Mapping[str, str], order: tuple[int, ...]
    ) -> tuple[dict[str, Apart | None], bool]:
        """How far outputs moved whose lists changed places with the rows, and whether any has another form."""
        ours, theirs = forms_of(base), forms_of(after)
        same = {own: other for other, own in names.items() if other in theirs and ours.get(own) == theirs[other]}
        turned = {own for own in same if ours[own][1][:1] == (len(order),) and own == same[own]}
        found = {
            own: distance(_ordered(base[own], order if own in turned else ()), after[other], self.grains[own])
            for own, other in same.items()
            if own in self.grains
        }
        return found, len(same) < max(len(ours), len(theirs))

    def _distances(self, base: Arrays, after: Arrays, order: tuple[int, ...]) -> dict[str, Apart | None]:
        ours, theirs = forms_of(base), forms_of(after)
        return {
            name: distance(_ordered(base[name], order), after[name], known) if ours[name] == theirs.get(name) else None
            for name, known in self.grains.items()
            if name in ours and (not order or ours[name][1][:1] == (len(order),))
        }

    def _far(self, name: str) -> list[Apart]:
        found = [one.distances.get(name) for one in self.seen if one.error is None and one.decoy.purpose == "far"]
        return [far for far in found if far is not None and far.total and math.isfinite(far.total)]

    def _reach(self, name: str) -> float:
        """How far other inputs move an output: the measure for what is small."""
        known, far = self.grains[name], [one.total for one in self._far(name)]
        varies = (known.spread if known.columns is not None else 0.0) or known.size
        least = SMALLEST_REACH * (known.spread or known.size)
        return min(max(median(far), least), LARGEST_REACH * varies) if far else varies

    def _reaches(self, name: str) -> Array | None:
        """The same for each group of columns, in the unit of one element; None where there are none."""
        import numpy as np

        columns = self.grains[name].columns
        if columns is None:
            return None
        far = [one.means for one in self._far(name) if one.means is not None]
        found = np.median(far, axis=0) if far else columns.spreads
        spreads = columns.spreads
        reaches: Array = np.clip(found, SMALLEST_REACH * spreads, LARGEST_REACH * spreads)
        return np.where(reaches > 0, reaches, 1.0)


def _ordered(array: Array, order: tuple[int, ...]) -> Array:
    return array[list(order)] if order else array
