"""Which classes and functions a replay has to find again."""

from __future__ import annotations

import dataclasses

import pytest

from reprobundle.components.code.objects import Named, objects_of
from reprobundle.components.interface import Source


@dataclasses.dataclass
class Config:
    hidden: int


class Net:
    def __init__(self, config, kept=None):
        self.kept = kept


NET, CONFIG = Named(__name__, "Net"), Named(__name__, "Config")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"init": {"config": Config(1)}}, {NET, CONFIG}),
        ({"hyperparameters": Config(1)}, {NET, CONFIG}),
        ({"hyperparameters": {"config": [Config(1)]}}, {NET, CONFIG}),
        ({"hyperparameters": {"config": 1, "other": Config(1)}}, {NET}),
        ({"model": Net(1, kept=Config(1))}, {NET, CONFIG}),
        ({"hyperparameters": {"config": 1}}, {NET}),
    ],
)
def test_classes_of_the_arguments_are_needed_too(given, expected):
    """A dataclass that the constructor is called with must be importable; one it never sees need not."""
    assert set(objects_of(Source(**{"model": Net(1), **given}))) == expected
