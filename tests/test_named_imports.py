"""What source names in its imports is followed from file to file, and nothing of it is run."""

from __future__ import annotations

import time

import pytest

from reprobundle.named_imports import Tree, by_lines, by_syntax, named_from, starts_of

SOURCE = "code/source"


@pytest.fixture
def tree(tmp_path):
    """A package, a script and a module, each of which imports more."""
    files = {
        "evaluate.py": "import json\nfrom pkg.deep import measures\n\n\ndef f():\n    from scipy.stats import rankdata\n",
        "pkg/__init__.py": "import yaml\n",
        "pkg/deep/__init__.py": "",
        "pkg/deep/measures.py": "from . import other\nfrom ..near import x\nfrom ...far import y\nimport sklearn.metrics as m\n",
        "pkg/deep/other.py": "import numpy\n",
        "pkg/near.py": "import torch\nimport evaluate\n",
        "pkg/__main__.py": "import click\n",
        "cmd.py": "import importlib\nimportlib.import_module('tqdm.auto')\n__import__(name)\n",
        "unused.py": "import pandas\n",
        "tool/run.py": "raise SystemExit('nobody may run this')\nimport rich\n",
    }
    for path, text in files.items():
        place = tmp_path / SOURCE / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return Tree(tmp_path, (SOURCE,))


def named(tree, entries=(), commands=(), reader=by_syntax):
    """What is named from where functions and commands are."""
    return set(named_from(tree, starts_of(tree, entries, commands), reader))


@pytest.mark.parametrize("reader", [by_syntax, by_lines])
def test_imports_are_followed(tree, reader):
    """From a function's file through packages and relative imports, each once; what leads out of the tree is nothing."""
    assert named(tree, ["evaluate:f", None, "torch.nn:Linear"], reader=reader) == {
        "json", "yaml", "scipy.stats.rankdata", "sklearn.metrics", "numpy", "torch",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("python", "cmd.py", "{data}"), {"importlib", "tqdm.auto"}),
        (("python", "./tool/run.py"), {"rich"}),
        (("python", "-m", "pkg"), {"yaml", "click"}),
        (("python", "-m", "pkg.near"), {"yaml", "torch", "json", "scipy.stats.rankdata", "sklearn.metrics", "numpy"}),
        (("python", "../../outside.py"), set()),
        (("bash", "cmd.sh"), set()),
        ((), set()),
    ],
)
def test_commands(tree, command, told):
    """Scripts among the arguments and modules behind ``-m`` are begun with."""
    assert named(tree, commands=[command]) == told


@pytest.mark.parametrize(
    "name", ["..:f", "a..b:f", "/etc/passwd:f", "a b:f", "\x00:f", ":f", "con:f", "é" * 2000 + ":f"]
)
def test_names_that_are_none(tree, name):
    """A name that no module can have is followed nowhere."""
    assert named(tree, [name]) == set()


def test_what_python_reads():
    """Text in quotes imports nothing, nor does what type checkers read; a file of another Python is read by its lines."""
    text = '"""\nimport pandas\n"""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import rich\nelse:\n    import yaml\n'

    assert set(by_syntax(text)) == {"typing.TYPE_CHECKING", "yaml"}
    assert set(by_syntax("import a, b.c as d\nprint 'x'\nfrom e import (f,\n  g)\n")) == {"a", "b.c", "e.f"}
    assert set(by_lines("import a, \\\n  b\nfrom c.d import \\\n  e\nfrom f import (\n")) == {"a", "c.d", "f"}
    assert set(by_lines("\tfrom  ..  import  g as h;import i\nfrom .j import k # l\nimportant m\n")) == {"..g", ".j.k"}
    assert set(by_lines("from .x import *\nfrom . import y\nimport\n#import z\nfrom q import\n")) == {".x", ".y"}


def test_a_hostile_source_takes_no_time(tree):
    """Long lines, deep nesting and files that import each other are read in time that grows with their length."""
    began = time.monotonic()
    for text in (
        "import " * 100_000,
        "from " * 100_000,
        "from" + " " * 100_000 + "x",
        "from ." + "." * 100_000 + "x",
        "(" * 100_000,
        "import a" + ".b" * 50_000,
        "from a import (" + "b," * 99_000,
    ):
        list(by_lines(text))
    (tree.root / SOURCE / "loop.py").write_text("import loop, evaluate.x.y.z\n" * 1000)

    assert "json" in named(tree, ["loop:f"])
    assert time.monotonic() - began < 3
