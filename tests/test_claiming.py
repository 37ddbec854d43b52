"""Claims that a command computes, where the model is run."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from reprobundle import claiming
from reprobundle.answers import Computed
from reprobundle.components.claims import Wanted
from reprobundle.components.environment.rebuilding.rebuild import interpreter_folders
from reprobundle.guest import Host
from reprobundle.sandbox import Sandbox, bwrap_failure

WRITES = """
import json, pathlib, sys
data, out = map(pathlib.Path, sys.argv[1:3])
numbers = {"one": float(data.read_text()), "two": 2, "text": "x", "yes": True, "huge": 10**400, "table": {},
           "many": [1, False, True, 0.5], "none": [], "odd": [1, None], "word": ["x"], "large": [1, 1e301]}
out.write_text(json.dumps(numbers))
"""
BARE = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('0.5')"


@pytest.fixture(params=["none", "bwrap"])
def ask(request, tmp_path):
    """A bundle's folder with a script, and a way to compute claims with its commands."""
    if request.param == "bwrap" and bwrap_failure() is not None:
        pytest.skip("bubblewrap does not work here")
    source = tmp_path / "bundle" / "code" / "source"
    source.mkdir(parents=True)
    (source / "writes.py").write_text(WRITES)
    (tmp_path / "data.txt").write_text("0.25")
    numbers = itertools.count()

    def folder() -> Path:
        made = tmp_path / f"out-{next(numbers)}"
        made.mkdir()
        return made

    def run(*wanted):
        python = Path(sys.executable)
        host = Host(python=python, sandbox=Sandbox(request.param), reads=interpreter_folders(python), timeout=60)
        bundle = tmp_path / "bundle"
        scene = claiming.Scene(nothing_recorded(), lambda path: bundle / path, bundle, folder, host)
        return claiming.run(wanted, scene)

    run.data = tmp_path / "data.txt"
    return run


def nothing_recorded():
    """A manifest as far as a command needs it: no weights, no inputs, the source alone."""
    nothing = SimpleNamespace(
        files=(), buffers_file=None, configuration=None, inputs=None, pairs=None, steps=(), entry=None
    )
    code = SimpleNamespace(import_roots=("code/source",))
    return SimpleNamespace(model=nothing, outputs=nothing, preprocessing=nothing, code=code)


def wanted(name, *command, data=None):
    return Wanted(id=name, entry=None, command=command, data=data)


def values(found):
    return {name: (one.value, one.error) for name, one in found.items()}


def test_a_command_gives_its_numbers(ask):
    """Words are filled in, and the numbers read from the file that the command was told."""
    command = ("python", "writes.py", "{data}", "{out}")
    found = ask(wanted("one", *command, data=ask.data), wanted("two", *command, data=ask.data))

    assert values(found) == {"one": (0.25, None), "two": (2.0, None)}


def test_a_bare_number(ask):
    """A file that holds one number holds the claim's."""
    found = ask(wanted("any", "python3", "-c", BARE, "{out}"))

    assert values(found) == {"any": (0.5, None)}


@pytest.mark.parametrize(
    ("name", "shown"), [("text", "'x'"), ("yes", "True"), ("absent", "nothing"), ("huge", "int"), ("table", "dict")]
)
def test_what_is_no_number(ask, name, shown):
    """What a stranger's file holds is looked at before it is believed."""
    found = ask(wanted(name, "python", "writes.py", "{data}", "{out}", data=ask.data))

    assert found[name].error == f"expected a finite number for {name!r} in claims.json, found {shown}"


def test_one_number_a_sample(ask):
    """A list holds the numbers of the samples: their mean is the claim's, rights and wrongs count as 1 and 0."""
    (found,) = ask(wanted("many", "python", "writes.py", "{data}", "{out}", data=ask.data)).values()

    assert (found.value, found.error, found.samples.tolist()) == (0.625, None, [1.0, 0.0, 1.0, 0.5])


@pytest.mark.parametrize(
    ("name", "shown"),
    [("none", "none"), ("odd", "nothing at sample 1"), ("word", "'x' at sample 0"), ("large", "1e+301 at sample 1")],
)
def test_what_are_no_numbers_of_samples(ask, name, shown):
    """One that is none, or too large for a sum, fails the claim by its place."""
    found = ask(wanted(name, "python", "writes.py", "{data}", "{out}", data=ask.data))[name]

    assert found.error == f"expected one finite number a sample for {name!r} in claims.json, found {shown}"
    assert (found.value, found.samples) == (None, None)


FAULTS = [
    (("python", "-c", "raise SystemExit(3)"), "the command 'python'"),
    (("python", "-c", "pass"), "claims.json: the worker left no readable file"),
    (("python", "-c", "import sys; open(sys.argv[1], 'w').write('{')", "{out}"), "claims.json"),
    (("no-such-program",), "no-such-program"),
    (("python", "-c", "a\0b"), "the command holds a zero byte, which no program can be given"),
]


@pytest.mark.parametrize(("command", "words"), FAULTS)
def test_a_fault_is_that_claims_own(ask, command, words):
    """A command that fails keeps no other from being run."""
    found = ask(wanted("bad", *command), wanted("good", "python", "-c", BARE, "{out}"))

    assert words in found["bad"].error
    assert found["good"] == Computed(value=0.5, seconds=found["good"].seconds)


def test_functions_are_not_run_here():
    """They are the worker's, and are told without what is claimed."""
    function = Wanted(id="f", entry="a:b", command=(), data=None)

    assert [(one.id, one.entry, one.data) for one in claiming.asked([function, wanted("c", "x")])] == [
        ("f", "a:b", None)
    ]
