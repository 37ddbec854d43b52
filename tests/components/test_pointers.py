"""The tables beside a model's arguments lead to what is there, and to what can be what they say."""

from __future__ import annotations

import dataclasses
import enum
from pathlib import PurePosixPath

import pytest
import torch

from reprobundle.components.recipes import pointers
from reprobundle.components.recipes.form import Arguments
from reprobundle.components.recipes.values import recorded


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Config:
    sizes: tuple = (1, 2)
    dtype: object = torch.bfloat16


def test_what_capture_records_fits():
    """Every kind of value passes, however its key is written and however deep it stands."""
    whole = {
        "a/b~c": [Colour.RED, {"x": float("inf")}],
        "config": Config(),
        "complex": complex(1, float("nan")),
        "device": torch.device("cuda:0"),
        "size": torch.Size([1, 2]),
        "set": {1, 2},
        "frozen": frozenset({"a"}),
        "bytes": bytes(5),
        "path": PurePosixPath("a/b"),
        "entry": torch.nn.functional.relu,
        "": 1,
    }

    assert list(pointers.faults(recorded((1, (2, [3])), whole))) == []


def test_every_dtype_of_torch_is_one():
    """The form of names that is asked for leaves out none that this torch has."""
    dtypes = {value for value in vars(torch).values() if isinstance(value, torch.dtype)}

    assert list(pointers.faults(recorded(sorted(dtypes, key=str), {}))) == []


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("tuple", 3, "a list"),
        ("set", {"x": 1}, "a list"),
        ("frozenset", "ab", "a list"),
        ("float", "1e5", "'nan', 'inf' or '-inf'"),
        ("complex", [1, 2, 3], "two numbers"),
        ("complex", [1, "nan"], "two numbers"),
        ("bytes", "a", "base64 of at most 65,536 bytes"),
        ("path", "/etc/passwd", "a relative path"),
        ("dtype", "load", "the name of one of torch's dtypes"),
        ("dtype", "float16);print('x'", "the name of one of torch's dtypes"),
        ("device", "CUDA 0", "a device such as 'cuda:0'"),
        ("size", [1, True], "a list of integers"),
        ("enum", "RED", "a member's name and its class in objects"),
        ("entry", "os:system;x", "'module:name'"),
        ("coded", {}, "its class in objects"),
    ],
)
def test_a_value_that_is_not_of_its_kind(kind, value, expected):
    """It is named with what was expected, and never handed to what makes it."""
    init = Arguments(kwargs={"a": value}, kinds={"/kwargs/a": kind})

    assert list(pointers.faults(init)) == [
        f"model.init.kinds: '/kwargs/a': expected {expected} for {kind!r}, found {value!r}"
    ]


@pytest.mark.parametrize(
    "place", ["/args/0", "/kwargs/b", "/kwargs/a/x", "/kwargs/a/00", "/kwargs/a/-1", "/kwargs/a/1"]
)
def test_a_place_where_nothing_stands(place):
    """It is refused in both tables."""
    init = Arguments(kwargs={"a": [1]}, kinds={place: "tuple"}, objects={place: "a:B"})

    assert list(pointers.faults(init)) == [
        f"model.init.{table}: names {place!r}, where no argument stands" for table in ("objects", "kinds")
    ]


@pytest.mark.parametrize("kind", [None, "tuple"])
def test_an_object_without_parts(kind):
    """What a class is called with is a mapping."""
    init = Arguments(args=([1],), objects={"/args/0": "a:B"}, kinds={} if kind is None else {"/args/0": kind})

    assert list(pointers.faults(init)) == ["model.init.objects: '/args/0': expected the parts of an object, found [1]"]
