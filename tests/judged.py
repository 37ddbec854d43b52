"""A bundle's files with a model given as a function of inputs and weights: its controls without any process."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from tiny import tiny_manifest

from reprobundle import tensors
from reprobundle.answers import Answer, Run
from reprobundle.components import model, outputs
from reprobundle.components.outputs.documents import CALIBRATION
from reprobundle.components.outputs.section import Calibration
from reprobundle.controlling import beginnings, begun, is_unsteady, judge, outcome, plan
from reprobundle.manifest import Manifest
from reprobundle.records import to_bytes
from reprobundle.report import Control
from reprobundle.store import Writer
from reprobundle.worker import tree

VALUE = {"kind": "tensor", "name": "value"}
X = np.random.default_rng(0).standard_normal((16, 4)).astype(np.float32)
WEIGHTS = {
    "body.weight": np.random.default_rng(1).standard_normal((4, 8)).astype(np.float32),
    "head.weight": np.random.default_rng(2).standard_normal((8, 3)).astype(np.float32),
    "steps": np.arange(3),
}
Computes = Callable[[np.ndarray, dict[str, np.ndarray]], Any]
GOOD = {
    "recorded inputs again": "as expected",
    "inputs changed": "as expected",
    "inputs moved a little": "as expected",
    "rows at other places": "as expected",
    "weights changed": "as expected",
    "weights moved a little": "as expected",
}


def honest(x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """A perceptron."""
    return np.tanh(x @ weights["body.weight"]) @ weights["head.weight"]


Y = honest(X, WEIGHTS)


class Bench:
    """A bundle's files, and a model given as a function of inputs and weights."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loader = "for_torch"
        self.batched: bool | None = None
        self.steadiness = "bitwise"
        self.x = X
        self.writer = Writer(folder)

    def manifest(self) -> Manifest:
        self.write("replay/inputs.safetensors", {"value": self.x})
        self.write("model.safetensors", WEIGHTS)
        self.writer.write(CALIBRATION, to_bytes(Calibration(steadiness=self.steadiness, batched=self.batched)))
        entries = tuple(
            model.TensorEntry(name=name, dtype="I64" if name == "steps" else "F32", shape=one.shape, xxh3_128="0" * 32)
            for name, one in WEIGHTS.items()
        )
        tree = outputs.Tree(file="replay/inputs.safetensors", structure=VALUE)
        return tiny_manifest(
            model=model.Section(
                loader=self.loader,
                framework=None,
                entry="net:Net",
                init=None,
                files=("model.safetensors",) if self.loader == "for_torch" else (),
                tensors=entries if self.loader != "for_callable" else (),
                parameters=56,
            ),
            outputs=outputs.Section(inputs=tree, expected=tree, calibration=CALIBRATION),
        )

    def write(self, path: str, arrays: dict[str, np.ndarray]) -> None:
        tensors.write(self.writer, path, {name: tensors.of_array(one) for name, one in arrays.items()})

    def ask(
        self, compute: Any, *, probe: Path | None = None, seed: int = 0, seeded: bool = False, **options: Any
    ) -> Told:
        manifest, control = self.manifest(), self.folder / "control"
        control.mkdir()
        made = plan(manifest, self.folder, lambda path: self.folder / path, control, probe, random.Random(seed))
        first = self._run(compute, "", self.x, WEIGHTS)
        runs = {
            one.question.name: self._asked(
                functools.partial(compute, seed=one.question.seed) if seeded else compute, one.question
            )
            for one in made.decoys
        }
        answer = Answer(stage="done", error=None, outputs=first.outputs, arrays=first.arrays, runs=runs, **NOTHING)
        controls = judge(made, manifest, answer, (), **options)
        return Told(made, answer, controls)

    def _asked(self, compute: Computes, question: Any) -> Run:
        overlay = {} if question.overlay is None else tensors.read_arrays(question.overlay)
        return self._run(compute, question.name, tensors.read_arrays(question.inputs)["value"], {**WEIGHTS, **overlay})

    def _run(self, compute: Computes, name: str, x: np.ndarray, weights: dict[str, np.ndarray]) -> Run:
        try:
            made = compute(x, weights)
        except RuntimeError as error:
            return Run(name=name, error=str(error))
        structure, arrays = tree.flatten(made, lambda leaf: isinstance(leaf, np.ndarray))
        return Run(name=name, outputs=structure, arrays=arrays)


class Told:
    """What came of it."""

    def __init__(self, made: Any, answer: Answer, controls: tuple[Control, ...]) -> None:
        self.plan, self.answer, self.controls = made, answer, controls
        self.outcomes = {one.name: one.outcome for one in controls}
        self.outcome = outcome(controls)

    def why(self, name: str) -> str | None:
        return next(one.why for one in self.controls if one.name == name)


def begins(
    bench: Bench, first: Computes, later: Computes, *, steadiness: str = "bitwise", anew: bool = True
) -> tuple[Control, ...]:
    """The controls of a model whose first call in each process is another function than all later ones."""
    bench.steadiness = steadiness
    manifest, control, draw = bench.manifest(), bench.folder / "control", random.Random(3)
    control.mkdir()
    made = plan(manifest, bench.folder, lambda path: bench.folder / path, control, None, draw)

    def answered(question: Any, questions: Any) -> Answer:
        one = bench._asked(first, question)
        runs = {each.name: bench._asked(later, each) for each in questions}
        return Answer(stage="done", error=one.error, outputs=one.outputs, arrays=one.arrays, runs=runs, **NOTHING)

    answer = answered(made.first, made.questions)
    assert is_unsteady(made, answer)
    chosen = beginnings(made, answer, draw) if anew else ()
    found = [begun(one, answered(one.first, one.questions)) for one in chosen]
    return judge(made, manifest, answer, (), anew=found)


NOTHING: dict[str, Any] = {
    "digests": {},
    "facts": {},
    "device": "cpu",
    "log": "",
    **dict.fromkeys(("transformed", "nesting", "distributions")),
}


def is_record(x: np.ndarray) -> bool:
    return x.tobytes() == X.tobytes()
