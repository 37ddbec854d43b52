"""A real capture, looked at."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from forging import forged
from lint_cards import FULL

import reprobundle

TRAIN = """
import json
import sys

import torch
from net import Net

import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    x = torch.randn(40, 4)
    made = dict(licence="CC-BY-4.0", source="https://archive.ics.uci.edu/dataset/80")
    reprobundle.capture(
        "out",
        model=Net(8),
        inputs=x[:4],
        hyperparameters={"hidden": 8},
        splits={
            "train": reprobundle.DataSplit(x[:30].numpy(), **made),
            "test": reprobundle.DataSplit(x[30:].numpy(), **made),
            "validation": reprobundle.DataSplit(x[25:30].numpy(), **made),
        },
        claims=[
            {"id": "accuracy", "text": "test accuracy", "value": 0.5, "split": "test"},
            {"id": "share", "text": "share of the first class", "value": 0.5, "entry": "net:share"},
        ],
        documentation=json.loads(open("card.json").read()),
        budget=1,
    )
"""
NET = """
import torch


class Net(torch.nn.Sequential):
    def __init__(self, hidden):
        super().__init__(torch.nn.Linear(4, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 2))


def share(model, data=None):
    return 0.25
"""


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """The bundle of a small model with a full card; its validation split stands in its training split."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("project")
    (folder / "net.py").write_text(NET, "utf-8")
    (folder / "train.py").write_text(TRAIN, "utf-8")
    (folder / "card.json").write_text(json.dumps(FULL), "utf-8")
    argv = [sys.executable, "-W", "ignore", "train.py"]
    finished = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, finished.stderr
    return folder / "out"


@pytest.mark.slow
def test_a_captured_model_with_a_full_card_scores_a_hundred(captured):
    """Every field answered: 100; the one number that capture found false is the one error; shared samples are a warning."""
    report = reprobundle.lint(captured)
    ((rule, message),) = [(lint.rule, lint.message) for lint in report.of("error")]

    assert (report.score, rule) == (100, "claim-differs")
    assert message.startswith("the number 'share' is false: claimed 0.5, the reloaded model gives 0.25, not the same")
    assert {lint.rule for lint in report.lints} - {"lock", "code-commit", "calibration"} == {
        "claim-differs",
        "claim-split",
        "claim-uncomputed",
        "overlap-splits",
        "preprocessing-missing",
    }


@pytest.mark.slow
def test_a_card_that_contradicts_a_captured_model(captured, tmp_path):
    """A wrong number of parameters is found beside the model's own."""

    def edit(folder, _):
        card = folder / "documentation" / "card.yaml"
        wrong = FULL["training"]["architecture"], "A perceptron with 5,800 parameters in all."
        card.write_text(card.read_text("utf-8").replace(*wrong), "utf-8")

    report = reprobundle.lint(forged(captured, tmp_path / "wrong", edit))

    assert [lint.message for lint in report.of("error") if lint.rule != "claim-differs"] == [
        "training.architecture says '5,800 parameters', the model has 58"
    ]
