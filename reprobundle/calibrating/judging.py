"""What further runs of a model show: variants with their distances, whether the rows are a batch, whether a check can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprobundle.answers import Answer, Run
from reprobundle.calibrating.planning import (
    AGAIN,
    FLOAT64,
    ONEDNN_OFF,
    PERTURBED,
    SEED,
    Child,
    Variation,
    slug,
)
from reprobundle.calibrating.steadying import Steadiness
from reprobundle.comparison import are_same
from reprobundle.components.interface import Failure
from reprobundle.components.outputs import envelopes
from reprobundle.components.outputs.envelopes import Spread, outward
from reprobundle.components.outputs.section import HALF, ONE_ROW, Envelope, Variant
from reprobundle.machine_places import without_places
from reprobundle.records import Json
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

FRESH = "fresh process"
ROWS = frozenset({ONE_ROW, HALF})
NO_ANSWER = "the process did not come to it"
OTHER_OUTPUTS = "the outputs have other names or shapes"
LONGEST_WHY = 300


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A variant, and how far each output of floats moved in it.

    Attributes:
        variant: As it is recorded.
        spreads: By output.
        moved: Outputs of whole numbers that are not the recorded ones, by name.
    """

    variant: Variant
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    moved: tuple[str, ...] = ()

    @property
    def ran(self) -> bool:
        """Whether there is anything to judge by."""
        return self.variant.status == "ran"


def judged(name: str, produced: Arrays, recorded: Arrays, settings: Mapping[str, Json], rows: int | None) -> Judged:
    """What one run shows.

    Args:
        name: Of the variant.
        produced: Its outputs.
        recorded: The recorded ones.
        settings: What was set.
        rows: How many rows were run; None: all.
    """
    wanted = {output: envelopes.first(array, rows) for output, array in recorded.items()}
    shapes = {output: array.shape for output, array in wanted.items()}
    if shapes != {output: array.shape for output, array in produced.items()}:
        return Judged(variant=Variant(name=name, settings=settings, status="failed", why=OTHER_OUTPUTS))
    measured = {output: envelopes.spread(array, produced[output], rows=rows) for output, array in recorded.items()}
    spreads = {output: found for output, found in measured.items() if found is not None}
    moved = tuple(
        output for output, array in wanted.items()
        if array.dtype.kind in "biu" and not (array == produced[output]).all()
    )  # fmt: skip
    variant = Variant(
        name=name,
        settings=settings,
        status="ran",
        distances={output: outward(found.distance) for output, found in sorted(spreads.items())},
        bitwise=are_same(wanted, produced),
    )
    return Judged(variant=variant, spreads=spreads, moved=moved)


def of_variation(one: Variation, answer: Answer, recorded: Arrays) -> Judged:
    """The same of a run in the proof's own process."""
    question = one.question
    if question is None:
        return Judged(variant=Variant(name=one.name, status="not run", why=one.why))
    run = answer.runs.get(question.name, Run(name=question.name, error=NO_ANSWER))
    settings = dict(question.settings)
    if run.error is not None:
        return Judged(variant=Variant(name=one.name, settings=settings, status="failed", why=_short(run.error)))
    return judged(one.name, run.arrays, recorded, settings, question.rows[1] if question.rows else None)


def of_child(child: Child, answer: Answer | Failure | None, recorded: Arrays, why: str) -> Judged:
    """The same of a process of its own; `why` tells why it was not run, where it was not."""
    settings: dict[str, Json] = dict(child.variables)
    if answer is None:
        return Judged(variant=Variant(name=child.name, settings=settings, status="not run", why=why))
    error = answer.why if isinstance(answer, Failure) else answer.error
    if isinstance(answer, Failure) or error is not None:
        return Judged(variant=Variant(name=child.name, settings=settings, status="failed", why=_short(error or "")))
    return judged(child.name, answer.arrays, recorded, settings, None)


def _short(error: str) -> str:
    return without_places(error)[:LONGEST_WHY]


def is_batched(found: Sequence[Judged], recorded: Arrays) -> bool | None:
    """Whether the first rows alone give the first rows of the outputs; None where no rows were run by themselves."""
    rows = [one for one in found if one.variant.name in ROWS and one.variant.status != "not run"]
    if not rows:
        return None
    return all(one.ran for one in rows) and not any(depends_on_others(one, recorded) for one in rows)


def depends_on_others(rows: Judged, recorded: Arrays) -> bool:
    """Whether rows by themselves give what no rounding explains."""
    return any(
        envelopes.is_beyond_all(dtype_name(recorded[output].dtype), found) for output, found in rows.spreads.items()
    )


