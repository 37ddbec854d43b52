"""A forward pass at capture leaves the person's model as it was."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from reprobundle.components import model, outputs  # noqa: E402  needs torch
from reprobundle.components.interface import Source, Stage  # noqa: E402
from reprobundle.store import Writer  # noqa: E402


class Counting(torch.nn.Module):
    """Changes itself in every way there is."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))
        self.register_buffer("in_place", torch.zeros(1))
        self.register_buffer("unseen", torch.zeros(1))
        self.register_buffer("anew", torch.zeros(1))
        self.register_buffer("lazy", None)
        self.register_buffer("still", torch.tensor(float("nan")))

    def forward(self, x):
        self.in_place += 1
        self.unseen.data.add_(1)
        self.anew = self.anew + 1
        self.lazy = x
        self.weight.data.mul_(1)
        self.weight.mul_(2)
        return x * self.weight + self.anew


class Scripted(torch.nn.Module):
    """Changes itself in the ways that TorchScript knows."""

    def __init__(self):
        super().__init__()
        self.register_buffer("in_place", torch.zeros(1))
        self.register_buffer("anew", torch.zeros(1))

    def forward(self, x):
        self.in_place += 1
        self.anew = self.anew + 1
        return x + self.anew


def captured(given, tmp_path):
    """The notes of outputs, after the parts that a forward pass needs."""
    stage = Stage(Writer(tmp_path))
    source = Source(model=given, inputs=torch.ones(2))
    for part in (model, outputs):
        stage.sections[part.NAME] = part.capture(source, stage)
    return [note.message for note in stage.notes if note.kind == "outputs"]


def test_every_change_is_undone(tmp_path):
    """In place, past torch's counter, by a new tensor, by the first one; parameters come back from the bundle."""
    made = Counting()
    tensors = dict(made.named_buffers()), dict(made.named_parameters())
    notes = captured(made, tmp_path)

    assert all(float(value.detach().sum()) == 0 for name, value in made.named_buffers() if name != "still")
    assert made.weight.tolist() == [1, 1]
    assert made.lazy is None
    assert all(found[name] is getattr(made, name) for found in tensors for name in found)
    assert notes == [
        "the forward pass changes the model itself: 'in_place', 'unseen', 'anew', 'lazy', 'weight'; "
        "recorded is the state before it"
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_module_too(tmp_path):
    """Its buffers are no dictionary of Python's."""
    made = torch.jit.script(Scripted())
    made(torch.ones(2))
    notes = captured(made, tmp_path)

    assert (int(made.in_place), int(made.anew)) == (1, 1)
    assert notes == ["the forward pass changes the model itself: 'in_place', 'anew'; recorded is the state before it"]


def test_a_model_that_does_not_change_is_not_told(tmp_path):
    """Nothing is said, and nothing is read back."""
    assert captured(torch.nn.Linear(2, 2), tmp_path) == []
