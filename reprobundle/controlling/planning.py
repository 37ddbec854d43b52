"""What else a model is asked at a replay, so that a bundle which does not compute gives itself away.

Every question is one run in the process that answers for the recorded inputs. They come in random order, under names that
tell nothing, with values drawn for this replay alone; the recorded inputs are among them, twice, as files of their own.
Where those come out otherwise, `beginning` asks further processes.
"""

from __future__ import annotations

import math
import os
import random as randoms
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reprobundle import guest, tensors
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import Calibration
from reprobundle.controlling import decoys, overlays, probing
from reprobundle.manifest import Manifest
from reprobundle.store import Writer

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]
    Generator = np.random.Generator

TINY = 1e-5  # relative to each value: below what any honest model makes much of
LITTLE = 1e-3
FOLDER = "runs"
HEAVY = 10**12  # parameters times rows, the multiplications of a perceptron: above, a run may take a minute
LARGE = 64 * 2**20  # bytes of the recorded inputs and outputs together: above, each run costs disk and time to read
SEEDS = 2**31  # the seed of the recorded run is 0
NO_FLOATS = "no input holds floats that may take any value"
NOTHING_ELSE = "the inputs hold one value throughout, so there are no others of their kind"
NO_ROWS = "the inputs have no common first axis of at least two different rows"
NOT_READ = "the values stand in the model's own file and are not read here"
TOO_LARGE = "every tensor is larger than what is changed at most"

Purpose = Literal["repeat", "seed", "far", "near", "rows", "weights", "weights near", "both", "probe"]


@dataclass(frozen=True, kw_only=True)
class Decoy:
    """One further run, and what it is for, which the worker is not told.

    Attributes:
        purpose: What is changed: nothing, the seed, the inputs (far, near, their order), the weights (far, near), or both far.
        question: What is asked.
        scale: How much was changed, relative to the size of what was changed; None where that says nothing.
        beside: Name of the run with the same inputs and the recorded weights; None: the first run.
        order: Which recorded row stands at each place; empty where the rows are not the recorded ones.
    """

    purpose: Purpose
    question: guest.Question
    scale: float | None = None
    beside: str | None = None
    order: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a model is asked at one replay.

    Attributes:
        decoys: The runs, in the order in which they are asked.
        first: The first run: a file of its own with the recorded inputs, so that its name tells nothing either.
        absent: Why there is none for a purpose.
        recorded: The recorded inputs.
        calibration: What was measured at capture; words of the bundle, never a proof.
        expected: What the reviewer says must come of the probe, by output.
    """

    decoys: tuple[Decoy, ...] = ()
    first: guest.Question | None = None
    absent: Mapping[Purpose, str] = field(default_factory=dict)
    recorded: Arrays = field(default_factory=dict)
    calibration: Calibration | None = None
    expected: Arrays = field(default_factory=dict)

    @property
    def questions(self) -> tuple[guest.Question, ...]:
        """What is asked, in order."""
        return tuple(decoy.question for decoy in self.decoys)


class Drawing:
    """Collects runs and writes what they need, under names that tell nothing."""

    def __init__(self, folder: Path, draw: randoms.Random) -> None:
        """Write into a folder that exists; every name comes from `draw`."""
        self.decoys: list[Decoy] = []
        self.absent: dict[Purpose, str] = {}
        self._folder = folder
        self._draw = draw

    def ask(
        self,
        purpose: Purpose,
        inputs: Path,
        overlay: Path | None = None,
        *,
        seed: int = 0,
        scale: float | None = None,
        beside: str | None = None,
        order: tuple[int, ...] = (),
    ) -> str:
        """Add a run on the inputs of a file; gives its name. What is not said here is as in `Decoy`."""
        question = guest.Question(name=self.name(), inputs=inputs, overlay=overlay, seed=seed)
        told = scale if scale is not None and math.isfinite(scale) else None  # of inputs that hold NaN there is none
        self.decoys.append(Decoy(purpose=purpose, question=question, scale=told, beside=beside, order=order))
        return question.name

    def file(self, arrays: Arrays) -> Path:
        """A new file that holds arrays."""
        name = f"{self.name()}.safetensors"
        tensors.write(Writer(self._folder), name, {key: tensors.of_array(array) for key, array in arrays.items()})
        return self._folder / name

    def again(self, file: Path) -> Path:
        """Another name for a file that was written here; without a second copy of it, where the disk knows that."""
        target = self._folder / f"{self.name()}.safetensors"
        try:
            os.link(file, target)
        except OSError:  # a file system without such links
            shutil.copyfile(file, target)
        return target

    def seed(self) -> int:
        """A seed that is not the recorded run's."""
        return self._draw.randrange(1, SEEDS)

    def name(self) -> str:
        """A new name that tells nothing."""
        return f"{self._draw.getrandbits(64):016x}"


