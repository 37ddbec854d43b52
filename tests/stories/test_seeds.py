"""The seeds in the bundle are those of the training, whatever a capture seeds itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import reprobundle
from reprobundle import rng, seeding
from reprobundle.components.hyperparameters import generators

ROWS = np.arange(12.0).reshape(6, 2)


def cut(count: int, seed: int) -> dict[str, list[int]]:
    """Draw from the global generators, as people do."""
    order = torch.randperm(count).tolist()
    return {"train": order[:4], "test": order[4:]}


def prepared(raw: torch.Tensor) -> torch.Tensor:
    """Draw, too."""
    return raw + torch.rand(1)


@pytest.mark.parametrize("seed", [1234, None])
def test_seeds_are_those_at_the_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int | None) -> None:
    """Splitting and preprocessing seed generators to be repeatable: neither the record nor a note is about that."""
    monkeypatch.setattr(seeding, "_remembered", [])
    with rng.kept():
        torch.manual_seed(seed) if seed else torch.seed()
        model = torch.nn.Linear(2, 1)
        before, chosen = rng.states(), torch.initial_seed()
        captured = reprobundle.capture(
            tmp_path / "bundle",
            model=model,
            inputs=torch.ones(1, 2),
            splits={"all rows": ROWS},
            splitting=reprobundle.Splitting(cut, ROWS, seed=7),
            preprocessing=reprobundle.Preprocessing(transform=prepared, samples=torch.ones(1, 2)),
            project=tmp_path,
            budget=0,
            proof=False,
        )
        after = rng.states()
    recorded = json.loads((captured.path / "manifest.json").read_bytes())["hyperparameters"]

    assert recorded["seeds"]["torch"] == chosen
    assert generators.read(captured.path / recorded["generators"]["file"], 0)["torch"] == before["torch"]
    assert after == before
    told = [note.message for note in captured.notes if "seed" in note.message and note.kind == "hyperparameters"]
    assert told == ([] if seed else [f"training was not seeded: torch drew its seed by chance, {chosen}"])


def test_what_seed_everything_did_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that torch was seeded again when only the capture did it."""
    monkeypatch.setattr(seeding, "_remembered", [])
    for name in ("PYTHONHASHSEED", "PL_GLOBAL_SEED", "PL_SEED_WORKERS"):
        monkeypatch.setenv(name, "")  # so that what is set meanwhile goes again
    with rng.kept():
        reprobundle.seed_everything(3)
        captured = reprobundle.capture(
            tmp_path / "bundle",
            model=torch.nn.Linear(2, 1),
            inputs=torch.ones(1, 2),
            splitting=reprobundle.Splitting(cut, ROWS, seed=7),
            project=tmp_path,
            budget=0,
            proof=False,
        )

    assert captured.manifest.hyperparameters.seeds["torch"] == 3
    assert [note.message for note in captured.notes if "seeded again" in note.message] == []
