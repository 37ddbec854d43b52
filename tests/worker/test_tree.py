"""Nested structures: taken apart and put together, in plain JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import OrderedDict, namedtuple
from types import MappingProxyType

import hypothesis.strategies as st
import pytest
from hypothesis import given

from reprobundle.worker import tree
from reprobundle.worker.tree import UnknownLeaf, flatten, unflatten


class Leaf:
    """Stands for a tensor."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaf) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"Leaf({self.value})"


Point = namedtuple("Point", ["x", "y"])


@dataclasses.dataclass
class Pair:
    """Two things."""

    one: object
    other: object


@dataclasses.dataclass
class Output(OrderedDict):
    """A mapping that is a dataclass too, as models' outputs often are."""

    logits: object = None

    def __post_init__(self) -> None:
        self["logits"] = self.logits


def is_leaf(value: object) -> bool:
    """Whether this stands for a tensor."""
    return isinstance(value, Leaf)


def taken(value: object):
    """Structure and leaves."""
    return flatten(value, is_leaf)


def tensor(name: str) -> dict[str, str]:
    """The node of a tensor."""
    return {"kind": "tensor", "name": name}


STRUCTURES = {
    "a bare tensor": (Leaf(1), tensor("value"), {"value": Leaf(1)}),
    "a dict": (
        {"a": Leaf(1), 2: Leaf(2)},
        {"kind": "dict", "items": [["a", tensor("a")], [2, tensor("2")]]},
        {"a": Leaf(1), "2": Leaf(2)},
    ),
    "a list": ([Leaf(1)], {"kind": "list", "items": [tensor("0")]}, {"0": Leaf(1)}),
    "a tuple": ((Leaf(1), None), {"kind": "tuple", "items": [tensor("0"), {"kind": "plain", "value": None}]}, {"0": Leaf(1)}),
    "nested": (
        {"h": [Leaf(1), (Leaf(2),)]},
        {"kind": "dict", "items": [["h", {"kind": "list", "items": [tensor("h/0"), {"kind": "tuple", "items": [tensor("h/1/0")]}]}]]},
        {"h/0": Leaf(1), "h/1/0": Leaf(2)},
    ),
    "a named tuple": (
        Point(Leaf(1), 5),
        {"kind": "dict", "items": [["x", tensor("x")], ["y", {"kind": "plain", "value": 5}]]},
        {"x": Leaf(1)},
    ),
    "a dataclass": (
        Pair(Leaf(1), "t"),
        {"kind": "dict", "items": [["one", tensor("one")], ["other", {"kind": "plain", "value": "t"}]]},
        {"one": Leaf(1)},
    ),
    "a dataclass that is a mapping": (Output(Leaf(1)), {"kind": "dict", "items": [["logits", tensor("logits")]]}, {"logits": Leaf(1)}),
    "any mapping": (MappingProxyType({"a": Leaf(1)}), {"kind": "dict", "items": [["a", tensor("a")]]}, {"a": Leaf(1)}),
    "floats": ([0.1, math.inf], {"kind": "list", "items": [{"kind": "float", "hex": "0x1.999999999999ap-4"}, {"kind": "float", "hex": "inf"}]}, {}),
    "true is not 1": ([True, 1], {"kind": "list", "items": [{"kind": "plain", "value": True}, {"kind": "plain", "value": 1}]}, {}),
    "nothing": ({}, {"kind": "dict", "items": []}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("value", "structure", "leaves"), STRUCTURES.values(), ids=STRUCTURES)
def test_structure(value, structure, leaves):
    """Each container has its node, each tensor the path that leads to it as its name."""
    assert taken(value) == (structure, leaves)


plain = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False)
keys = st.text("abc", min_size=1, max_size=3) | st.integers(0, 9)
nested = st.recursive(
    st.builds(Leaf, st.integers()) | plain,
    lambda below: (
        st.lists(below, max_size=3) | st.lists(below, max_size=3).map(tuple) | st.dictionaries(keys, below, max_size=3)
    ),
    max_leaves=10,
)


@given(nested)
def test_round_trip_through_json(value):
    """What was taken apart comes back the same, also when the structure went through JSON."""
    structure, leaves = taken(value)
    back = unflatten(json.loads(json.dumps(structure, allow_nan=False)), leaves)

    assert back == value
    assert repr(back) == repr(value)


def test_nan_survives():
    """A float that JSON cannot hold survives in hexadecimal."""
    structure, _ = taken([math.nan, -0.0])
    back = unflatten(json.loads(json.dumps(structure, allow_nan=False)), {})

    assert math.isnan(back[0])
    assert math.copysign(1, back[1]) == -1


def test_order_of_a_dict_is_kept():
    """Keys come back in the order they had."""
    structure, leaves = taken({"b": Leaf(1), "a": Leaf(2)})

    assert list(unflatten(structure, leaves)) == ["b", "a"]
    assert list(leaves) == ["b", "a"]


def test_one_tensor_twice_has_two_names():
    """The same tensor at two places is two leaves."""
    shared = Leaf(1)

    assert taken({"a": shared, "b": shared})[1] == {"a": shared, "b": shared}


cycle: list[object] = []
cycle.append(cycle)
deep: object = Leaf(1)
for _ in range(17):
    deep = [deep]
UNKNOWN = {
    "an object": (object(), "at 'value': a object is no tensor or plain value"),
    "a set": ({"a": {1}}, "at 'a': a set is no tensor or plain value"),
    "bytes below": ([[b"x"]], "at '0/0': a bytes is no tensor or plain value"),
    "a class": (Pair, "at 'value': a type is no tensor or plain value"),
    "a complex number": ([1j], "at '0': a complex is no tensor or plain value"),
    "a key that is a tuple": ({"a": {(1, 2): Leaf(1)}}, "at 'a': key (1, 2) is no string or integer"),
    "a key that is true": ({True: Leaf(1)}, "at 'value': key True is no string or integer"),
    "a key that is none": ({None: Leaf(1)}, "at 'value': key None is no string or integer"),
    "two names": ({1: Leaf(1), "1": Leaf(2)}, "two tensors are both called '1'"),
    "two names by a slash": ({"a": {"b": Leaf(1)}, "a/b": Leaf(2)}, "two tensors are both called 'a/b'"),
    "17 levels": (deep, "at '" + "/".join(["0"] * 17) + "': nested deeper than 16 levels"),
    "a cycle": (cycle, "at '" + "/".join(["0"] * 17) + "': nested deeper than 16 levels"),
}


@pytest.mark.parametrize(("value", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_unknown_leaf_is_named(value, message):
    """What cannot be recorded is named with its place."""
    with pytest.raises(UnknownLeaf) as caught:
        taken(value)

    assert str(caught.value) == message


def test_sixteen_levels_are_allowed():
    """Sixteen levels of nesting are taken apart."""
    value: object = Leaf(1)
    for _ in range(tree.MAX_DEPTH):
        value = [value]

    assert len(taken(value)[1]) == 1


@pytest.mark.parametrize(
    ("node", "names"),
    [
        (taken({"a": Leaf(1), "b": [Leaf(2), (Leaf(3), None)], 4: "kind"})[0], {"a", "b/0", "b/1/0"}),
        ({"kind": "tensor", "name": 3}, set()),
        ({"kind": "list", "items": "tensor"}, set()),
        ([{"kind": "tensor", "name": "x"}, 5, None], {"x"}),
        (None, set()),
    ],
)
def test_names_are_those_of_the_leaves(node, names):
    """Of what is no structure whatever looks like a leaf counts, and nothing is raised."""
    assert tree.names(node) == names
