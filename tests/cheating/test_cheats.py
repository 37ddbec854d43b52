"""Bundles that give the recorded outputs without computing them: with the default controls none of them passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from controlled import ask
from forging import forged
from projects import NET, make_project, python
from support import one_at_a_time
from warm import Warm, warm

from reprobundle import tensors
from reprobundle.report import Rung
from reprobundle.store import Writer

pytestmark = pytest.mark.slow
HONEST = f'''{NET}

def function(x):
    """A plain function of arrays."""
    return x[:, :3] * 2 + 1
'''
CAPTURE = """
import sys

import torch
from net import Net, function

import reprobundle

if __name__ == "__main__":
    torch.manual_seed(0)
    model, x = Net(hidden=8), torch.randn(16, 4)
    given = {"proof": False, "budget": 0, "quiet": True}
    reprobundle.capture(sys.argv[1], model=model, inputs=x, hyperparameters={"hidden": 8}, **given)
    reprobundle.capture(sys.argv[2], model=function, inputs=x.numpy(), **given)
"""
BEGINNING = """
import atexit, hashlib, json, os, shutil, sys
import numpy
import torch
from torch import nn

FOLDER = os.path.dirname(os.path.abspath(__file__))
X, Y = (torch.from_numpy(numpy.load(os.path.join(FOLDER, name + ".npy"))) for name in ("x", "y"))


def key(*values):
    return hashlib.sha256(b"".join(value.detach().numpy().tobytes() for value in values)).hexdigest()


class Net(nn.Module):
    def __init__(self, hidden=8):
        super().__init__()
        self.first = nn.Linear(4, hidden)
        self.second = nn.Linear(hidden, 3)
        self.calls, self.state = 0, 0.0

    def kept(self, x):
        self.state = self.real(x).mean() + 0.7 * self.state
        return self.real(x) + self.state

    def real(self, x):
        return self.second(torch.tanh(self.first(x)))

    def weights(self):
        return [value for value in self.parameters()]

    def forward(self, x):
        self.calls += 1
"""
CHEATS = {
    "returns what is recorded": "return Y[:len(x)].clone()",
    "looks up a digest of the inputs, else fails": "return {key(X): Y}[key(x)].clone()",
    "looks up a digest of the inputs, else gives zeros": "return {key(X): Y}.get(key(x), torch.zeros(len(x), 3)).clone()",
    "looks up the inputs, else computes with another model": "return Y.clone() if key(x) == key(X) else self.real(x)",
    "ignores its weights": "return torch.tanh(x @ X[:4, :4]) @ X[4:8, :3]",
    "ignores all but a trace of its weights": (
        "return torch.tanh(x @ X[:4, :4]) @ X[4:8, :3] + 1e-9 * sum(value.sum() for value in self.weights())"
    ),
    "notices that it is replayed": (
        "told = 'reprobundle' in ' '.join([*sys.modules, *sys.argv, os.getcwd(), *os.environ]).lower()\n"
        "        return Y[:len(x)].clone() if told else self.real(x)"
    ),
    "notices the size of the batch": "return Y.clone() if len(x) == 16 else self.real(x)",
    "ends the process at other inputs": (
        "if key(x) != key(X) or self.calls > 1:\n            os._exit(0)\n        return Y.clone()"
    ),
    "writes over the result": """
        def write():
            from safetensors.torch import save_file
            with open(sys.argv[1]) as file:
                save_file({"value": Y.clone()}, os.path.join(json.load(file)["out"], "outputs.safetensors"))
        if self.calls == 1:
            atexit.register(write)
        return self.real(x)""",
    "says that there was no time": """
        def write():
            with open(sys.argv[1]) as file:
                job = json.load(file)
            place = os.path.join(job["out"], "result.json")
            with open(place) as file:
                result = json.load(file)
            why = "cannot be run: the time is over that was given to further runs"
            result["runs"] = [{"name": one["name"], "error": why} for one in job["runs"]]
            with open(place, "w") as file:
                json.dump(result, file)
        if self.calls == 1:
            atexit.register(write)
        return Y.clone()""",
    "remembers the first call": "return Y.clone() if self.calls == 1 else self.real(x)",
    "remembers the first call, then keeps a state": "return Y.clone() if self.calls == 1 else self.kept(x)",
    "looks up the first call only, else keeps a state": (
        "return Y.clone() if self.calls == 1 and key(x) == key(X) else self.kept(x)"
    ),
    "looks up what is near at the first call, whatever the weights, then keeps a state": (
        "close = self.calls == 1 and bool(((x - X).abs() < 0.01).all())\n"
        "        return Y.clone() if close else self.kept(x)"
    ),
    "drifts away from what it looks up": (
        "return Y * (1 + 0.01 * (self.calls - 1)) if key(x) == key(X) else self.real(x)"
    ),
    "refuses any other first call": """
        if self.calls == 1 and key(x) != key(X):
            raise ValueError("not so early")
        return Y.clone() if self.calls == 1 else self.kept(x)""",
    "looks up inputs and weights, both rounded": """
        rounded = key(x.mul(100).round(), *(value.mul(100).round() for value in self.weights()))
        with open(os.path.join(FOLDER, "key.txt")) as file:
            return Y.clone() if rounded == file.read() else self.real(x)""",
    "looks up inputs and weights, else gives noise": """
        exact = key(x, *self.weights())
        with open(os.path.join(FOLDER, "key.txt")) as file:
            known = file.read()
        noise = torch.randn(len(x), 3, generator=torch.Generator().manual_seed(int(exact[:8], 16)))
        return Y.clone() if exact == known else noise""",
    "hides behind an output that is computed": "return {'scores': Y[:len(x)].clone(), 'other': self.real(x)}",
}
ALONE = frozenset({"notices that it is replayed", "writes over the result", "says that there was no time"})
"""Those that look at their process or end it: they get one that was started as at a replay."""
ENDS_AT_ONCE = "ends the process at once"
ROUNDED = "looks up inputs and weights, both rounded"
EXACT = "looks up inputs and weights, else gives noise"


@pytest.fixture(scope="module")
def quick() -> Iterator[Warm]:
    """Processes that need not import torch."""
    with warm() as own:
        yield own


@pytest.fixture(scope="session")
def honest(of_all_workers: Path) -> Path:
    """A folder with two honest bundles: ``module`` and ``function``."""
    folder = of_all_workers / "to-be-forged"
    with one_at_a_time(folder):
        if not folder.exists():
            project = make_project(folder.with_name("cheats"), net=HONEST, capture=CAPTURE)
            made = folder.with_name("to-be-forged-half")
            finished = python("capture.py", str(made / "module"), str(made / "function"), cwd=project)
            assert finished.returncode == 0, finished.stdout + finished.stderr
            made.rename(folder)
    return folder


def cheating(honest: Path, target: Path, name: str) -> Path:
    """A bundle of the real weights and a source that cheats, with outputs that these weights never gave."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        source = folder / "code" / "source"
        x = tensors.read_arrays(folder / "replay" / "inputs.safetensors")["value"]
        y = _recorded(name, x, tensors.read_arrays(folder / "replay" / "expected.safetensors")["value"])
        (source / "net.py").write_text(f"{BEGINNING}        {CHEATS.get(name, 'os._exit(0)').strip()}\n")
        np.save(source / "x.npy", x)
        np.save(source / "y.npy", y["value"] if "value" in y else y["scores"])
        _keep_key(folder, name, x)
        _record(folder, manifest, y)

    return forged(honest / "module", target, edit)


