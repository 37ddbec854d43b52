"""Objects made of named parts, taken apart and made again."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import enum
import types
from collections import namedtuple
from typing import Optional, Union

import numpy as np
import pydantic
import pytest

from reprobundle import parts


@dataclasses.dataclass(frozen=True)
class Inner:
    depth: int = 1


@dataclasses.dataclass
class Config:
    width: int
    inner: Inner = Inner()
    area: int = dataclasses.field(init=False, default=0)


class Settings(pydantic.BaseModel):
    rate: float = 0.1


class Colour(enum.Enum):
    RED = 1


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Config(3), {"width": 3, "inner": Inner()}),
        (Point(1, 2), {"x": 1, "y": 2}),
        (argparse.Namespace(a=1), {"a": 1}),
        (types.SimpleNamespace(a=1), {"a": 1}),
        (Settings(rate=0.5), {"rate": 0.5}),
        (Config, None),
        ((1, 2), None),
        ({"a": 1}, None),
        (object(), None),
    ],
)
def test_parts_are_what_the_class_is_called_with(value, expected):
    """Calling the class with the parts makes an equal object; what is no such object has none."""
    found = parts.parts_of(value)

    assert found == expected
    assert found is None or type(value)(**found) == value


def test_what_a_value_needs_is_found_inside_it():
    """Classes of objects, members' classes, and classes and functions themselves, outer ones first."""
    value = {"a": [Config(3, Inner(2))], "b": (Colour.RED, {print}), "c": {"d": Settings}}

    assert list(parts.named_in(value)) == [Config, Inner, Colour, print, Settings]


def test_a_value_that_holds_itself_ends():
    """Nesting is followed only so far."""
    endless: list[object] = []
    endless.append(endless)

    assert list(parts.named_in(endless)) == []


class Keys(dict):
    """A dictionary of a class of its own."""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Keys(a=1), parts.Apart(Keys, None, {"a": 1})),
        (collections.defaultdict(list, a=1), None),
        ({"a": 1}, None),
        (Config(3), parts.Apart(Config, None, {"width": 3, "inner": Inner()})),
        (np.dtype("float16"), parts.Apart(np.dtype, None, {"dtype": "<f2"})),
        (np.dtype([("a", "f4")]), None),
    ],
)
def test_an_object_is_taken_apart(value, expected):
    """Its class with what that is called with; what JSON holds as it is stays whole."""
    assert parts.taken_apart(value) == expected


@pytest.mark.parametrize("hint", [Config, Optional[Config], Union[Config, int], "Config | None"])  # noqa: UP007, UP045  both spellings are met
def test_a_mapping_becomes_the_dataclass_that_is_asked_for(hint):
    """Alone or beside None, with the dataclasses inside it."""
    hint = eval(hint) if isinstance(hint, str) else hint

    assert parts.fitted({"width": 3, "inner": {"depth": 7}}, hint) == Config(3, Inner(7))


@pytest.mark.parametrize(("value", "hint"), [({"a": 1}, dict), ({"a": 1}, None), (3, Config), ([1], list[Config])])
def test_any_other_value_stays_as_it_is(value, hint):
    """Nothing is guessed where no dataclass is asked for."""
    assert parts.fitted(value, hint) == value


def test_parts_that_a_class_does_not_have_are_refused():
    """The class itself says so."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'lr'"):
        parts.fitted({"width": 3, "lr": 1}, Config)
