"""The worker makes objects again from plain JSON."""

from __future__ import annotations

import dataclasses
import sys
import types

import pytest

from reprobundle.worker import arguments, for_callable


@dataclasses.dataclass
class Leaf:
    size: int


@dataclasses.dataclass
class Branch:
    leaves: list[Leaf]
    first: Leaf


@pytest.fixture(autouse=True)
def source(monkeypatch):
    """A module of the bundle's own."""
    module = types.ModuleType("argument_classes")
    vars(module).update(Leaf=Leaf, Branch=Branch, make=lambda branch: lambda x: x * branch.first.size)
    monkeypatch.setitem(sys.modules, "argument_classes", module)


def test_objects_are_made_from_the_inside_out():
    """Each is called with its parts, the inner ones made before it."""
    init = {
        "args": [{"leaves": [{"size": 1}, {"size": 2}], "first": {"size": 3}}],
        "kwargs": {"a/b~c": {"size": 4}, "plain": {"size": 5}},
        "objects": {
            "/args/0": "argument_classes:Branch",
            "/args/0/leaves/0": "argument_classes:Leaf",
            "/args/0/leaves/1": "argument_classes:Leaf",
            "/args/0/first": "argument_classes:Leaf",
            "/kwargs/a~1b~0c": "argument_classes:Leaf",
        },
    }
    args, kwargs = arguments.restored(init)

    assert args == [Branch([Leaf(1), Leaf(2)], Leaf(3))]
    assert kwargs == {"a/b~c": Leaf(4), "plain": {"size": 5}}
    assert init["args"][0]["first"] == {"size": 3}


def test_plain_arguments_need_no_table():
    """A job of an earlier program has no objects."""
    assert arguments.restored({"args": [1], "kwargs": {"a": [2]}}) == ([1], {"a": [2]})


def test_a_place_that_is_not_there_is_an_error():
    """A table that does not fit the values is no argument at all."""
    with pytest.raises(KeyError):
        arguments.restored({"args": [], "kwargs": {}, "objects": {"/kwargs/a": "argument_classes:Leaf"}})


def test_a_function_made_by_a_factory_gets_its_objects():
    """The loader of plain functions makes them, too."""
    init = {
        "args": [],
        "kwargs": {"branch": {"leaves": [], "first": {"size": 3}}},
        "objects": {"/kwargs/branch": "argument_classes:Branch", "/kwargs/branch/first": "argument_classes:Leaf"},
    }

    assert for_callable.build({"entry": "argument_classes:make", "init": init})(2) == 6
