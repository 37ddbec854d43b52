"""What a transform reads besides its arguments, as far as its own code and source show it."""

from __future__ import annotations

import functools
import importlib
import sys

import pytest

from reprobundle.components import preprocessing
from reprobundle.components.interface import Source, Stage
from reprobundle.components.preprocessing import Preprocessing
from reprobundle.store import Writer

SOURCE = '''
import math

MEAN, STD = 0.5, 2.0
TABLE = {"a": [1, 2]}
LAST = None
ROOT = math.sqrt(4)
SIZE: int = 8
SEVERAL = 1
SEVERAL = 2
if MEAN:
    BRANCH = 1
try:
    from math import tau as TAU
except ImportError:
    TAU = 6
if __name__ == "__main__":
    GUARDED = 3


def plain(x):
    return (x - MEAN) / STD + ROOT + SIZE + SEVERAL + BRANCH + math.pi + TAU + len(TABLE)


def last(x):
    return LAST


def guarded(x):
    return x * GUARDED


def nested(x):
    return [plain(one) for one in x] + [(lambda: SIZE)()]


def scaled(x, by):
    return x * by


class Scaler:
    """An object that can be called."""

    scale = 1.0
    names = ("a",)

    def __call__(self, x):
        return x * self.scale

    def shifted(self, x):
        return self(x) + SIZE
'''
HINT = "hand it over with functools.partial, or as an argument of an object, so that it is recorded"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module of the person's own, freshly imported."""
    (tmp_path / "its_own.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module("its_own")
    del sys.modules["its_own"]


def notes(transform, tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir(exist_ok=True)
    stage = Stage(Writer(folder))
    preprocessing.capture(Source(model=None, preprocessing=Preprocessing(transform=transform)), stage)
    return [(one.message, one.hint) for one in stage.notes if one.message.startswith("the transform reads")]


def told(what):
    return [(f"the transform reads {what}, which is not as the source says: a replay gives it that value", HINT)]


def test_constants_that_are_as_their_source_says_are_no_note(module, tmp_path):
    """No false alarm for what is bound to literals, computed, bound twice or in a branch, or imported."""
    module.ROOT, module.SEVERAL, module.BRANCH = 5.0, 7, 9  # what the source says of these is not plain
    things = [module.plain, module.last, module.nested, module.Scaler(), module.Scaler().shifted, "its_own:plain", len]

    assert [notes(thing, tmp_path) for thing in things] == [[]] * len(things)


@pytest.mark.parametrize(
    ("name", "value"), [("MEAN", 0.25), ("STD", 2), ("SIZE", 9), ("TABLE", {"a": [1, 3]}), ("TABLE", None)]
)
def test_a_global_that_was_set_is_named(module, tmp_path, name, value):
    """Set from outside or changed in place, with another value or another type; its value is not told."""
    setattr(module, name, value)

    assert notes(module.plain, tmp_path) == told(f"'its_own.{name}'")
    assert notes("its_own:plain", tmp_path) == notes([module.plain, module.last], tmp_path) == told(f"'its_own.{name}'")
    assert notes(module.nested, tmp_path) == told(f"'its_own.{name}'")


def test_what_the_training_keeps_in_a_global_is_named(module, tmp_path):
    """A name that the source binds to None, and one that only a main guard binds."""
    module.LAST, module.GUARDED = object(), 3

    assert notes(module.last, tmp_path) == told("'its_own.LAST'")
    assert notes(module.guarded, tmp_path) == told("'its_own.GUARDED'")


def test_a_value_of_the_class_is_named(module, tmp_path):
    """Of an object its class is looked at, unless the object has a value of its own."""
    module.Scaler.scale = 3.0
    own = module.Scaler()
    own.scale = 3.0

    assert notes(module.Scaler(), tmp_path) == notes(module.Scaler().shifted, tmp_path) == told("'Scaler.scale'")
    assert notes(own, tmp_path) == []


def test_a_partial_is_looked_through_and_what_it_binds_is_recorded(module, tmp_path):
    """That is the way out which the note names."""
    module.SIZE = 9

    assert notes(functools.partial(module.plain), tmp_path) == told("'its_own.SIZE'")
    assert notes(functools.partial(module.scaled, by=module.SIZE), tmp_path) == []


def test_several_names_are_told_in_one_note(module, tmp_path):
    """Sorted, the first few by name."""
    module.MEAN, module.STD, module.SIZE, module.TABLE = 1, 1, 1, 1
    ((message, _),) = notes(module.plain, tmp_path)

    assert message == (
        "the transform reads 'its_own.MEAN', 'its_own.SIZE', 'its_own.STD' and 1 more, which are not as the source says: "
        "a replay gives them that value"
    )
