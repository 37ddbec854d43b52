"""Arguments that JSON has no form for come back from a bundle as they were."""

from __future__ import annotations

import argparse
import collections
import dataclasses
import enum
import functools
import json
import math
import pathlib

import pytest

from reprobundle.components.recipes.form import Arguments
from reprobundle.components.recipes.values import MAX_BYTES, recorded
from reprobundle.errors import UsageError
from reprobundle.records import from_bytes, to_bytes
from reprobundle.worker import arguments as worker

np = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")


class Mode(enum.Enum):
    FAST = "f"
    SLOW = "s"


class Level(enum.IntEnum):
    LOW = 1


class Bits(enum.Flag):
    A = 1
    B = 2


class Bag(dict):
    """A dictionary whose keys are read as attributes."""

    __getattr__ = dict.__getitem__


@dataclasses.dataclass
class Config:
    sizes: tuple[int, ...]
    act: type


def build():
    """A function of the top level."""


def again(value):
    """A value as it comes back, by way of the bytes of a document."""
    content = to_bytes(recorded((), {"value": value}))
    init = from_bytes(Arguments, content, name="x").model_dump(mode="json")
    return worker.restored(json.loads(json.dumps(init)))[1]["value"]


@pytest.mark.parametrize(
    "value",
    [
        (1, (2, "3"), ()),
        [(1,), {"a/b~c": (2,)}],
        {3, 1, 2},
        frozenset({"b", ("a", 1), 2.5}),
        math.inf,
        [-math.inf, -0.0],
        1 + 2j,
        complex(math.inf, -0.0),
        b"\x00\xff",
        pathlib.Path("data/vocabulary.txt"),
        torch.float16,
        torch.device("cpu"),
        torch.device("meta"),
        torch.Size([2, 3]),
        Mode.SLOW,
        Level.LOW,
        torch.nn.ReLU,
        torch.nn.functional.gelu,
        torch.relu,
        math.tanh,
        np.tanh,
        np.float32,
        int,
        build,
        Config((1, 2), torch.nn.GELU),
        {"net": [Config((), str)]},
        argparse.Namespace(sizes=(1, 2), inner=argparse.Namespace(a=None)),
        collections.OrderedDict(b=1, a=(2,)),
        Bag(hidden=3, inner=Bag(depth=(1,))),
        np.dtype("<f8"),
        2**70,
        {"a": {}, "b": [], "c": None, "d": True, "e": "é"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_as_it_was(value):
    """Of the same type all the way down, and equal."""
    back = again(value)

    assert (type(back), back) == (type(value), value)
    assert (
        sorted(map(repr, back)) == sorted(map(repr, value))
        if isinstance(value, frozenset)
        else repr(back) == repr(value)
    )


def test_not_a_number_comes_back():
    """It equals nothing, but it is what it was."""
    assert math.isnan(again(math.nan))


@pytest.mark.parametrize(("value", "plain"), [(np.float32(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), True)])
def test_a_number_of_numpy_comes_back_as_pythons(value, plain):
    """The value is kept exactly; no constructor asks for the type."""
    back = again(value)

    assert (type(back), back) == (type(plain), plain)


def test_a_set_is_written_in_one_order():
    """However a process orders its sets, the bundle's bytes are the same."""
    assert recorded(({"b", "a", "c"},), {}).args == (["a", "b", "c"],)


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ({3: 1}, "argument 'value': the key 3 is no text, and keys in JSON are",
         "give a list of pairs, or text that the constructor turns into keys"),
        ({"a": {None: 1}}, "argument 'value/a': the key None is no text, and keys in JSON are",
         "give a list of pairs, or text that the constructor turns into keys"),
        (torch.nn.Linear(1, 1), "argument 'value': a module (Linear) is no plain value",
         "capture(…, factory=a function of plain values that makes it all, init={…})"),
        (torch.zeros(3), "argument 'value': a Tensor of shape (3,) is no plain value",
         "keep it in the model's state, and give the constructor its shape; or give it as a list of numbers"),
        (functools.partial(torch.nn.LayerNorm, eps=1e-6),
         "argument 'value': a partial of 'LayerNorm' has no name that can be imported",
         "give a function of the top level of a module that calls LayerNorm with what the partial binds"),
        ([lambda x: x], f"argument 'value/0': {__name__}:<lambda>: is a lambda, which no other process can import",
         "move it to the top level of a module, under a name of its own"),
        (pathlib.Path("/nowhere/vocabulary.txt"),
         "argument 'value': the path 'vocabulary.txt' is given by its place on this machine",
         "give a file of the project by its path beside the module that reads it"),
        (b"x" * (MAX_BYTES + 1), "argument 'value': 65,537 bytes, expected at most 65,536",
         "keep them in a file of the project, which the constructor reads"),
        (Bits.A | Bits.B, "argument 'value': <Bits.A|B: 3> is no single member of Bits", "give its number"),
        ("\ud800", "argument 'value': '\\ud800' is not valid Unicode", "give it as valid text"),
    ],
)  # fmt: skip
def test_what_cannot_be_made_again_is_refused_by_name(value, message, hint):
    """The message names the place, the hint the way out."""
    with pytest.raises(UsageError) as caught:
        recorded((), {"value": value})

    assert (str(caught.value), caught.value.hint) == (message, hint)


def test_a_value_that_holds_itself_is_refused():
    """Nesting ends somewhere."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(UsageError, match="nested deeper than 32 levels"):
        recorded((endless,), {})


def test_a_device_that_is_not_here_is_the_cpu():
    """A model recorded on CUDA can be made on a machine without."""
    made = worker.restored({"args": ["cuda:1"], "kwargs": {}, "kinds": {"/args/0": "device"}})[0][0]

    assert made == torch.device("cuda:1" if torch.cuda.is_available() else "cpu")
