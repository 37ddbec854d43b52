"""Models that compute, of many kinds and with honest oddities: however the controls are drawn, none is accused."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from controlled import ask
from projects import make_project, python
from support import one_at_a_time
from warm import Warm, warm

from reprobundle import controlling, guest
from reprobundle.bundle import verify
from reprobundle.report import Control, Rung
from reprobundle.worker import numerics

pytestmark = pytest.mark.slow
DRAWS = 20
SLOW = {"convolutional": 6, "transformer": 6}  # draws of those whose runs take longest
STARTS = 3  # draws of those that each take four processes
DRAWN = {"dropout-left-on": {"drawn"}}  # what is no accusation, and true
MODELS = '''
import numpy
import torch
from torch import nn
from torch.nn import functional


class ZeroHead(nn.Module):
    """The output layer as many a paper begins with it: all zero, so nothing depends on the inputs yet."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(6, 16), nn.Linear(16, 4)
        nn.init.zeros_(self.head.weight)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.norm, self.two = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 8, 3)
        self.head = nn.Linear(8, 5)

    def forward(self, x):
        x = functional.max_pool2d(torch.relu(self.norm(self.one(x))), 2)
        return self.head(torch.relu(self.two(x)).mean(dim=(2, 3)))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(50, 16), nn.Embedding(12, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
        self.layers, self.head = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(16, 50, bias=False)
        self.head.weight = self.words.weight

    def forward(self, ids, mask, positions):
        x = self.words(ids) + self.places(positions)
        return {"logits": self.head(self.layers(x, src_key_padding_mask=mask == 0)), "mask": mask}


class Recommender(nn.Module):
    """Each column has codes of its own range, and a price beside them."""

    def __init__(self):
        super().__init__()
        self.users, self.goods = nn.Embedding(1000, 8), nn.EmbeddingBag(40, 8)
        self.price = nn.Linear(1, 8)

    def forward(self, user, goods, price):
        return torch.sigmoid((self.users(user) * self.goods(goods) + self.price(price)).sum(dim=1))


class DropoutLeftOn(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(6, 32), nn.Linear(32, 3)

    def forward(self, x):
        return self.two(functional.dropout(torch.relu(self.one(x)), 0.5, training=True))


class Listening(nn.Module):
    """Keeps a state from call to call, and gives one number."""

    def __init__(self):
        super().__init__()
        self.core, self.head = nn.LSTMCell(32, 16), nn.Linear(16, 1)
        self.h, self.c = torch.zeros(1, 16), torch.zeros(1, 16)

    def forward(self, x):
        h, c = self.core(x, (self.h, self.c))
        self.h = h
        self.c = c
        return torch.sigmoid(3 * self.head(h))


class Deciding(nn.Module):
    """Gives classes only."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(6, 16), nn.Linear(16, 4)

    def forward(self, x):
        return self.two(torch.tanh(self.one(x))).argmax(dim=1)


class Dead(nn.Module):
    """Its last rectifier lets nothing through."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(6, 16), nn.Linear(16, 4)
        nn.init.constant_(self.two.bias, -100.0)

    def forward(self, x):
        return torch.clamp(self.two(torch.relu(self.one(x))), 0, 6)


class NormalisedByBatch(nn.Module):
    """Statistics of the batch at hand, in evaluation too."""

    def __init__(self):
        super().__init__()
        self.one, self.norm, self.two = nn.Linear(6, 16), nn.BatchNorm1d(16, track_running_stats=False), nn.Linear(16, 3)

    def forward(self, x):
        return self.two(torch.relu(self.norm(self.one(x))))


class OneRow(nn.Module):
    """One sample in, one number out, far from zero."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(6, 16), nn.Linear(16, 1)
        nn.init.constant_(self.two.bias, 300.0)

    def forward(self, x):
        return self.two(torch.relu(self.one(x)))


class Sequence(nn.Module):
    """A recurrent net over the first axis, so that rows are steps in time; in half precision at its end."""

    def __init__(self):
        super().__init__()
        self.core, self.head = nn.LSTM(6, 16), nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.core(x)[0]).to(torch.bfloat16)


def steps(x, codes):
    """Counts in steps, on whose edges its inputs stand."""
    return numpy.floor(x * 10).sum(axis=1) * 0.37 + numpy.array([0.5, 1.5, 4.0])[codes]


def made():
    torch.manual_seed(1)
    x, ids = torch.randn(12, 6), torch.randint(1, 50, (4, 12))
    mask, positions = torch.ones(4, 12, dtype=torch.int64), torch.arange(12).expand(4, 12).contiguous()
    mask[1, 8:] = 0
    grid = numpy.arange(60, dtype=numpy.float32).reshape(12, 5) / 10
    rated = {"user": torch.randint(0, 1000, (9,)), "goods": torch.randint(0, 40, (9, 5)), "price": torch.rand(9, 1)}
    return {
        "zero-head": (ZeroHead(), x),
        "convolutional": (Convolutional(), torch.rand(6, 3, 12, 12)),
        "transformer": (Transformer(), {"ids": ids, "mask": mask, "positions": positions}),
        "recommender": (Recommender(), rated),
        "dropout-left-on": (DropoutLeftOn(), x),
        "listening": (Listening(), torch.randn(1, 32)),
        "scripted": ("listening.pt", torch.randn(1, 32)),
        "deciding": (Deciding(), x),
        "dead": (Dead(), x),
        "normalised-by-batch": (NormalisedByBatch(), x),
        "one-row": (OneRow(), x[:1]),
        "sequence": (Sequence(), x.reshape(12, 1, 6)),
        "function": (steps, {"x": grid, "codes": numpy.arange(12) % 3}),
    }
'''
CAPTURE = """
import sys

import models
import reprobundle
import torch

if __name__ == "__main__":
    torch.jit.script(models.Listening()).save("listening.pt")
    for name, (model, inputs) in models.made().items():
        reprobundle.capture(f"{sys.argv[1]}/{name}", model=model, inputs=inputs, proof=False, budget=0, quiet=True)
"""
NAMES = (
    "zero-head", "convolutional", "transformer", "recommender", "dropout-left-on", "deciding", "dead",
    "normalised-by-batch", "one-row", "sequence", "function",
)  # fmt: skip
FULL = {
    "recorded inputs again": "as expected",
    "inputs changed": "as expected",
    "inputs moved a little": "as expected",
    "rows at other places": "as expected",
    "weights changed": "as expected",
    "weights moved a little": "as expected",
}


@pytest.fixture(scope="module")
def quick() -> Iterator[Warm]:
    """Processes that need not import torch."""
    with warm() as own:
        yield own


@pytest.fixture(scope="session")
def honest(of_all_workers: Path) -> Path:
    """A folder with a bundle of each."""
    folder = of_all_workers / "honest"
    with one_at_a_time(folder):
        if not folder.exists():
            project = make_project(folder.with_name("honest-project"), models=MODELS, capture=CAPTURE)
            finished = python("capture.py", str(folder.with_name("honest-half")), cwd=project)
            assert finished.returncode == 0, finished.stdout + finished.stderr
            folder.with_name("honest-half").rename(folder)
    return folder


def asked_often(bundle: Path, folder: Path, quick: Warm) -> list[tuple[Control, ...]]:
    """The controls of many draws, all of them asked in one worker."""
    manifest = verify(bundle).manifest
    plans = []
    for draw in range(SLOW.get(bundle.name, DRAWS)):
        (folder / f"{draw}").mkdir()
        plans.append(
            controlling.plan(
                manifest, bundle, lambda path: bundle / path, folder / f"{draw}", None, random.Random(draw)
            )
        )
    (folder / "control").mkdir()
    host = guest.Host(
        python=Path(sys.executable),
        sandbox=quick,
        environment=numerics.environment(manifest.environment.numerics, {}),
        timeout=300,
    )
    questions = [question for plan in plans for question in plan.questions]
    place = folder / "control"
    answer = guest.ask(manifest, lambda path: bundle / path, bundle, place, host, questions=questions)
    assert answer.error is None, answer.error
    return [controlling.judge(plan, manifest, answer, ()) for plan in plans]


@pytest.mark.parametrize("name", NAMES)
def test_none_is_accused(honest: Path, quick: Warm, tmp_path: Path, name: str) -> None:
    """However the controls are drawn, none ever comes out badly."""
    told = asked_often(honest / name, tmp_path, quick)
    fine = {"as expected", "not run", *DRAWN.get(name, ())}
    bad = [one for controls in told for one in controls if one.outcome not in fine]

    assert bad == []
    assert len(told) == SLOW.get(name, DRAWS)


def test_outputs_that_are_drawn_are_told(honest: Path, quick: Warm, tmp_path: Path) -> None:
    """A model with dropout left on repeats with the same seed and does not with another, which is no fault of its rows."""
    told = [
        {one.name: one for one in controls} for controls in asked_often(honest / "dropout-left-on", tmp_path, quick)
    ]

    assert {controlling.outcome(tuple(controls.values())) for controls in told} == {"drawn"}
    assert {controls["another seed"].what for controls in told} == {"seed"}
    assert {controls["rows at other places"].why for controls in told} == {
        "the outputs are drawn at random, so they differ from row to row in any case"
    }


@pytest.mark.parametrize("name", ["listening", "scripted"])
def test_a_state_is_told_and_never_accused(honest: Path, quick: Warm, tmp_path: Path, name: str) -> None:
    """A model that keeps a state is unsteady however it is drawn: asked first, it gives what is near for what is near."""
    asked = [ask(honest / name, tmp_path, sandbox=quick) for _ in range(STARTS)]

    assert {(one.rung, one.outcome) for one in asked} == {(Rung.BITWISE, "unsteady")}, [one.controls for one in asked]
    assert {one.told["recorded inputs again"] for one in asked} == {"unsteady"}
    assert {one.told["inputs moved a little"] for one in asked} == {"as expected"}


def test_an_honest_model_passes_every_control(honest: Path, tmp_path: Path) -> None:
    """A model of images gives what it gave, follows its inputs and its weights, and rows do not depend on each other."""
    asked = ask(honest / "convolutional", tmp_path)

    assert (asked.rung, asked.outcome, asked.told) == (Rung.BITWISE, "passed", FULL)
