"""The states of the random generators in a bundle: as tensors, by rank, without pickle."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from reprobundle import rng
from reprobundle.components import hyperparameters
from reprobundle.components.hyperparameters import generators
from reprobundle.components.interface import Source, Stage
from reprobundle.errors import RefusedInputError
from reprobundle.store import Writer
from reprobundle.tensors import read_arrays

GATHER = "call reprobundle.generator_states() on every rank and hand it over: capture(generators=…)"


@pytest.fixture(autouse=True)
def seeded():
    with rng.kept():
        random.seed(1)
        np.random.seed(2)
        torch.manual_seed(3)
        yield


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


def take(stage, **given):
    return hyperparameters.capture(Source(model=None, **given), stage).generators


def test_every_state_is_a_tensor(stage):
    """Python's and numpy's twister are 625 words, a normal number held back is a float64, torch's state is bytes."""
    random.gauss(0, 1)
    section = take(stage, generators={0: rng.states()})
    found = read_arrays(stage.root / section.file)

    assert section == hyperparameters.Generators(file="replay/rng.safetensors", ranks=(0,), of=1)
    assert {name: (str(array.dtype), array.shape) for name, array in found.items()} == {
        "rank0/numpy": ("uint32", (625,)),
        "rank0/python": ("uint32", (625,)),
        "rank0/python.gauss": ("float64", (1,)),
        "rank0/torch": ("uint8", (5056,)),
    }
    assert found["rank0/python"].tolist() == list(random.getstate()[1])
    assert found["rank0/python.gauss"].tolist() == [random.getstate()[2]]


def test_the_states_of_every_rank(stage):
    """Each rank has its own, and what is read back is what was written."""
    first = rng.states()
    random.random()
    second = rng.states()
    section = take(stage, generators={0: first, 3: second})

    assert (section.ranks, section.of) == ((0, 3), 4)
    assert generators.read(stage.root / section.file, 0) == first
    assert generators.read(stage.root / section.file, 3) == second
    assert generators.read(stage.root / section.file, 1) == {}


def test_equal_states_make_equal_files(tmp_path):
    """Two captures of one state write the same bytes."""
    states = {0: rng.states()}
    written = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        stage = Stage(Writer(tmp_path / name))
        written.append((tmp_path / name / take(stage, generators=states).file).read_bytes())

    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (5, "AttributeError: 'int' object has no attribute 'items'"),
        ({"0": {}}, "TypeError: expected states by rank, found the key '0'"),
        ({0: {"python": b"x"}}, "RefusedInputError: generator 'python': expected 2500 bytes, found 1"),
        ({0: {"mine": b"x"}}, "RefusedInputError: generator 'mine': is not known"),
    ],
)
def test_what_is_no_state_is_a_note(stage, given, reason):
    """States that cannot be ones leave the capture whole: nothing is written, and the note says how to get them."""
    assert take(stage, generators=given) is None
    assert [(note.message, note.hint) for note in stage.notes] == [
        (f"the states of the random generators are not recorded: {reason}", GATHER)
    ]
    assert stage.writer.entries == ()


def test_nothing_of_a_process_that_did_not_train(stage):
    """Where the weights come from a file, this process's generators say nothing about them."""
    assert take(stage, trained_here=False, generators={0: rng.states()}) is None


def test_a_state_of_another_dtype_is_refused(stage):
    """A reader takes a state for what it must be, not for what a file calls it."""
    section = take(stage, generators={0: rng.states()})
    path = stage.root / section.file
    path.write_bytes(path.read_bytes().replace(b'"rank0/torch":{"dtype":"U8"', b'"rank0/torch":{"dtype":"I8"'))
    with pytest.raises(RefusedInputError) as caught:
        generators.read(path, 0)

    assert str(caught.value) == "rng.safetensors: tensor 'rank0/torch': expected U8 in one dimension"
