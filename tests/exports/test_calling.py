"""The arguments as the card writes them: the call makes the model that was captured."""

from __future__ import annotations

import ast
import collections
import enum
import math
import pathlib

import pytest

from reprobundle.components.model import Arguments
from reprobundle.components.recipes.values import Coded, recorded
from reprobundle.exports import calling

torch = pytest.importorskip("torch")


class Mode(enum.Enum):
    FAST = "f"


Point = collections.namedtuple("Point", "x y")

VALUES = [
    (1, (2,), ()),
    [{3, 1}, frozenset()],
    {"a": math.inf, "b c": -0.0},
    1 - 2j,
    b"\x00",
    pathlib.Path("a/b"),
    torch.float16,
    torch.device("cpu"),
    torch.Size([1, 2]),
    Mode.FAST,
    torch.nn.ReLU,
    int,
    Point(1, (2, None)),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_is_written_is_the_value(value):
    """With the imports it asks for, Python reads the call as it was."""
    init = recorded((value,), {"key": value})
    names = {"enum": enum, "Mode": Mode, "Point": Point}
    lines = [f"import {module}" for module in calling.modules_of(init)]
    lines += [
        f"from {entry.module} import {entry.name}" for entry in calling.entries_of(init) if entry.name not in names
    ]
    exec("\n".join(lines), names)

    assert eval(f"dict(args=({calling.written(recorded((value,), {}))},))", names) == {"args": (value,)}
    assert eval(f"dict({calling.written(recorded((), {'key': value}))})", names) == {"key": value}


def test_a_keyword_of_the_language_is_no_keyword_of_a_call():
    """Such names go as a mapping."""
    assert calling.written(recorded((), {"class": 1})) == "**{'class': 1}"


def test_a_coded_value_is_written_as_it_stands():
    """Only the class's own from_pretrained decodes it."""
    init = recorded((), {"act": Coded(Mode, 0.5)})

    assert (calling.written(init), calling.entries_of(init)) == ("act=0.5", [])


EVIL = "float16);__import__('os').system('EVIL'"


@pytest.mark.parametrize("kind", ["dtype", "device", "path", "bytes", "float", "enum", None])
def test_a_value_never_becomes_code(kind):
    """Whatever kind a stranger's record gives it, a text is written as a text."""
    init = Arguments(kwargs={"hidden": EVIL}, kinds={"/kwargs/hidden": kind} if kind else {})
    (call,) = (node for node in ast.walk(ast.parse(f"Net({calling.written(init)})")) if isinstance(node, ast.Call) and
               isinstance(node.func, ast.Name) and node.func.id == "Net")  # fmt: skip
    names = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}

    assert names <= {"Net", "torch", "pathlib", "base64", "float"}
    assert [node.value for node in ast.walk(call) if isinstance(node, ast.Constant)] == [EVIL]
