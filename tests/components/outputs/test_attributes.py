"""What a forward pass changes among a model's plain attributes cannot be put back, so it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from reprobundle.components.interface import Stage  # noqa: E402  needs torch
from reprobundle.components.outputs import attributes  # noqa: E402
from reprobundle.store import Writer  # noqa: E402


class Keeping(torch.nn.Module):  # type: ignore[misc]  # torch was imported by name
    """Keeps values of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.seen: list[int] = []
        self.nan = float("nan")
        self.ready = False
        self.cache = None
        self.same = "text"

    def forward(self, x: Any) -> Any:
        """Change most of them."""
        self.calls += 1
        self.seen.append(1)
        self.ready = True
        self.cache = x
        self.late = 1
        self.train()
        return x


def told(model: Any, folder: Path) -> list[tuple[str, str | None]]:
    """The notes of one forward pass."""
    stage, before = Stage(Writer(folder)), attributes.marks(model)
    model(torch.ones(1))
    attributes.note(before, model, stage)
    return [(note.message, note.hint) for note in stage.notes]


def test_counters_and_growing_lists_are_named_with_their_module(tmp_path: Path) -> None:
    """A cache, a flag and what is set for the first time are found by the next pass as this one left them."""
    assert told(torch.nn.Sequential(Keeping(), torch.nn.ReLU()), tmp_path) == [
        (
            "the forward pass changes what your model keeps as plain attributes, and it stays changed: "
            "'0.calls', '0.seen'",
            "a buffer is recorded and put back; an attribute is neither",
        )
    ]


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_a_model_that_changes_nothing_has_no_note(tmp_path: Path) -> None:
    """Nor has a scripted one, which keeps its attributes elsewhere."""
    assert told(torch.nn.Linear(1, 1), tmp_path) == []
    assert attributes.marks(torch.jit.trace(torch.nn.ReLU(), torch.ones(1))) == {}
