"""Models that are plain functions of numpy arrays."""

from __future__ import annotations

import random
import sys
import types

import ml_dtypes
import numpy as np
import pytest

from reprobundle import tensors
from reprobundle.store import Writer
from reprobundle.worker import for_callable, runs, tree


@pytest.fixture
def source(monkeypatch):
    """A module of functions, as a bundle's source would define them."""
    module = types.ModuleType("for_callable_models")
    module.double = lambda x: x * 2
    module.maker = lambda factor, offset=0: lambda x: x * factor + offset
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def flattened(value):
    """Structure and leaves of inputs."""
    return tree.flatten(value, lambda leaf: isinstance(leaf, np.ndarray))


def init(*args, **kwargs) -> dict[str, object]:
    """Recorded arguments."""
    return {"args": list(args), "kwargs": kwargs}


def test_function_itself_without_arguments(source):
    """Without recorded arguments the name is the function itself."""
    found = for_callable.build({"entry": "for_callable_models:double", "init": init()})

    assert found is source.double
    assert for_callable.load(found, {}) == {}


def test_factory_with_arguments(source):
    """With recorded arguments the name is a factory."""
    function = for_callable.build({"entry": "for_callable_models:maker", "init": init(3, offset=1)})

    assert function(np.array([2])).tolist() == [7]


@pytest.mark.parametrize(
    ("inputs", "called"),
    [
        (np.zeros(1), "1 []"),
        ([np.zeros(1), 5], "2 []"),
        ((np.zeros(1), None, "m"), "3 []"),
        ({"x": np.zeros(1), "flag": True}, "0 ['x', 'flag']"),
    ],
)
def test_way_of_calling(inputs, called):
    """A mapping is passed as keywords, a sequence by position, anything else as one argument."""
    structure, _ = for_callable.call(lambda *args, **kwargs: f"{len(args)} {list(kwargs)}", *flattened(inputs))

    assert structure == {"kind": "plain", "value": called}


def test_inputs_are_not_touched():
    """A function that works in place spoils nothing that was handed to it."""
    given = np.ones(3)

    def in_place(x):
        x *= 0
        return x

    for_callable.call(in_place, *flattened(given))

    assert given.tolist() == [1, 1, 1]


def test_noise_is_drawn_from_a_fixed_seed():
    """A function that draws from a global generator gives the same every time."""

    def noisy(x):
        return [np.random.random(3), random.random()]

    runs = []
    for _ in range(2):
        random.random()
        runs.append(for_callable.call(noisy, *flattened(np.zeros(1)))[1])

    assert all(np.array_equal(runs[0][name], runs[1][name]) for name in ("0", "1"))


def test_outputs_are_arrays_of_their_own():
    """Scalars become 0-d arrays, any layout becomes C order, and no output shares memory with another."""

    def outputs(x):
        return {"same": x, "again": x, "f": x.T, "np": np.float32(2), "float": 0.5, "int": 3}

    structure, found = for_callable.call(outputs, *flattened(np.arange(6.0).reshape(2, 3)))

    assert list(found) == ["same", "again", "f", "np", "float"]
    assert found["f"].flags["C_CONTIGUOUS"]
    assert found["np"].dtype == np.float32
    assert (found["float"].shape, found["float"].dtype) == ((), np.float64)
    assert not np.shares_memory(found["same"], found["again"])
    assert structure["items"][-1] == ["int", {"kind": "plain", "value": 3}]


def written(folder, name, arrays):
    """Write arrays to a file and give its path."""
    tensors.write(Writer(folder), name, {key: tensors.of_array(value) for key, value in arrays.items()})
    return str(folder / name)


def test_run_reads_and_writes_files(tmp_path):
    """Inputs come from a file, outputs go to one, their structure is given."""
    file = written(tmp_path, "in", {"value": np.array([1.5, -2.0], np.float32)})
    job = {"inputs": {"file": file, "structure": {"kind": "tensor", "name": "value"}}}
    structure = runs.first(lambda x: {"y": x * 2}, for_callable, job, None, str(tmp_path / "out"))["structure"]
    made = tensors.read_arrays(tmp_path / "out")

    assert structure == {"kind": "dict", "items": [["y", {"kind": "tensor", "name": "y"}]]}
    assert made["y"].tolist() == [3.0, -4.0]
    assert made["y"].dtype == np.float32


@pytest.mark.parametrize(
    "array",
    [
        np.array([True, False]),
        np.array([1, 2], np.uint16),
        np.array(7, np.int8),
        np.zeros((0, 3), np.float64),
        np.array([1 + 2j], np.complex64),
        np.array([1.5], np.float16),
        np.array([1.5, 2], ">f4"),
        np.array([1.5], ml_dtypes.bfloat16),
    ],
    ids=lambda array: array.dtype.str + str(array.shape),
)
def test_any_dtype_goes_through_the_files(tmp_path, array):
    """An array of any dtype that safetensors holds comes out as it went in."""
    file = written(tmp_path, "in", {"value": array})
    job = {"inputs": {"file": file, "structure": {"kind": "tensor", "name": "value"}}}
    runs.first(lambda x: x, for_callable, job, None, str(tmp_path / "out"))
    made = tensors.read_arrays(tmp_path / "out")["value"]

    assert made.dtype == array.dtype.newbyteorder("<")
    assert made.shape == array.shape
    assert made.tobytes() == array.astype(made.dtype).tobytes()
