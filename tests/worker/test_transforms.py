"""Steps made again from their recipes, applied one after another to raw samples."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest
import torch

from reprobundle import tensors
from reprobundle.store import Writer
from reprobundle.worker import raw_values, transforms


def job(raw, *entries):
    """A job whose steps are functions."""
    return {**raw, "steps": [{"form": "function", "entry": entry} for entry in entries]}


class Scaled:
    def __init__(self, mean, std=1.0):
        self.mean, self.std, self.shift = mean, std, 0

    def __call__(self, raw):
        return (raw["image"] - torch.as_tensor(self.mean)) / self.std + self.shift

    def back(self, raw):
        return raw["image"] * self.std


class Norm(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1))
        self.drop = torch.nn.Dropout(0.5)

    def forward(self, raw):
        return self.drop(raw["image"] - self.mean)


@pytest.fixture
def functions(monkeypatch):
    """A module of preprocessing functions."""
    module = types.ModuleType("some_transforms")
    module.scale = lambda raw: {"x": raw["image"] / 10, "mean": float(raw["image"].mean())}
    module.kind = lambda raw: {"numpy": np.asarray(raw["image"]).astype(np.int16), "was": type(raw["image"]).__name__}
    module.grid = lambda raw: np.asfortranarray(np.asarray(raw["image"]).reshape(2, 2))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


@pytest.fixture
def raw_samples(tmp_path):
    """A job with raw samples on disk."""
    from safetensors.torch import save_file

    save_file({"image": torch.tensor([1.0, 2.0, 3.0, 4.0])}, tmp_path / "raw")
    structure = {"kind": "dict", "items": [["image", {"kind": "tensor", "name": "image"}]]}
    return {"file": str(tmp_path / "raw"), "structure": structure, "library": "torch"}


def test_transform_is_run_on_the_raw_samples(functions, raw_samples, tmp_path):
    """The preprocessing function's results are written, nested, floats too."""
    from safetensors.torch import load_file

    structure = transforms.run(job(raw_samples, "some_transforms:scale"), str(tmp_path / "made"))
    made = load_file(tmp_path / "made")

    assert torch.allclose(made["x"], torch.tensor([0.1, 0.2, 0.3, 0.4]))
    assert made["mean"].item() == 2.5
    assert [key for key, _ in structure["items"]] == ["x", "mean"]


@pytest.mark.parametrize(("library", "kind"), [("torch", "Tensor"), ("numpy", "ndarray")])
def test_transform_gets_what_it_got_at_capture(functions, raw_samples, tmp_path, library, kind):
    """Raw samples that were numpy arrays are numpy arrays again."""
    structure = transforms.run({**job(raw_samples, "some_transforms:kind"), "library": library}, str(tmp_path / "made"))

    assert structure["items"][1] == ["was", {"kind": "plain", "value": kind}]


def test_transform_may_give_any_layout(functions, raw_samples, tmp_path):
    """An array in Fortran order is written by its values."""
    from safetensors.torch import load_file

    transforms.run(job(raw_samples, "some_transforms:grid"), str(tmp_path / "made"))

    assert load_file(tmp_path / "made")["value"].tolist() == [[1, 2], [3, 4]]


def test_steps_are_applied_one_after_another(functions, raw_samples, tmp_path):
    """Each step gets what the one before gave."""
    functions.twice = lambda made: made["x"] * 2
    transforms.run(job(raw_samples, "some_transforms:scale", "some_transforms:twice"), str(tmp_path / "made"))

    assert tensors.read_arrays(tmp_path / "made")["value"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8])


def test_an_object_is_made_of_its_class_and_arguments(functions, raw_samples, tmp_path):
    """Arrays among the arguments come from the file beside the recipe; what was set later is set again."""
    functions.Scaled = Scaled
    tensors.write(Writer(tmp_path), "state", {
        "init/kwargs/mean": tensors.of_array(np.ones(4)), "attributes/kwargs/shift": tensors.of_torch(torch.tensor([1.0] * 4)),
    })  # fmt: skip
    init = {"args": [], "kwargs": {"mean": "init/kwargs/mean", "std": 2.0}, "kinds": {"/kwargs/mean": "array"}}
    attributes = {"args": [], "kwargs": {"shift": "attributes/kwargs/shift"}, "kinds": {"/kwargs/shift": "tensor"}}
    step = {"form": "object", "entry": "some_transforms:Scaled", "init": init, "attributes": attributes}
    made = transforms.made({**step, "tensors": str(tmp_path / "state")})
    back = transforms.made({**step, "tensors": str(tmp_path / "state"), "method": "back"})

    assert type(made.mean) is np.ndarray
    assert type(made.shift) is torch.Tensor
    assert made({"image": torch.full((4,), 3.0)}).tolist() == [2, 2, 2, 2]
    assert back({"image": 2.0}) == 4


def test_a_module_has_its_state_and_is_in_evaluation_mode(functions, raw_samples, tmp_path):
    """Buffers are loaded strictly, and nothing is dropped at random."""
    functions.Norm = Norm
    tensors.write(Writer(tmp_path), "state", {"state/mean": tensors.of_array(np.ones(1, np.float32))})
    step = {"form": "object", "entry": "some_transforms:Norm", "init": {"args": [], "kwargs": {}}, "module": True}
    transforms.run({**raw_samples, "steps": [{**step, "tensors": str(tmp_path / "state")}]}, str(tmp_path / "made"))

    assert tensors.read_arrays(tmp_path / "made")["value"].tolist() == [0, 1, 2, 3]


def test_bound_arguments_come_before_the_samples(functions):
    """As a partial does: arguments by position first, keywords beside."""
    functions.mixed = lambda low, raw, high: (low, raw, high)
    call = {"args": [1], "kwargs": {"high": [3]}, "kinds": {"/kwargs/high": "tuple"}}

    assert transforms.made({"form": "function", "entry": "some_transforms:mixed", "call": call})("raw") == (
        1,
        "raw",
        (3,),
    )


@pytest.mark.parametrize("torch_is_there", [True, False])
def test_numpy_results_of_any_kind(tmp_path, monkeypatch, torch_is_there):
    """Arrays of either byte order, numbers of numpy's and Python's own are written, with torch and without."""
    if not torch_is_there:
        monkeypatch.setitem(sys.modules, "torch", None)
    found = {"a": np.array([1, 2], ">f4"), "b": np.float64(2), "c": 0.5, "d": np.array([[1, 2]], np.int8).T}
    transforms.save(found, str(tmp_path / "made"))
    made = tensors.read_arrays(tmp_path / "made")

    assert {name: array.tolist() for name, array in made.items()} == {"a": [1, 2], "b": 2, "c": 0.5, "d": [[1], [2]]}
    assert [made[name].dtype for name in "abcd"] == [np.float32, np.float64, np.float64, np.int8]


def test_arrays_of_words_and_sparse_matrices_are_plain():
    """Words become lists, sparse matrices dense arrays, whatever they are nested in."""
    sparse = pytest.importorskip("scipy.sparse")
    plain = raw_values.plain(
        {"words": np.array(["a", "b"]), "rows": (sparse.csr_matrix([[0, 2]]), np.array([None, 1], object))}
    )

    assert plain["words"] == ["a", "b"]
    assert plain["rows"][0].tolist() == [[0, 2]]
    assert plain["rows"][1] == [None, 1]
