"""Random generators: left as they were, whatever is drawn and raised in between."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reprobundle import rng
from reprobundle.errors import RefusedInputError

ROOT = Path(__file__).resolve().parents[1]


def draws() -> tuple[float, float, float]:
    """The next number of each generator."""
    import torch

    return random.random(), float(np.random.random()), float(torch.rand(()))


def test_every_generator_goes_on_as_if_nothing_had_been():
    """After the block each generator gives what it would have given without it."""
    import torch

    random.seed(1)
    np.random.seed(2)
    torch.manual_seed(3)
    expected = draws()
    random.seed(1)
    np.random.seed(2)
    torch.manual_seed(3)
    with rng.kept():
        random.gauss(0, 1)
        np.random.standard_normal(7)
        torch.randn(5)
        torch.manual_seed(99)

    assert draws() == expected


def test_half_used_normal_numbers_are_kept_too():
    """The second of a pair of normal numbers, which generators hold back, is not lost."""
    random.seed(1)
    random.gauss(0, 1)
    np.random.seed(2)
    np.random.standard_normal()
    states = random.getstate(), np.random.get_state()
    with rng.kept():
        random.gauss(0, 1)
        np.random.standard_normal()

    assert random.getstate() == states[0]
    assert all(np.array_equal(one, other) for one, other in zip(np.random.get_state(), states[1], strict=True))


def test_an_exception_passes_and_restores():
    """When the block raises, the generators are restored all the same."""
    random.seed(1)
    expected = random.random()
    random.seed(1)
    with pytest.raises(ValueError, match="mine"), rng.kept():
        random.random()
        raise ValueError("mine")

    assert random.random() == expected


def test_nothing_is_imported_for_it():
    """A library that is not there yet is not loaded, and one loaded meanwhile is no error."""
    code = (
        "import sys\n"
        "from reprobundle import rng\n"
        "with rng.kept():\n"
        "    assert not {'numpy', 'torch'} & set(sys.modules)\n"
        "with rng.kept():\n"
        "    import numpy\n"
    )
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.stderr == ""
    assert finished.returncode == 0


def test_states_are_bytes_that_lead_back():
    """States put back in another order of events give the same numbers, normal ones that were held back included."""
    random.seed(1)
    np.random.seed(2)
    random.gauss(0, 1)
    np.random.standard_normal()
    with rng.kept() as states:
        expected = draws(), random.gauss(0, 1), float(np.random.standard_normal())
        random.seed(9)
        np.random.standard_normal(3)
        absent = rng.restore(states)

        assert (draws(), random.gauss(0, 1), float(np.random.standard_normal())) == expected
        assert absent == ()
        assert {"python.gauss", "numpy.gauss"} <= set(states)
        assert all(type(state) is bytes for state in states.values())


def test_a_device_that_is_not_here_is_named():
    """A state of a device that this machine lacks is left, and its name given back."""
    with rng.kept():
        assert rng.restore({"cuda/63": bytes(16), "python": rng.states()["python"]}) == ("cuda/63",)


@pytest.mark.parametrize(
    ("strange", "message"),
    [
        ({"python": b"short"}, "generator 'python': expected 2500 bytes, found 5"),
        ({"numpy": bytes(2496) + b"\xff\0\0\1"}, "generator 'numpy': its position is beyond its 624 words"),
        ({"numpy.gauss": b""}, "generator 'numpy.gauss': expected 8 bytes, found 0"),
        ({"cuda": b""}, "generator 'cuda': is not known"),
        ({"cuda/x": b""}, "generator 'cuda/x': is not known"),
    ],
)
def test_strange_states_are_refused(strange, message):
    """What cannot be a state of its generator is refused before anything is changed."""
    before = rng.states()
    with pytest.raises(RefusedInputError) as caught:
        rng.restore({"python": bytes(2496) + b"\x70\2\0\0", **strange})

    assert str(caught.value) == message
    assert rng.states() == before


def test_what_torch_refuses_changes_nothing():
    """A state that only torch can judge is refused by torch, and the others are taken back."""
    random.seed(5)
    with rng.kept() as before:
        with pytest.raises(RefusedInputError) as caught:
            rng.restore({"python": bytes(2496) + b"\x70\2\0\0", "torch": bytes(5056)})

        assert str(caught.value).startswith("generator 'torch': torch refuses its state: ")
        assert rng.states() == before


def test_states_are_tried_before_any_generator_is_touched():
    """Torch judges a state on a generator that is thrown away, so that looking changes nothing."""
    with rng.kept() as before:
        rng.refuse_unfit(before)
        with pytest.raises(RefusedInputError) as caught:
            rng.refuse_unfit({**before, "torch": bytes(5056)})

        assert str(caught.value).startswith("generator 'torch': torch refuses its state: ")
        assert rng.states() == before


def test_another_kind_of_generator_in_numpys_place():
    """Where somebody gave numpy's global functions another generator, it is kept but not taken down as a twister."""
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(np.random.PCG64(1))
        with rng.kept() as states:
            first = np.random.random()

        assert np.random.random() == first
        assert "numpy" not in states
    finally:
        np.random.set_bit_generator(before)


def test_one_process_is_rank_zero_of_one():
    """Without distributed training there is one rank."""
    assert (rng.rank(), rng.ranks()) == (0, 1)
