"""A training that was cut in two and continued in another process, against the same training in one go."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from projects import make_project, python

LEARNING = '''
"""Training with dropout, batch statistics and shuffling."""
import torch
from torch import nn

KINDS = {
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.01),
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.01, momentum=0.9),
    "amsgrad": lambda groups: torch.optim.AdamW(groups, lr=0.01, amsgrad=True),
}


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 3))


def made(kind):
    model = Net()
    groups = [{"params": model[0].parameters(), "lr": 0.02}, {"params": [*model[1].parameters(), *model[4].parameters()]}]
    optimizer = KINDS[kind](groups)
    return model, optimizer, torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20)


def samples():
    own = torch.Generator().manual_seed(0)
    return torch.utils.data.TensorDataset(
        torch.randn(80, 6, generator=own), torch.randint(0, 3, (80,), generator=own)
    )


def train(model, optimizer, scheduler, epochs):
    """Five steps an epoch."""
    for _ in range(epochs):
        for x, y in torch.utils.data.DataLoader(samples(), batch_size=16, shuffle=True):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            scheduler.step()


def digits(model):
    return [value.double().sum().item().hex() for value in model.state_dict().values()] + [
        value.flatten()[-1].item().hex() for value in model.state_dict().values() if value.is_floating_point()
    ]
'''
FIRST = """
import sys

import learning

import reprobundle

if __name__ == "__main__":
    whole = {}
    for kind in learning.KINDS:
        reprobundle.seed_everything(3)
        parts = learning.made(kind)
        learning.train(*parts, epochs=4)
        whole[kind] = learning.digits(parts[0])
        reprobundle.seed_everything(3)
        model, optimizer, scheduler = learning.made(kind)
        learning.train(model, optimizer, scheduler, epochs=2)
        reprobundle.capture(
            f"{sys.argv[1]}/{kind}",
            model=model,
            optimizer=optimizer,
            scheduler=scheduler,
            resumable=True,
            budget=0,
            proof=False,
            quiet=True,
        )
    print(whole)
"""
SECOND = """
import sys

import learning

import reprobundle

if __name__ == "__main__":
    rest = {}
    for kind in learning.KINDS:
        model, optimizer, scheduler = learning.made(kind)
        reprobundle.resume(f"{sys.argv[1]}/{kind}", model=model, optimizer=optimizer, scheduler=scheduler)
        learning.train(model, optimizer, scheduler, epochs=2)
        rest[kind] = learning.digits(model)
    print(rest)
"""


@pytest.mark.slow
def test_a_continued_training_is_the_same_training(tmp_path: Path) -> None:
    """Ten steps, a capture, a new process and ten more steps give the weights of twenty steps, bit for bit."""
    project = make_project(tmp_path / "project", learning=LEARNING, first=FIRST, second=SECOND)
    first = python("-W", "ignore", "first.py", str(tmp_path), cwd=project)
    second = python("-W", "ignore", "second.py", str(tmp_path), cwd=project)
    whole, rest = ast.literal_eval(first.stdout), ast.literal_eval(second.stdout)

    assert sorted(whole) == ["adam", "amsgrad", "sgd"]
    assert rest == whole
    assert len({str(weights) for weights in whole.values()}) == 3
