"""At capture further runs show how steady a model is, how far honest runs lie apart, and whether a check can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from projects import make_project
from support import one_at_a_time

import reprobundle
from reprobundle import calibrating, finishing
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import Calibration, Sketches, Variant
from reprobundle.errors import UnavailableError
from reprobundle.store import list_files

pytestmark = pytest.mark.slow
torch = pytest.importorskip("torch")

NETS = '''
"""Models with habits."""
import os
import time

import torch
from torch import nn


class Plain(nn.Module):
    """None."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.second = nn.Linear(8, 3)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


class Dropping(Plain):
    """Leaves dropout on."""

    def forward(self, x):
        return nn.functional.dropout(super().forward(x), 0.5, training=True)


class Counting(Plain):
    """Adds the number of its calls."""

    calls = 0

    def forward(self, x):
        self.calls += 1
        return super().forward(x) + self.calls


class Chancing(Plain):
    """Adds to each number a little that nobody seeds, well within what counts as close, and hardly ever all the same."""

    def forward(self, x):
        y = super().forward(x)
        return y + torch.tensor(list(os.urandom(y.numel()))).view_as(y) * 4e-9


class Guessing(Plain):
    """Adds the time, which never comes back."""

    def forward(self, x):
        return super().forward(x) + time.monotonic()


class Normalising(Plain):
    """Goes back to training mode by itself."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x):
        self.norm.train()
        return self.second(self.norm(self.first(x)))


class Drawing(Plain):
    """Draws from a generator of its own, always the same numbers, though others of another dtype."""

    def forward(self, x):
        y = super().forward(x)
        return y + torch.randn(y.shape, generator=torch.Generator().manual_seed(0))


class Amplifying(Plain):
    """Loses digits on the way."""

    def forward(self, x):
        return (super().forward(x) + 1000) - 1000


class Ignoring(Plain):
    """Answers without its weights."""

    def forward(self, x):
        return x.sin()


class Deaf(Plain):
    """Answers without looking at its inputs, each row otherwise."""

    def forward(self, x):
        return super().forward(torch.linspace(0, 1, x.numel()).view_as(x))
'''
TRAIN = """
import sys

import nets
import torch

import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    x = torch.randn(8, 4)
    for folder, name, budget in zip(sys.argv[1::3], sys.argv[2::3], sys.argv[3::3]):
        torch.manual_seed(4)
        model = getattr(nets, name)()
        reprobundle.capture(folder, model=model, inputs=x, init={}, budget=float(budget))
"""
LITTLE = "0.001"  # so little that no process of its own is started
HABITS = ("Dropping", "Counting", "Chancing", "Guessing", "Normalising", "Amplifying", "Drawing", "Ignoring", "Deaf")


@pytest.fixture(scope="session")
def captured(of_all_workers: Path) -> Path:
    """A bundle of each model by its name, of the plain one two with all that a capture measures."""
    folder = of_all_workers / "calibrated"
    with one_at_a_time(folder):
        if not (folder / "done").exists():
            _capture(folder)
    return folder


def _capture(folder: Path) -> None:
    project = make_project(folder / "project", nets=NETS, train=TRAIN)
    asked = [(f"{folder / name}", name, LITTLE) for name in HABITS]
    asked += [(f"{folder / which / 'Plain'}", "Plain", "120") for which in ("a", "b")]
    for which in ("a", "b"):
        (folder / which).mkdir()
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "train.py", *(part for one in asked for part in one)],
        cwd=project, capture_output=True, text=True, timeout=600, check=False, env=_without_index(),
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    (folder / "done").write_text(finished.stderr)


def _without_index() -> Mapping[str, str]:
    """The environment, where pip asks no index and need not be waited for."""
    return {**os.environ, "PIP_NO_INDEX": "1"}


def measured(bundle: Path) -> Calibration:
    """What was measured of a bundle's outputs."""
    found = documents.calibration_of(reprobundle.verify(bundle).manifest.outputs, bundle)
    assert found is not None
    return found


def sketches(bundle: Path) -> Sketches:
    """What its modules gave."""
    found = documents.sketches_of(reprobundle.verify(bundle).manifest.outputs, bundle)
    assert found is not None
    return found


def notes(bundle: Path) -> list[str]:
    """What a person is told of the outputs."""
    return [note.message for note in reprobundle.verify(bundle).manifest.notes if note.kind == "outputs"]


