"""From a notebook's cells to a module with what the wanted names need."""

from __future__ import annotations

import sys
import textwrap

import pytest

from reprobundle.components.code.notebook import definitions


def carried(*cells: str, wanted: str = "Net") -> str:
    """The module made from cells of which nothing is missing."""
    source, missing = definitions([textwrap.dedent(cell) for cell in cells], wanted.split())
    compile(source, "notebook_main.py", "exec")

    assert missing == ()
    return source


def lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if line]


CASES = {
    "only what is needed": (
        ["import os\nimport math", "unused = 1\nWIDTH = 3", "class Net:\n    size = WIDTH", "net = Net()"],
        ["WIDTH = 3", "class Net:", "    size = WIDTH"],
    ),
    "through functions": (
        ["def a(): return b()", "def b(): return c", "c = 1", "class Net:\n    def f(self): return a()"],
        ["def a(): return b()", "def b(): return c", "c = 1", "class Net:", "    def f(self): return a()"],
    ),
    "base class and decorator": (
        ["import functools", "def deco(c): return c", "class Base: pass", "@deco\nclass Net(Base): pass"],
        ["def deco(c): return c", "class Base: pass", "@deco", "class Net(Base): pass"],
    ),
    "default argument": (
        ["WIDTH = 3", "class Net:\n    def __init__(self, width=WIDTH): pass"],
        ["WIDTH = 3", "class Net:", "    def __init__(self, width=WIDTH): pass"],
    ),
    "f-string": (
        ["NAME = 'a'", "class Net:\n    def f(self): return f'{NAME!r:>{2}}'"],
        ["NAME = 'a'", "class Net:", "    def f(self): return f'{NAME!r:>{2}}'"],
    ),
    "nested function": (
        ["N = 1", "class Net:\n    def f(self):\n        def g(): return N\n        return g"],
        ["N = 1", "class Net:", "    def f(self):", "        def g(): return N", "        return g"],
    ),
    "comprehension variable is no global": (
        ["i = 9", "N = 2", "class Net:\n    sizes = [i * i for i in range(N)]"],
        ["N = 2", "class Net:", "    sizes = [i * i for i in range(N)]"],
    ),
    "local and argument are no globals": (
        ["x = y = 9", "class Net:\n    def f(self, x):\n        y = x\n        return y"],
        ["class Net:", "    def f(self, x):", "        y = x", "        return y"],
    ),
    "single name of an import": (
        ["import os, numpy as np, torch.nn as nn", "from math import pi, sqrt as root", "Net = nn.Linear(pi)"],
        ["import torch.nn as nn", "from math import pi", "Net = nn.Linear(pi)"],
    ),
    "parts of a package": (
        ["import torch.nn, os.path", "import torch.optim", "Net = torch.nn.Linear"],
        ["import torch.nn", "import torch.optim", "Net = torch.nn.Linear"],
    ),
    "star import": (
        ["from math import *", "class Net:\n    r = sqrt(pi)"],
        ["from math import *", "class Net:", "    r = sqrt(pi)"],
    ),
    "future import first": (
        ["A = 1", "from __future__ import annotations", "class Net:\n    x: Later = A"],
        ["from __future__ import annotations", "A = 1", "class Net:", "    x: Later = A"],
    ),
    "last definition wins": (
        ["def f(): return 1", "class Net:\n    def g(self): return f()", "def f(): return 2"],
        ["class Net:", "    def g(self): return f()", "def f(): return 2"],
    ),
    "a class that adds to itself": (
        ["class Net: a = 1", "class Net(Net): b = 2"],
        ["class Net: a = 1", "class Net(Net): b = 2"],
    ),
    "value of its time": (
        ["N = 1", "class Net:\n    n = N\n    def f(self): return N", "N = 2"],
        ["N = 1", "class Net:", "    n = N", "    def f(self): return N", "N = 2"],
    ),
    "changed afterwards": (
        ["C = {}", "C['a'] = 1", "C.update(b=2)", "print(C)", "class Net:\n    def f(self): return C", "C['c'] = 3"],
        ["C = {}", "C['a'] = 1", "C.update(b=2)", "class Net:", "    def f(self): return C", "C['c'] = 3"],
    ),
    "method put on later": (
        ["class Net: pass", "def forward(self): return 1", "Net.forward = forward"],
        ["class Net: pass", "def forward(self): return 1", "Net.forward = forward"],
    ),
    "augmented": (["N = 1", "N += 1", "class Net:\n    n = N"], ["N = 1", "N += 1", "class Net:", "    n = N"]),
    "unpacked": (["a, (b, *c) = 1, (2, 3)", "Net = b"], ["a, (b, *c) = 1, (2, 3)", "Net = b"]),
    "annotation": (
        ["class Shape: pass", "class Net:\n    def f(self, s: Shape) -> 'Shape': pass"],
        ["class Shape: pass", "class Net:", "    def f(self, s: Shape) -> 'Shape': pass"],
    ),
    "dataclass": (
        ["from dataclasses import dataclass, field", "@dataclass\nclass Net:\n    sizes: list = field(default_factory=list)"],
        ["from dataclasses import dataclass", "from dataclasses import field", "@dataclass", "class Net:",
         "    sizes: list = field(default_factory=list)"],
    ),
    "type alias": (["from typing import Union", "Number = Union[int, float]", "def Net(x: Number): return x"],
                   ["from typing import Union", "Number = Union[int, float]", "def Net(x: Number): return x"]),
    "try around imports": (
        ["try:\n    import fast as m\nexcept ImportError:\n    import math as m", "Net = m.sqrt"],
        ["try:", "    import fast as m", "except ImportError:", "    import math as m", "Net = m.sqrt"],
    ),
    "if around definitions": (
        ["import sys", "W = 1\nif sys.maxsize > 9:\n    W = 2", "Net = W"],
        ["import sys", "W = 1", "if sys.maxsize > 9:", "    W = 2", "Net = W"],
    ),
    "magics are skipped": (
        ["get_ipython().run_line_magic('matplotlib', 'inline')\nN = 1", "%time x = 3\n!ls\nM = 2\nNet = N + M"],
        ["N = 1", "M = 2", "Net = N + M"],
    ),
    "cell magic that runs the cell": (
        ["get_ipython().run_cell_magic('time', '', 'class Net:\\n    pass\\n')"],
        ["class Net:", "    pass"],
    ),
    "a cell that is no Python": (["def broken(", "class Net: pass"], ["class Net: pass"]),
    "two statements on a line": (["a = 1; Net = a"], ["a = 1", "Net = a"]),
    "comments inside stay": (["class Net:\n    # why\n    pass"], ["class Net:", "    # why", "    pass"]),
    "Windows line ends": (["class Net:\r\n    pass"], ["class Net:", "    pass"]),
    "recursion": (["def Net(n): return Net(n - 1) if n else 0"], ["def Net(n): return Net(n - 1) if n else 0"]),
    "lambda": (["K = 2", "Net = lambda x: x * K"], ["K = 2", "Net = lambda x: x * K"]),
    "builtins and module names": (["def Net(): return len(__name__)"], ["def Net(): return len(__name__)"]),
    "function called while a value is made": (
        ["N = 3", "def size(): return N", "W = size()", "N = 4", "Net = W"],
        ["N = 3", "def size(): return N", "W = size()", "N = 4", "Net = W"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_carried(case):
    """The statements that the class needs are carried over, in order and as they were written; no others."""
    cells, expected = CASES[case]

    assert lines(carried(*cells)) == expected


MISSING = {
    "bound by a loop": (["for i in range(3):\n    K = i", "def Net(): return K"], ("K",)),
    "bound by with": (["with open('x') as file:\n    K = file.read()", "def Net(): return K"], ("K",)),
    "bound under the main guard": (["if __name__ == '__main__':\n    K = 1", "def Net(): return K"], ("K",)),
    "changed in a loop": (["K = 0\nfor i in range(3):\n    K += i", "def Net(): return K"], ("K",)),
    "an element set in a loop": (["K = {}\nfor i in range(3):\n    K[i] = i", "def Net(): return K"], ("K",)),
    "bound by a walrus": (["print(K := 3)", "def Net(): return K"], ("K",)),
    "bound by a magic": (["K = get_ipython().getoutput('ls')", "def Net(): return K"], ("K",)),
    "bound by await": (["K = await something()", "def Net(): return K"], ("K",)),
    "bound by an async comprehension": (["K = [i async for i in x()]", "def Net(): return K"], ("K",)),
    "bound nowhere": (["def Net(): return K"], ("K",)),
    "not there at all": (["x = 1"], ("Net",)),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing(case):
    """A name that comes from a statement that cannot be carried over is named; the rest is carried."""
    cells, expected = MISSING[case]
    source, missing = definitions(cells, {"Net"})
    compile(source, "notebook_main.py", "exec")

    assert missing == expected


def test_earlier_value_stands_in():
    """Where the last binding cannot be carried, an earlier one keeps the module importable."""
    source, missing = definitions(["K = 0\nfor K in range(3): pass", "class Net:\n    k = K"], {"Net"})
    namespace: dict[str, object] = {}
    exec(source, namespace)

    assert missing == ("K",)
    assert namespace["Net"].k == 0


def test_warnings_of_a_cell():
    """What Python warned of when the cell ran is not said again."""
    assert definitions(["Net = '\\d'"], {"Net"}) == ("Net = '\\d'\n", ())


def test_nothing_wanted():
    """Without wanted names there is no source."""
    assert definitions(["import os"], ()) == ("", ())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type statements came with Python 3.12")
def test_type_statement():
    """A type statement is carried, and type parameters are not taken for globals."""
    cells = ["type Pair[T] = tuple[T, T]", "class Net[S]:\n    def f(self, x: Pair[S]) -> S: return x[0]"]

    assert definitions(cells, {"Net"}) == ("\n\n".join(cells) + "\n", ())
