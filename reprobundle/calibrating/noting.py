"""What a person should know of a model whose further runs were not all alike, with the way out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reprobundle.calibrating import judging
from reprobundle.calibrating.judging import Judged, Sensitivity
from reprobundle.calibrating.planning import AGAIN
from reprobundle.calibrating.steadying import Steadiness
from reprobundle.components.outputs import envelopes
from reprobundle.components.outputs.section import ONE_ROW
from reprobundle.phrases import some
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

Note = tuple[str, str | None]  # what it is, the way out

TELLS_NOTHING = "a replay could not tell another model apart"
LOGITS = "record outputs that follow the weights, such as logits in place of labels, and for more inputs"
USED = f"let forward() use its weights; where it does, {LOGITS}"
ALONE = "right for a sequence along the first axis; else normalisation in training mode, or dropout, acts in forward()"
KEPT = "let forward() keep nothing that the next call cannot bear"
DRAWN = "right where forward() draws from a generator of its own, as other numbers are drawn for another dtype"
AMPLIFIED = "look for what amplifies rounding: sorting, rounding, a division by nearly nothing"


def notes(
    steady: Steadiness, found: Sequence[Judged], counted: Sequence[Judged], moving: Sensitivity, recorded: Arrays
) -> Iterator[Note]:
    """Every note, the gravest first.

    Args:
        steady: How steady the model is.
        found: Every variant.
        counted: Those whose distances count.
        moving: What other weights do.
        recorded: The recorded outputs.
    """
    if steady.word not in {"bitwise", "not known"}:
        yield steady.why or steady.word, steady.hint
    failed = next((one.variant for one in found if one.variant.name == AGAIN and one.variant.status == "failed"), None)
    if failed is not None:
        yield f"the model cannot be run twice in one process: {failed.why}", KEPT
    if moving.still:
        names = some([repr(name) for name in moving.still])
        how = "do not move" if moving.same else "hardly move"
        yield f"changed weights {how} output {names}: {TELLS_NOTHING}", USED if moving.same else LOGITS
    if moving.idle:
        yield f"every output is one number throughout, or an input: {TELLS_NOTHING}", LOGITS
    if steady.word == "bitwise":
        yield from _of_rows(found, recorded)
        yield from _of_double(found, recorded)
    yield from _of_whole_numbers(counted)
    yield from _of_floats(counted, recorded)


def _of_rows(found: Sequence[Judged], recorded: Arrays) -> Iterator[Note]:
    """Rows that depend on each other: right for some models, and for others normalisation by the batch."""
    rows = [one for one in found if one.variant.name in judging.ROWS]
    apart = next((one for one in rows if judging.depends_on_others(one, recorded)), None)
    if apart is not None:
        what = "the first row" if apart.variant.name == ONE_ROW else "half of the rows"
        yield f"{what} alone gives other outputs than among the others", ALONE


def _of_double(found: Sequence[Judged], recorded: Arrays) -> Iterator[Note]:
    """What a run in float64 gave, where that is no matter of rounding: its distances are not used."""
    double = judging.in_double(found)
    others = judging.beyond_rounding(double, recorded)
    if double is not None and others:
        far = f"output {others[0]!r} lies {double.spreads[others[0]].distance:.2g} of its size away"
        yield f"in float64 the model computes something else: {far}; it widens no tolerance", DRAWN


def _of_whole_numbers(counted: Sequence[Judged]) -> Iterator[Note]:
    moved = {output: one.variant.name for one in reversed(counted) for output in one.moved}
    for output, name in sorted(moved.items()):
        yield f"output {output!r} of whole numbers is another one with {name!r}: no other machine need give it", LOGITS


def _of_floats(counted: Sequence[Judged], recorded: Arrays) -> Iterator[Note]:
    """Outputs that another machine cannot be expected to give within any tolerance that counts."""
    for output, array in sorted(recorded.items()):
        dtype = dtype_name(array.dtype)
        spread = {one.variant.name: one.spreads[output] for one in counted if output in one.spreads}
        wide = next((name for name, found in spread.items() if envelopes.is_beyond_all(dtype, found)), None)
        if wide is not None:
            yield f"output {output!r} moves further with {wide!r} than any replay lets pass", AMPLIFIED