def test_a_plain_model_is_steady_and_its_check_can_fail(captured: Path) -> None:
    """Every run is told; the default stays, and no note is needed."""
    found = measured(captured / "a" / "Plain")
    ran = {one.name: one.bitwise for one in found.variants if one.status == "ran"}

    assert (found.steadiness, found.batched, found.sensitive) == ("bitwise", True, True)
    assert ran.keys() >= {"fresh process", "again", "another seed", "batch of 1", "after other rows", "float64"}
    assert ran["again"] is ran["another seed"] is ran["after other rows"] is True
    assert found.perturbed["value"] > 0.1
    assert [(one.output, one.rtol, one.atol) for one in found.envelopes] == [("value", 1e-5, 1e-5)]
    assert notes(captured / "a" / "Plain") == []


def test_the_summary_says_so_in_two_lines(captured: Path) -> None:
    """What a person reads below the training script."""
    assert "outputs      the same again, bit for bit, in" in (captured / "done").read_text()
    assert "other weights give other outputs" in (captured / "done").read_text()


def test_two_calibrated_captures_of_one_state_are_byte_identical(captured: Path) -> None:
    """No duration, no chance, no place of this machine gets into what was measured."""
    one, other = captured / "a" / "Plain" / "replay", captured / "b" / "Plain" / "replay"

    assert [found.path for found in list_files(one)] == [found.path for found in list_files(other)]
    assert [(one / found.path).read_bytes() for found in list_files(one)] == [
        (other / found.path).read_bytes() for found in list_files(other)
    ]


def test_two_processes_of_their_own_are_run_at_capture(captured: Path) -> None:
    """The others are left to the verb, which says so."""
    own = [one for one in measured(captured / "a" / "Plain").variants if "=" in one.name]

    assert [one.status for one in own[:2]] == ["ran"] * len(own[:2])
    assert {one.why for one in own[2:]} <= {"reprobundle calibrate runs it"}


def test_each_module_is_sketched_with_its_envelope(captured: Path) -> None:
    """In the order of the calls; float64 tells how far rounding goes."""
    calls = sketches(captured / "a" / "Plain").calls

    assert [(one.module, one.kind, one.shape, len(one.samples)) for one in calls] == [
        ("first", "Linear", (8, 8), 64),
        ("second", "Linear", (8, 3), 24),
    ]
    assert all(one.envelope is not None and one.envelope < 1e-6 for one in calls)


@pytest.mark.parametrize(
    ("name", "word", "told"),
    [
        (
            "Dropping",
            "random",
            "another seed gives other outputs: something in the forward pass is drawn, such as dropout that is left on",
        ),
        (
            "Counting",
            "stateful",
            "a second call gives other outputs than the first: the model keeps something from call to call, or its own "
            "generator",
        ),
        (
            "Chancing",
            "nondeterministic",
            "the same call gives other outputs by chance: two runs from one seed are not bitwise equal",
        ),
    ],
)
def test_a_model_that_is_not_steady_is_recognised(captured: Path, name: str, word: str, told: str) -> None:
    """The bundle is proven all the same, as every run starts from one seed in a process of its own; so it is said."""
    assert measured(captured / name).steadiness == word
    assert told in notes(captured / name)


def test_a_proof_that_fails_by_chance_is_explained(captured: Path) -> None:
    """Who reads that the outputs differ also reads why."""
    manifest = reprobundle.verify(captured / "Guessing").manifest

    assert (manifest.proof.status, manifest.outputs.calibration) == ("failed", None)
    assert notes(captured / "Guessing") == [
        "the same call gives other outputs by chance: two runs from one seed are not bitwise equal"
    ]


def test_normalisation_in_training_mode_is_noticed(captured: Path) -> None:
    """The rows depend on each other: a batch of one fails, and half of the rows give something else."""
    found = measured(captured / "Normalising")
    alone = next(one for one in found.variants if one.name == "batch of 1")

    assert (found.batched, alone.status) == (False, "failed")
    assert alone.why is not None
    assert alone.why.startswith("ValueError: Expected more than 1 value per channel when training")
    assert "half of the rows alone gives other outputs than among the others" in notes(captured / "Normalising")