def in_double(found: Sequence[Judged]) -> Judged | None:
    """The run in float64; None where there was none."""
    return next((one for one in found if one.variant.name == FLOAT64 and one.ran), None)


def beyond_rounding(one: Judged | None, recorded: Arrays) -> tuple[str, ...]:
    """The outputs that a run in float64 moved further than rounding explains: other numbers may be drawn for another dtype.

    Args:
        one: The run in float64; None: there was none.
        recorded: The recorded outputs.
    """
    spreads = {} if one is None else one.spreads
    return tuple(
        output for output, found in sorted(spreads.items())
        if envelopes.is_beyond_rounding(dtype_name(recorded[output].dtype), found.beyond)
    )  # fmt: skip


def counting(
    found: Sequence[Judged], steady: Steadiness, recorded: Arrays, *, batched: bool | None
) -> tuple[Judged, ...]:
    """The variants whose distances say how far honest runs of this model lie apart."""
    ran = (one for one in found if one.ran and _counts(one.variant.name, steady, batched=batched))
    return tuple(one for one in ran if one.variant.name != FLOAT64 or not beyond_rounding(one, recorded))


def _counts(name: str, steady: Steadiness, *, batched: bool | None) -> bool:
    if name == SEED:
        return False
    if name in ROWS:
        return batched is True and steady.word == "bitwise"
    if name == FLOAT64:
        return steady.word == "bitwise"
    if name == FRESH or "=" in name:  # the first run of a process
        return True
    in_one_process = name in {AGAIN, ONEDNN_OFF} or name.endswith(("thread", "threads"))
    return steady.word == "bitwise" or (in_one_process and steady.word in {"random", "nondeterministic"})


def envelopes_of(counted: Sequence[Judged], recorded: Arrays) -> tuple[Envelope, ...]:
    """One envelope for each output of floats that was measured."""
    made = []
    for output in sorted(recorded):
        beyond = {one.variant.name: one.spreads[output].beyond for one in counted if output in one.spreads}
        made.append(envelopes.envelope(output, dtype_name(recorded[output].dtype), beyond))
    return tuple(one for one in made if one is not None)


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What other weights do to the outputs.

    Attributes:
        perturbed: By output, the relative L2 distance.
        still: Outputs that should have moved and did not, by name.
        same: Whether all of those are the very same, bit for bit.
        idle: Whether no output could have moved (each is one number throughout, or an input), and none did.
        sensitive: Whether all that should have moved did; None: not tested.
    """

    perturbed: Mapping[str, float] = field(default_factory=dict)
    still: tuple[str, ...] = ()
    same: bool = False
    idle: bool = False
    sensitive: bool | None = None


def sensitivity(answer: Answer, recorded: Arrays, inputs: Arrays, asked: Sequence[Envelope]) -> Sensitivity:
    """Whether a replay could tell another model from this one.

    Args:
        answer: Has the run with other weights.
        recorded: The recorded outputs.
        inputs: The recorded inputs: an output that is one of them has nothing to do with the weights.
        asked: The envelopes.
    """
    run = answer.runs.get(slug(PERTURBED))
    if run is None or run.error is not None:
        return Sensitivity()
    handed_on = {array.tobytes() for array in inputs.values()}
    able = {
        output: array for output, array in recorded.items()
        if not envelopes.is_constant(array) and array.tobytes() not in handed_on
    }  # fmt: skip
    floats = {output: array for output, array in able.items() if array.dtype.kind not in "biu"}
    moving = floats or able
    spreads = {output: envelopes.spread(array, run.arrays.get(output)) for output, array in floats.items()}
    told = {output: outward(found.relative_l2) for output, found in sorted(spreads.items()) if found is not None}
    table = {one.output: one for one in asked}
    still = tuple(
        output for output, array in sorted(moving.items())
        if not _moved(array, run.arrays.get(output), spreads.get(output), table.get(output))
    )  # fmt: skip
    if not moving:
        return Sensitivity(idle=are_same(recorded, run.arrays))
    same = bool(still) and all(moving[output].tobytes() == run.arrays[output].tobytes() for output in still)
    return Sensitivity(perturbed=told, still=still, same=same, sensitive=not still)


def _moved(recorded: Any, produced: Any, found: Spread | None, asked: Envelope | None) -> bool:
    """An output that cannot be measured, such as one that became NaN, moved where its bytes are other ones."""
    if found is None:
        return produced is None or recorded.tobytes() != produced.tobytes()
    return envelopes.is_outside(dtype_name(recorded.dtype), found, asked)