def plan(
    manifest: Manifest,
    root: Path,
    place: Callable[[str], Path],
    control: Path,
    probe: Path | None,
    draw: randoms.Random,
) -> Plan:
    """Choose what else the model is asked, and write the files that it takes.

    Args:
        manifest: Of a bundle whose inputs are recorded.
        root: The folder the bundle's files lie under.
        place: Where a file of the bundle is.
        control: The private folder of the job; files go to its folder ``runs``.
        probe: The reviewer's own inputs; None: there are none.
        draw: Where all randomness comes from; fresh at each replay.

    Raises:
        UsageError: The probe does not fit the recorded inputs.
        RefusedInputError: A file breaks its form.
    """
    import numpy as np

    assert manifest.outputs.inputs is not None  # guest.why_not was asked before
    recorded = tensors.read_arrays(place(manifest.outputs.inputs.file))
    own = None if probe is None else probing.read(probe, recorded, _outputs(manifest, place))
    folder = control / FOLDER
    folder.mkdir(mode=0o700)
    drawing, random = Drawing(folder, draw), np.random.default_rng(draw.getrandbits(128))
    heavy = _work(manifest, recorded) > HEAVY or _bytes(manifest, place) > LARGE
    file = drawing.file(recorded)
    other = _ask_inputs(drawing, recorded, file, random, heavy=heavy)
    _ask_weights(drawing, manifest, place, file, other, random)
    if own is not None:
        drawing.ask("probe", drawing.file(own.inputs))
    draw.shuffle(drawing.decoys)
    return Plan(
        decoys=tuple(drawing.decoys),
        first=guest.Question(name=drawing.name(), inputs=file),
        absent=drawing.absent,
        recorded=recorded,
        calibration=documents.calibration_of(manifest.outputs, root),
        expected={} if own is None else own.expected,
    )


def _outputs(manifest: Manifest, place: Callable[[str], Path]) -> Mapping[str, str]:
    """The dtypes of the recorded outputs by name; empty where none are recorded."""
    expected = manifest.outputs.expected
    return {} if expected is None else {one.name: one.dtype for one in tensors.read_places(place(expected.file))}


def _work(manifest: Manifest, recorded: Arrays) -> int:
    """Roughly the multiplications of one run."""
    rows = max((one.size // max(one.shape[-1], 1) for one in recorded.values() if one.ndim), default=1)
    return manifest.model.parameters * max(rows, 1)


def _bytes(manifest: Manifest, place: Callable[[str], Path]) -> int:
    """What one run reads and writes, as recorded."""
    trees = filter(None, [manifest.outputs.inputs, manifest.outputs.expected])
    return sum(place(tree.file).stat().st_size for tree in trees)


def _ask_inputs(
    drawing: Drawing, recorded: Arrays, file: Path, random: Generator, *, heavy: bool
) -> tuple[str, Path] | None:
    """Runs with the recorded weights and other inputs, or another seed; gives one of those with far inputs, and its file."""
    for _ in range(2):
        drawing.ask("repeat", drawing.again(file))
    drawing.ask("seed", drawing.again(file), seed=drawing.seed())
    asked = []
    for mixed in (True,) if heavy else (True, False):
        made = decoys.far(recorded, random, mixed=mixed)
        if made is not None:
            written = drawing.file(made)
            asked.append((drawing.ask("far", written, scale=decoys.scale_of(recorded, made)), written))
    if not asked:
        drawing.absent["far"] = NOTHING_ELSE
    _ask_near(drawing, recorded, random, (TINY,) if heavy else (TINY, LITTLE))
    return asked[0] if asked else None


def _ask_near(drawing: Drawing, recorded: Arrays, random: Generator, scales: tuple[float, ...]) -> None:
    """Runs on the recorded inputs moved a little, and on their rows in another order."""
    for scale in scales:
        close = decoys.near(recorded, random, scale)
        if close is None:
            drawing.absent["near"] = NO_FLOATS
        else:
            drawing.ask("near", drawing.file(close), scale=decoys.scale_of(recorded, close))
    rows = decoys.elsewhere(recorded, random)
    if rows is None:
        drawing.absent["rows"] = NO_ROWS
    else:
        drawing.ask("rows", drawing.file(rows[0]), order=rows[1])


def _ask_weights(
    drawing: Drawing,
    manifest: Manifest,
    place: Callable[[str], Path],
    file: Path,
    other: tuple[str, Path] | None,
    random: Generator,
) -> None:
    """Runs with other weights: a few far, as many as may be far, with the recorded and with other inputs; and all near."""
    why = overlays.why_none(manifest)
    entries = () if why else overlays.chosen(manifest)
    if not entries:
        drawing.absent.update({"weights": why or TOO_LARGE, "weights near": why or TOO_LARGE})
        return
    values = overlays.read(manifest, place, entries)
    few = overlays.far(overlays.few_of(entries, random), values, random)
    drawing.ask("weights", drawing.again(file), drawing.file(few), scale=_scale(values, few))
    all_changed = overlays.far(entries, values, random)
    changed = drawing.file(all_changed)
    drawing.ask("weights", drawing.again(file), changed, scale=_scale(values, all_changed))
    if other is not None:
        drawing.ask("both", drawing.again(other[1]), changed, beside=other[0])
    close = overlays.near(values, random, TINY)
    if close:
        drawing.ask("weights near", drawing.again(file), drawing.file(close), scale=_scale(values, close))
    else:
        drawing.absent["weights near"] = NOT_READ


def _scale(values: Arrays, changed: Arrays) -> float | None:
    """How much was changed; None where the recorded values are not known."""
    known = {name: values[name] for name in changed if name in values}
    return decoys.scale_of(known, changed) if known else None