def test_a_model_that_loses_digits_gets_a_wider_envelope(captured: Path) -> None:
    """Within what counts, with the run that needed it."""
    (envelope,) = measured(captured / "Amplifying").envelopes

    assert 1e-5 < envelope.atol <= 1e-3
    assert envelope.why.startswith("'float64' needed ")


def test_float64_that_computes_something_else_widens_nothing(captured: Path) -> None:
    """Other numbers are drawn for another dtype: that says nothing of rounding, so it is told and not used."""
    found = measured(captured / "Drawing")
    (double,) = [one for one in found.variants if one.name == "float64"]

    assert (found.steadiness, double.bitwise) == ("bitwise", False)
    assert double.distances["value"] > 0.1
    assert [one.atol for one in found.envelopes] == [1e-5]
    assert all(one.envelope is not None and one.envelope < 1e-6 for one in sketches(captured / "Drawing").calls)
    assert any(
        told.startswith("in float64 the model computes something else: output 'value' lies ")
        for told in notes(captured / "Drawing")
    )


def test_a_model_that_ignores_its_weights_is_told(captured: Path) -> None:
    """Its check cannot fail; that no replay will have it is said once, and in the first line."""
    assert measured(captured / "Ignoring").sensitive is False
    assert notes(captured / "Ignoring") == [
        "every replay will say NOT REPRODUCED: the outputs do not depend on the weights"
    ]
    assert (
        "CAPTURED, BUT NO REPLAY WILL CALL IT REPRODUCED: the outputs do not depend on the weights\n"
        in (captured / "done").read_text()
    )


def test_a_model_that_ignores_its_inputs_is_told(captured: Path) -> None:
    """Its weights move the outputs, so only other inputs show it."""
    assert measured(captured / "Deaf").sensitive is True
    assert notes(captured / "Deaf")[0] == (
        "every replay will say NOT REPRODUCED: the outputs do not depend on the inputs"
    )


def test_what_there_was_no_time_for_says_so(captured: Path) -> None:
    """The runs in the process of the proof are made in any case; they take as long as the model, which is next to nothing."""
    found = measured(captured / "Amplifying")

    assert {one.status for one in found.variants if "=" not in one.name} == {"ran"}
    assert {one.why for one in found.variants if "=" in one.name} <= {"budget", "reprobundle calibrate runs it"}


def test_calibrating_later_runs_all_in_a_new_bundle(captured: Path, tmp_path: Path) -> None:
    """The old one stays; inputs, outputs and proof are the same, and it is verified."""
    old = captured / "Amplifying"
    before = (old / "manifest.json").read_bytes()
    made = finishing.calibrate(old, out=tmp_path / "new", sandbox="none")
    found = measured(tmp_path / "new")

    assert (old / "manifest.json").read_bytes() == before
    assert made.manifest.previous == (reprobundle.verify(old).id,)
    assert made.manifest.proof.status == "bitwise"
    assert {one.status for one in found.variants} == {"ran"}
    assert found.envelopes[0].atol >= measured(old).envelopes[0].atol


def test_a_model_that_gives_other_outputs_here_is_not_calibrated(captured: Path, tmp_path: Path) -> None:
    """Its spread would say nothing of the recorded outputs; nothing is made."""
    with pytest.raises(UnavailableError) as caught:
        finishing.calibrate(captured / "Guessing", out=tmp_path / "new", sandbox="none")

    assert str(caught.value).startswith("the model does not give the recorded outputs here: output 'value' ")
    assert caught.value.hint == (
        "calibrate where it was captured, or in an environment made from its lock: --env rebuild"
    )
    assert not (tmp_path / "new").exists()


def test_a_model_that_answers_once_and_never_again_is_not_calibrated(
    captured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One run says nothing of how far two lie apart, so nothing is made."""
    runs = (Variant(name="fresh process", status="ran"), Variant(name="again", status="failed", why="it ended"))
    none = calibrating.Measured(calibration=Calibration(variants=runs), sketches=(), notes=())
    monkeypatch.setattr(calibrating, "measure", lambda *_: none)
    with pytest.raises(UnavailableError) as caught:
        finishing.calibrate(captured / "Amplifying", out=tmp_path / "new", sandbox="none")

    assert str(caught.value) == (
        "nothing could be measured: the model was run once, and none of 1 further run gave an answer: "
        "'again': failed: it ended"
    )
    assert caught.value.hint == "--budget SECONDS gives it more time than 300"
    assert not (tmp_path / "new").exists()
