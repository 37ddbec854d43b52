"""The two documents beside the recorded outputs: how steady they are, and what each module gave."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from reprobundle.comparison.policy import Tolerance
from reprobundle.components.outputs.section import (
    CALIBRATION,
    SKETCHES,
    Calibration,
    Section,
    Sketches,
    SketchRecord,
)
from reprobundle.records import from_bytes, to_bytes
from reprobundle.store import Writer, inside

SKETCH_BYTES = 400_000
OWN_BYTES = 200  # of the document around the calls


def write(writer: Writer, section: Section, calibration: Calibration, sketches: Sequence[SketchRecord]) -> Section:
    """Write what was measured, and name it in the section.

    Args:
        writer: Into the bundle being made.
        section: The recorded inputs and outputs.
        calibration: How steady the outputs are.
        sketches: What each module gave, in the order of the calls; those that take too much room are left out.
    """
    named: dict[str, str | None] = {"calibration": CALIBRATION, "sketches": None}
    writer.write(CALIBRATION, to_bytes(calibration))
    if sketches:
        named["sketches"] = SKETCHES
        writer.write(SKETCHES, to_bytes(thinned(sketches)))
    return section.model_copy(update=named)


def calibration_of(section: Section, root: Path) -> Calibration | None:
    """What was measured of a bundle's outputs; None where nothing was.

    Args:
        section: The recorded inputs and outputs.
        root: The folder of the bundle.

    Raises:
        RefusedInputError: The document breaks its form.
    """
    if section.calibration is None:
        return None
    return from_bytes(Calibration, inside(root, section.calibration).read_bytes(), name=section.calibration)


def sketches_of(section: Section, root: Path) -> Sketches | None:
    """The recorded sketches; arguments and errors as of `calibration_of`."""
    if section.sketches is None:
        return None
    return from_bytes(Sketches, inside(root, section.sketches).read_bytes(), name=section.sketches)


def tolerances(calibration: Calibration | None) -> Mapping[str, Tolerance]:
    """What a bundle asks to be let through, by output: where it asks twice, the narrower one."""
    asked: dict[str, Tolerance] = {}
    for one in () if calibration is None else calibration.envelopes:
        before = asked.get(one.output, Tolerance(one.rtol, one.atol))
        asked[one.output] = Tolerance(min(before.rtol, one.rtol), min(before.atol, one.atol))
    return asked


def thinned(sketches: Sequence[SketchRecord], room: int = SKETCH_BYTES) -> Sketches:
    """The sketches that fit into the room: all, or evenly spaced ones with the first and the last."""
    sizes = [len(json.dumps(one.model_dump(mode="json"), indent=2)) * 5 // 4 for one in sketches]  # deeper by two steps
    kept = len(sketches)
    while kept > 1 and sum(sizes[index] for index in _spaced(len(sketches), kept)) > room - OWN_BYTES:
        kept -= max(1, kept // 20)
    calls = tuple(sketches[index] for index in _spaced(len(sketches), kept))
    return Sketches(calls=calls, left_out=len(sketches) - len(calls))


def _spaced(count: int, kept: int) -> list[int]:
    if kept >= count or kept < 2:
        return list(range(min(count, kept)))
    return [round(step * (count - 1) / (kept - 1)) for step in range(kept)]
