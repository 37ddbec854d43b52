import argparse
import collections
import dataclasses
import datetime
import enum
import json
import math
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.plain_values import fields_of, plain


class Colour(enum.Enum):
    RED = 1


class Level(str, enum.Enum):
    HIGH = "h"


@dataclasses.dataclass
class Settings:
    rate: float
    inner: object = None


class WithToDict:
    def to_dict(self):
        return {"a": 1}


Pair = collections.namedtuple("Pair", "x y")

CONVERTED = [
    ((1, 2), [1, 2], "tuple"),
    ({3, 1, 2}, [1, 2, 3], "set"),
    (frozenset("ba"), ["a", "b"], "frozenset"),
    (Colour.RED, "RED", "Colour"),
    (Level.HIGH, "HIGH", "Level"),
    (np.float32(0.5), 0.5, "numpy.float32"),
    (np.int64(3), 3, "numpy.int64"),
    (np.bool_(True), True, "numpy.bool"),
    (torch.tensor(2), 2, "torch.Tensor"),
    (torch.tensor([0.5, 1.5], dtype=torch.bfloat16), [0.5, 1.5], "torch.Tensor"),
    (torch.float32, "torch.float32", "torch.dtype"),
    (torch.device("cpu"), "cpu", "torch.device"),
    (PurePosixPath("data/train.csv"), "data/train.csv", "PurePosixPath"),
    (datetime.date(2026, 1, 2), "2026-01-02", "datetime.date"),
    (argparse.Namespace(a=1), {"a": 1}, "argparse.Namespace"),
    (Settings(0.1), {"rate": 0.1, "inner": None}, "Settings"),
    (WithToDict(), {"a": 1}, "WithToDict"),
    (Pair(1, 2), {"x": 1, "y": 2}, "Pair"),
]

UNSAVED = [
    (math.nan, "float", "nan is not JSON"),
    (-math.inf, "float", "-inf is not JSON"),
    (np.float64("nan"), "numpy.float64", "nan is not JSON"),
    (len, "builtin_function_or_method", "JSON cannot hold it"),
    (Settings, "type", "JSON cannot hold it"),
    (object(), "object", "JSON cannot hold it"),
    (b"x", "bytes", "JSON cannot hold it"),
    (1 + 2j, "complex", "JSON cannot hold it"),
    (np.array([1j], np.complex64), "numpy.ndarray", "JSON has no complex numbers"),
    (2**63, "int", "it does not fit in 64 bits"),
    ("\ud800", "str", "it is not valid Unicode"),
    ("x" * (2**21 + 1), "str", "more than 2097152 characters in all"),
    (np.zeros(1001), "numpy.ndarray", "it holds 1001 elements, at most 1000 are saved"),
    (Path(__file__), type(Path()).__name__, "it is a path of this machine"),
    (__file__, "str", "it is a path of this machine"),
    (str(Path("~/some/where").expanduser()), "str", "it is a path of this machine"),
]


def last(name):
    return name.rpartition(".")[2] if "test_plain_values" in name else name


@pytest.mark.parametrize(("value", "expected", "kind"), CONVERTED, ids=[str(case[2]) for case in CONVERTED])
def test_what_is_saved_in_another_form(value, expected, kind):
    """A value with an exact plain form is saved in it, and named."""
    made = plain({"a": value})

    assert made.value == {"a": expected}
    assert [(item.path, last(item.type)) for item in made.converted] == [("a", kind)]
    assert made.unsaved == ()


@pytest.mark.parametrize(("value", "kind", "reason"), UNSAVED, ids=range(len(UNSAVED)))
def test_what_cannot_be_saved_is_named(value, kind, reason):
    """A value that JSON cannot hold is left out and named, its neighbours stay."""
    made = plain({"a": {"b": [1, value]}, "c": 2})

    assert made.value == {"a": {"b": [1]}, "c": 2}
    assert [(item.path, last(item.type), item.reason) for item in made.unsaved] == [("a.b[1]", kind, reason)]
    assert made.unsaved[0].hint


@pytest.mark.parametrize("text", ["/", "/not/there/at/all", "a/b", "https://example.org/x", "C:", "", "1/2"])
def test_ordinary_text_with_slashes_is_kept(text):
    """Only a path that exists on this machine or lies in the home folder is left out."""
    assert plain({"a": text}).unsaved == ()


def test_the_host_name_in_a_path_is_left_out(monkeypatch):
    """A log folder named after the machine is not recorded; the word alone is."""
    monkeypatch.setattr("platform.node", lambda: "ada-laptop")
    made = plain({"log": "runs/Nov21_ada-laptop/x", "word": "ada-laptop"})

    assert made.value == {"word": "ada-laptop"}


def test_keys():
    """Keys become text; two that read alike, or are no text, cost a named value."""
    made = plain({1: "a", "1": "b", (2, 3): "c", 0.5: "d"})

    assert made.value == {"1": "a", "0.5": "d"}
    assert [(item.path, item.reason) for item in made.unsaved] == [
        ("1", "two keys read '1' as text"),
        ("(2, 3)", "its key is no text"),
    ]


def test_cycles_and_floods_end():
    """A value that holds itself, or too much, is cut with a reason."""
    loop = []
    loop.extend([loop, loop])
    reasons = {item.reason for item in plain(loop).unsaved}
    many = plain({"a": list(range(60_000))})

    assert reasons == {"more than 32 levels", "more than 50000 values"}
    assert len(many.value["a"]) < 50_000
    assert len(many.unsaved) + len(many.value["a"]) == 60_000


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.binary(),
                    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.integers() | st.text(), inner),
                    max_leaves=10))  # fmt: skip
def test_whatever_comes_out_is_strict_json(value):
    """The result can always be written, and the conversion of a plain value changes nothing."""
    made = plain({"a": value})
    text = json.dumps(made.value, allow_nan=False, ensure_ascii=False).encode()

    assert plain(json.loads(text)).value == made.value


def test_omegaconf_is_resolved():
    """Interpolations of OmegaConf are resolved, lists become lists."""
    omegaconf = pytest.importorskip("omegaconf", reason="omegaconf is not installed")
    config = omegaconf.OmegaConf.create({"a": 1, "b": "${a}", "c": [1, {"d": "${a}"}]})

    assert plain(config).value == {"a": 1, "b": 1, "c": [1, {"d": 1}]}


def test_what_has_no_fields():
    """A number, a class and a list have no named parts."""
    assert [fields_of(value) for value in (3, Settings, [1], None)] == [None] * 4
