"""seed_everything: what it sets, what it says it could not set, and what it leaves alone."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import numpy as np
import pytest
import torch

import reprobundle
from reprobundle import rng, seeding

VARIABLES = ("PYTHONHASHSEED", "PL_GLOBAL_SEED", "PL_SEED_WORKERS", "CUBLAS_WORKSPACE_CONFIG")


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Nothing of these tests stays in the process."""
    for name in VARIABLES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(seeding, "_remembered", [])
    with rng.kept():
        yield
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False


def draws():
    return random.random(), float(np.random.random()), float(torch.rand(()))


def test_every_generator_is_seeded():
    """The same seed gives the same numbers of each library, and what was done is remembered."""
    made = reprobundle.seed_everything(3)
    first = draws()
    again = reprobundle.seed_everything(np.int64(3))

    assert draws() == first
    assert made.generators == ("python", "numpy", "torch")
    assert (made.seed, made.workers, made.deterministic) == (3, True, "no")
    assert made.variables == {"PL_GLOBAL_SEED": "3", "PL_SEED_WORKERS": "1", "PYTHONHASHSEED": "3"}
    assert made.not_set == ("PYTHONHASHSEED: holds for child processes; this one began without it",)
    assert again == made
    assert seeding.latest() is again
    assert {name: os.environ[name] for name in made.variables} == made.variables


def test_a_process_that_began_with_the_hash_seed():
    """Where the variable was there from the start it is in force, and nothing is missing."""
    script = "import numpy, torch, reprobundle; print(reprobundle.seed_everything(7).not_set)"
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)

    assert done.stdout == "()\n"


def test_no_library_is_loaded_to_be_seeded():
    """What is not loaded stays so, and the answer says it."""
    script = (
        "import sys, reprobundle; made = reprobundle.seed_everything(1, deterministic=True)\n"
        "print({'numpy', 'torch'} & set(sys.modules), made.deterministic, *made.not_set[1:], sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == [
        "set()",
        "no",
        "numpy: was not loaded yet",
        "torch: was not loaded yet",
        "deterministic algorithms: torch was not loaded yet",
    ]


@pytest.mark.parametrize(("asked", "said", "warns"), [(True, "yes", False), ("warn", "warn", True)])
def test_deterministic_algorithms(asked, said, warns):
    """torch and cuDNN are told, and cuBLAS by its variable."""
    torch.backends.cudnn.benchmark = True
    made = reprobundle.seed_everything(1, deterministic=asked)

    assert made.deterministic == said
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.is_deterministic_algorithms_warn_only_enabled() is warns
    assert (torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark) == (True, False)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"


def test_a_person_s_own_choice_for_cublas_stays(monkeypatch):
    """The smaller workspace is deterministic as well."""
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    made = reprobundle.seed_everything(1, deterministic=True)

    assert "CUBLAS_WORKSPACE_CONFIG" not in made.variables
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


@pytest.mark.parametrize("seed", [-1, 2**32, True])
def test_seeds_out_of_bounds(seed):
    """A seed that one of the libraries does not take is refused, and nothing is seeded."""
    before = rng.states()
    with pytest.raises(reprobundle.UsageError) as caught:
        reprobundle.seed_everything(seed)

    assert str(caught.value) == f"seed: expected a whole number from 0 to 4294967295, found {seed}"
    assert caught.value.hint == "give a whole number from 0 to 4294967295"
    assert rng.states() == before


def test_a_seed_that_is_no_number():
    """A text is no seed."""
    with pytest.raises(reprobundle.UsageError) as caught:
        reprobundle.seed_everything("3")

    assert str(caught.value) == "seed: expected a whole number, found '3'"


class Drawn(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.tensor([random.random(), float(np.random.random()), float(torch.rand(()))])


@pytest.mark.slow
def test_workers_of_a_loader():
    """The workers of a loader draw the same numbers each time, and no two workers the same."""

    def loaded():
        own = torch.Generator().manual_seed(5)
        loader = torch.utils.data.DataLoader(
            Drawn(), num_workers=2, worker_init_fn=reprobundle.seed_worker, generator=own
        )
        return torch.cat(list(loader))

    first = loaded()

    assert torch.equal(loaded(), first)
    assert len(set(first[:, 0].tolist())) == 4
