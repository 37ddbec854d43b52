"""Controls of models that bring their own file: trees of scikit-learn, and ONNX, whose stored tensors are changed."""

from __future__ import annotations

import contextlib
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
import support
from controlled import ask

import reprobundle
from reprobundle.report import Rung

pytestmark = pytest.mark.slow
DRAWS = 2
OPTIONS = {"proof": False, "budget": 0, "quiet": True}


def bad(asked) -> list:
    """Controls that accuse."""
    return [one for one in asked.controls if one.outcome not in {"as expected", "not run"}]


def test_trees_follow_their_inputs(tmp_path: Path) -> None:
    """Steps at thresholds are no jumps, and there are no weights that can be changed."""
    support.require("skops")
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    x, y = load_iris(return_X_y=True)
    trees = RandomForestClassifier(20, random_state=0).fit(x, y)
    reprobundle.capture(tmp_path / "bundle", model=trees, inputs=x[::10] + 0.0123, **OPTIONS)
    for _ in range(DRAWS):
        asked = ask(tmp_path / "bundle", tmp_path)

        assert (asked.rung, bad(asked), asked.outcome) == (Rung.BITWISE, [], "passed")
        assert asked.why("weights changed") == "a scikit-learn model has no weights that can be changed"


def test_stored_tensors_of_onnx_are_changed(tmp_path: Path) -> None:
    """Weights of the file are overlaid with values that are made up, and the outputs follow."""
    support.require("onnxruntime")
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3)).eval()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        example = (torch.ones(5, 8),)
        torch.onnx.export(
            net, example, tmp_path / "net.onnx", dynamo=True, input_names=["x"], external_data=False, verbose=False
        )
    inputs = {"x": np.random.default_rng(0).standard_normal((5, 8)).astype(np.float32)}
    reprobundle.capture(tmp_path / "bundle", model=tmp_path / "net.onnx", inputs=inputs, **OPTIONS)
    for _ in range(DRAWS):
        asked = ask(tmp_path / "bundle", tmp_path)

        assert (asked.rung, bad(asked), asked.outcome) == (Rung.BITWISE, [], "passed")
        assert asked.told["weights changed"] == "as expected", asked.controls
        assert asked.told["weights moved a little"] == "not run"


def test_a_torchscript_model_is_changed_likewise(tmp_path: Path) -> None:
    """Its tensors have names and forms in the record, and values that only its own file tells."""
    import torch

    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.BatchNorm1d(16), torch.nn.Linear(16, 3)).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(net, torch.ones(5, 8)).save(str(tmp_path / "net.pt"))
        reprobundle.capture(tmp_path / "bundle", model=tmp_path / "net.pt", inputs=torch.randn(5, 8), **OPTIONS)
    asked = ask(tmp_path / "bundle", tmp_path)

    assert (asked.rung, bad(asked), asked.outcome) == (Rung.BITWISE, [], "passed")
    assert asked.told["weights changed"] == "as expected", asked.controls
