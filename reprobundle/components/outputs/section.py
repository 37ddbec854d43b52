"""What is recorded of a model's inputs and outputs, and of how steady they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import pydantic

from reprobundle.answers import Sketch
from reprobundle.records import Json, Record
from reprobundle.store.digests import BundlePath

CALIBRATION = "replay/tolerance.json"
SKETCHES = "replay/probes.json"
ONE_ROW, HALF = "batch of 1", "half of the batch"  # variants that run some of the rows by themselves

Distance = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class Tree(Record):
    """Tensors in a nested structure.

    Attributes:
        file: The safetensors file that holds the tensors.
        structure: How they are nested, in the encoding of ``worker/tree.py``.
    """

    file: BundlePath
    structure: Json


class Section(Record):
    """The recorded inputs and outputs.

    Attributes:
        inputs: Sample inputs; a mapping is passed as keywords, a sequence by position, else one argument.
        expected: What the model gave for them, in evaluation mode, without gradients, from seed 0.
        calibration: The `Calibration`: how far honest runs of the model lie apart; None: it was not measured.
        sketches: The `Sketches` of what each module gave; None: there are none.
    """

    inputs: Tree | None
    expected: Tree | None
    calibration: BundlePath | None = None
    sketches: BundlePath | None = None


class Variant(Record):
    """One more run of the same model on the same inputs, with one thing changed that must not matter.

    Attributes:
        name: Short name, such as ``again``, ``batch of 1``, ``1 thread``, ``ATEN_CPU_CAPABILITY=avx2`` or ``float64``.
        settings: What was set for it; empty where it is no setting.
        status: ``ran``, ``failed`` or ``not run``.
        why: In words, for anything but ``ran``.
        distances: By output, the largest absolute difference as a fraction of the recorded output's root mean square.
        bitwise: Whether all outputs were equal bit for bit; None where it did not run.
    """

    name: str
    settings: Mapping[str, Json] = {}
    status: Literal["ran", "failed", "not run"]
    why: str | None = None
    distances: Mapping[str, Distance] = {}
    bitwise: bool | None = None


class Envelope(Record):
    """How far a produced output may lie from the recorded one, as measured at capture.

    Attributes:
        output: Name of the output.
        rtol: Relative to the magnitude of the recorded element.
        atol: Fraction of the recorded output's root mean square.
        why: In words, which variant went furthest and what margin was added.
    """

    output: str
    rtol: Distance
    atol: Distance
    why: str


class Calibration(Record):
    """How steady the recorded outputs are, and how far they move when the model does: the document ``replay/tolerance.json``.

    Attributes:
        calibration_schema: Version of this form.
        variants: What was run.
        envelopes: One for each output of floats; empty where too little ran.
        steadiness: ``bitwise``: the same again in one process; ``random``: another seed gives something else;
            ``stateful``: it depends on what ran before; ``nondeterministic``: it varies by chance; ``not known``.
        why: In words, for anything but ``bitwise``.
        batched: Whether the first axis of every input and output is the batch; None: not known.
        perturbed: By output, the relative L2 distance of what a copy with changed weights gives: the check can fail.
        sensitive: Whether every output that is not constant lies outside its envelope then; None: not tested.
    """

    calibration_schema: Literal[1] = 1
    variants: tuple[Variant, ...] = ()
    envelopes: tuple[Envelope, ...] = ()
    steadiness: Literal["bitwise", "random", "stateful", "nondeterministic", "not known"] = "not known"
    why: str | None = None
    batched: bool | None = None
    perturbed: Mapping[str, Distance] = {}
    sensitive: bool | None = None


class SketchRecord(Sketch):
    """What one call of one module gave, as it is recorded.

    Attributes:
        envelope: Relative L2 distance of the samples, the largest over the variants; None: not measured.
    """

    envelope: Distance | None = None


class Sketches(Record):
    """What each leaf module gave on the recorded inputs, in the order of the calls: the document ``replay/probes.json``.

    Attributes:
        sketches_schema: Version of this form.
        calls: One for each call.
        left_out: How many more calls there were.
    """

    sketches_schema: Literal[1] = 1
    calls: tuple[SketchRecord, ...]
    left_out: int = 0
