"""Seeds: those in force, those that nobody chose, and what seed_everything did."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

import reprobundle
from reprobundle import rng, seeding
from reprobundle.components import hyperparameters
from reprobundle.components.interface import Begun, Source, Stage
from reprobundle.store import Writer


@pytest.fixture
def stage(tmp_path):
    with rng.kept():
        yield Stage(Writer(tmp_path))


@pytest.fixture
def nothing_seeded(monkeypatch):
    monkeypatch.setattr(seeding, "_remembered", [])


def notes(stage):
    return [(note.message, note.hint) for note in stage.notes]


def test_seeds_in_force(stage, monkeypatch):
    """The seeds in force are recorded and no generator moves; a variable of another form is not recorded."""
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PL_GLOBAL_SEED", "$(secret)")
    torch.manual_seed(1234)
    state = torch.random.get_rng_state()
    section = hyperparameters.capture(Source(model=None), stage)

    assert section.seeds == {"torch": 1234, "PYTHONHASHSEED": "7"}
    assert torch.equal(torch.random.get_rng_state(), state)


def test_seeds_at_the_start_of_training(stage):
    """What begin noted stands beside what is in force at the end."""
    run = Begun(commit=None, sources={}, splits={}, seeds={"torch": 5})
    section = hyperparameters.capture(Source(model=None, run=run), stage)

    assert section.seeds_at_begin == {"torch": 5}


def test_begin_notes_the_seeds(tmp_path):
    """The seeds in force are noted when training begins, and no generator moves."""
    with rng.kept():
        torch.manual_seed(11)
        state = rng.states()
        begun = reprobundle.begin(project=tmp_path)

        assert begun.seeds["torch"] == 11
        assert rng.states() == state


def test_a_training_that_nobody_seeded(stage, nothing_seeded):
    """A seed that torch drew by chance is told, with the way out."""
    drawn = torch.seed() | 2**63
    torch.manual_seed(drawn)
    hyperparameters.capture(Source(model=torch.nn.Linear(1, 1)), stage)

    assert notes(stage) == [
        (
            f"training was not seeded: torch drew its seed by chance, {drawn}",
            "call reprobundle.seed_everything(SEED) first of all in the script",
        )
    ]


@pytest.mark.parametrize("given", [{"trained_here": False}, {"model": len}])
def test_who_did_not_train_here_is_not_told(stage, nothing_seeded, given):
    """A model that this process only read, or that is no torch module, has no seed that is missing."""
    torch.manual_seed(2**63)
    hyperparameters.capture(Source(**{"model": torch.nn.Linear(1, 1), **given}), stage)

    assert notes(stage) == []


def test_a_seed_of_the_persons_own(stage, nothing_seeded):
    """Whoever seeds torch by hand is told nothing."""
    torch.manual_seed(2**32 - 1)
    hyperparameters.capture(Source(model=torch.nn.Linear(1, 1)), stage)

    assert notes(stage) == []


def test_seeded_again(stage, monkeypatch):
    """A seed that torch was given after seed_everything is told."""
    made = seeding.Seeding(
        seed=3, generators=("python", "torch"), variables={}, workers=True, deterministic="no", not_set=()
    )
    monkeypatch.setattr(seeding, "_remembered", [made])
    torch.manual_seed(4)
    section = hyperparameters.capture(Source(model=torch.nn.Linear(1, 1)), stage)

    assert section.seeding == made
    assert notes(stage) == [("torch was seeded again after seed_everything(3): its seed is now 4", None)]


def test_torch_came_too_late():
    """Where torch was loaded after seed_everything, the capture says that it was not seeded."""
    script = (
        "import reprobundle; made = reprobundle.seed_everything(3); import torch, pathlib, tempfile\n"
        "from reprobundle.components import hyperparameters\n"
        "from reprobundle.components.interface import Source, Stage\n"
        "from reprobundle.store import Writer\n"
        "stage = Stage(Writer(pathlib.Path(tempfile.mkdtemp())))\n"
        "hyperparameters.capture(Source(model=torch.nn.Linear(1, 1)), stage)\n"
        "print(made.generators, [(note.message, note.hint) for note in stage.notes])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    told = "seed_everything(3) did not seed torch, which was not loaded yet"

    assert done.stdout == f"('python',) [({told!r}, 'import torch before it')]\n"