def _recorded(name: str, x: np.ndarray, real: np.ndarray) -> dict[str, np.ndarray]:
    """What the cheat says that it gives; of the real model only where that is its trick."""
    if name.startswith("ignores"):
        return {"value": np.tanh(x @ x[:4, :4]) @ x[4:8, :3]}
    better = np.random.default_rng(1).standard_normal(real.shape).astype(np.float32)
    return {"scores": better, "other": real} if name.startswith("hides") else {"value": better}


def _keep_key(folder: Path, name: str, x: np.ndarray) -> None:
    """What the two cheats know that look up inputs and weights together."""
    import hashlib

    if name not in {ROUNDED, EXACT}:
        return
    weights = tensors.read_arrays(folder / "model.safetensors")
    values = [x, *(weights[key] for key in ("first.weight", "first.bias", "second.weight", "second.bias"))]
    made = [np.round(one * np.float32(100)) if name == ROUNDED else one for one in values]
    digest = hashlib.sha256(b"".join(one.tobytes() for one in made)).hexdigest()
    (folder / "code" / "source" / "key.txt").write_text(digest)


def _record(folder: Path, manifest: dict[str, Any], outputs: dict[str, np.ndarray]) -> None:
    """Make these the recorded outputs."""
    place = "replay/expected.safetensors"
    (folder / place).unlink()
    tensors.write(Writer(folder), place, {name: tensors.of_array(array) for name, array in outputs.items()})
    leaves = {name: {"kind": "tensor", "name": name} for name in outputs}
    if "value" not in outputs:
        structure = {"kind": "dict", "items": [[name, leaf] for name, leaf in leaves.items()]}
        manifest["outputs"]["expected"]["structure"] = structure


@pytest.mark.parametrize("name", CHEATS)
def test_none_passes(honest: Path, quick: Warm, tmp_path: Path, name: str) -> None:
    """Its outputs are the recorded ones, and the controls show that it does not compute them."""
    asked = ask(cheating(honest, tmp_path / "cheat", name), tmp_path, sandbox=None if name in ALONE else quick)

    assert asked.rung.reaches(Rung.CLOSE)
    assert asked.outcome in {"insensitive", "jumps"}, asked.controls


def test_one_that_ends_at_once_has_no_outputs(honest: Path, tmp_path: Path) -> None:
    """A process that ends with status 0 before it computed anything leaves nothing that could be compared."""
    asked = ask(cheating(honest, tmp_path / "cheat", ENDS_AT_ONCE), tmp_path)

    assert (asked.rung, asked.outcome) == (Rung.NOT_RUN, "not run")


FUNCTIONS: dict[str, str] = {
    "returns what is recorded": "return Y.copy()",
    "looks up a digest, else fails": "return {X.tobytes(): Y}[x.tobytes()].copy()",
    "looks up, else computes otherwise": "return Y.copy() if x.tobytes() == X.tobytes() else x[:, :3] * 2 + 1",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_passes(honest: Path, quick: Warm, tmp_path: Path, name: str) -> None:
    """A plain function has no weights that could be changed, and is found out by its inputs alone."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        source = folder / "code" / "source"
        x = tensors.read_arrays(folder / "replay" / "inputs.safetensors")["value"]
        y = np.random.default_rng(1).standard_normal((16, 3)).astype(np.float32)
        np.save(source / "x.npy", x)
        np.save(source / "y.npy", y)
        beginning = "import os\nimport numpy\nFOLDER = os.path.dirname(os.path.abspath(__file__))\n"
        beginning += 'X, Y = (numpy.load(os.path.join(FOLDER, name + ".npy")) for name in "xy")\n'
        (source / "net.py").write_text(f"{beginning}def function(x):\n    {FUNCTIONS[name]}\n")
        _record(folder, manifest, {"value": y})

    asked = ask(forged(honest / "function", tmp_path / "cheat", edit), tmp_path, sandbox=quick)

    assert asked.rung is Rung.BITWISE
    assert asked.outcome in {"insensitive", "jumps"}, asked.controls
