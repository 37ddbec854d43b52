"""What each module gave, and how far that moved between honest runs: the sketches of a bundle."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from reprobundle.answers import Sketch
from reprobundle.components.outputs.envelopes import is_beyond_rounding, outward
from reprobundle.components.outputs.section import SketchRecord

DIGITS = 9  # of a sample: all that a float32 has
WIDE = frozenset({"F64", "C64", "I64", "U64"})  # these have more

Call = tuple[str, int]


def records(
    sketches: Sequence[Sketch], others: Iterable[Sequence[Sketch]], double: Sequence[Sketch] = ()
) -> tuple[SketchRecord, ...]:
    """The sketches as they are recorded, each with the largest distance that was measured.

    Args:
        sketches: Of the recorded inputs, in the order of the calls.
        others: Of further runs, each with one thing changed.
        double: Of a run in float64: what rounding alone cannot explain is left out of it.
    """
    own = {(one.module, one.call): one for one in sketches}
    rounded = [one for one in double if not _is_other(own.get((one.module, one.call)), one)]
    tables = [{(one.module, one.call): one for one in run} for run in (*others, rounded)]
    return tuple(_record(one, tables) for one in sketches)


def _record(one: Sketch, tables: Sequence[Mapping[Call, Sketch]]) -> SketchRecord:
    distances = [distance(one, table.get((one.module, one.call))) for table in tables]
    measured = [found for found in distances if found is not None]
    samples = tuple(_short(value, one.dtype) for value in one.samples)
    return SketchRecord(**{**dict(one), "samples": samples, "envelope": outward(max(measured)) if measured else None})


def _is_other(one: Sketch | None, double: Sketch) -> bool:
    apart = None if one is None else distance(one, double)
    return one is not None and apart is not None and is_beyond_rounding(one.dtype, apart)


def _short(value: float | None, dtype: str) -> float | None:
    return value if value is None or dtype in WIDE else float(f"{value:.{DIGITS}g}")


def distance(one: Sketch, other: Sketch | None) -> float | None:
    """Relative L2 distance of two modules' samples; None where they cannot be compared.

    Args:
        one: The recorded sketch.
        other: That of the same call in another run.
    """
    if other is None or one.shape != other.shape or len(one.samples) != len(other.samples):
        return None
    pairs = [(mine, theirs) for mine, theirs in zip(one.samples, other.samples, strict=True)]
    if any((mine is None) != (theirs is None) for mine, theirs in pairs):
        return None
    finite = [(mine, theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
    error, size = math.hypot(*(mine - theirs for mine, theirs in finite)), math.hypot(*(mine for mine, _ in finite))
    if not size:
        return 0.0 if not error else None
    return error / size if math.isfinite(error / size) else None
