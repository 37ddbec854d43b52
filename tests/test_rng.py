"""Random generators: left as they were, whatever is drawn and raised in between."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reprobundle import rng

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
