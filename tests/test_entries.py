"""Names of things: what can be named, what cannot, and what a name may look like."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import textwrap
from collections import OrderedDict
from pathlib import Path

import pytest

from reprobundle.entries import Entry, entry_of, parse_entry, resolve
from reprobundle.errors import RefusedInputError, UsageError


class Outer:
    """A class with a class and methods in it."""

    class Inner:
        """A nested class."""

    @classmethod
    def make(cls):
        return cls()

    def method(self):
        return self


def plain(x):
    return x


def doubling(function):
    @functools.wraps(function)
    def wrapper(x):
        return 2 * function(x)

    return wrapper


doubled = doubling(plain)


@doubling
def decorated(x):
    return x


def run(folder: Path, source: str, *arguments: str, name: str = "train.py") -> str:
    """What a script prints that was written into a folder and started."""
    (folder / name).write_text(textwrap.dedent(source), encoding="utf-8")
    command = [sys.executable, *(arguments or (name,))]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environment()).stdout


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parent.parent), "PATH": "/usr/bin:/bin"}


PRINT_ENTRY = """
    from reprobundle.entries import entry_of
    from reprobundle.errors import ReproBundleError

    class Model:
        pass

    try:
        print(entry_of(Model))
    except ReproBundleError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (OrderedDict, "collections:OrderedDict"),
        (json.dumps, "json:dumps"),
        (Outer, "test_entries:Outer"),
        (Outer.Inner, "test_entries:Outer.Inner"),
        (Outer.make, "test_entries:Outer.make"),
        (decorated, "test_entries:decorated"),
        ("package.module:Name", "package.module:Name"),
    ],
)
def test_named(thing, name):
    """A class or function is named after the module that holds it and its name there."""
    if not isinstance(thing, str) and thing.__module__.endswith("test_entries"):
        name = f"{__name__}:{name.partition(':')[2]}"

    assert entry_of(thing) == name


def local_function():
    def inside(x):
        return x

    return inside


@pytest.mark.parametrize(
    ("thing", "message"),
    [
        (lambda x: x, "MODULE:<lambda>: is a lambda, which no other process can import"),
        (
            local_function(),
            "MODULE:local_function.<locals>.inside: is defined inside a function, which no other process can import",
        ),
        (doubled, "MODULE:plain: the module holds something else under that name"),
        (Outer().method, "MODULE:Outer.method: the module holds something else under that name"),
        (
            functools.partial(plain, 1),
            "a partial object has no name of its own: expected a class or a function",
        ),
        (3, "a int object has no name of its own: expected a class or a function"),
        (object.__init__, "a wrapper_descriptor object has no name of its own: expected a class or a function"),
    ],
)
def test_not_named(thing, message):
    """What another process could not import under a name is refused, and the way out is given."""
    with pytest.raises(UsageError) as caught:
        entry_of(thing)

    assert str(caught.value) == message.replace("MODULE", __name__)
    assert caught.value.hint


def test_reloaded_class_keeps_its_name(monkeypatch):
    """A class that was defined anew under the same name still has that name."""
    old = Outer
    monkeypatch.setattr(
        sys.modules[__name__], "Outer", type("Outer", (), {"__module__": __name__, "__qualname__": "Outer"})
    )

    assert entry_of(old) == f"{__name__}:Outer"


def test_script(tmp_path):
    """A class of a script run as __main__ is named after the file."""
    assert run(tmp_path, PRINT_ENTRY) == "train:Model\n"


def test_module_run_with_m(tmp_path):
    """A class of a module run with -m is named after the module."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()

    assert run(tmp_path, PRINT_ENTRY, "-m", "pkg.train", name="pkg/train.py") == "pkg.train:Model\n"


def test_package_main(tmp_path):
    """A class of a package's __main__.py cannot be named, and the message says so."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").touch()
    printed = run(tmp_path, PRINT_ENTRY, "-m", "pkg", name="pkg/__main__.py")

    assert printed == "module 'pkg.__main__': cannot be imported by another process under that name\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-train.py", "script 'my-train.py': cannot be imported by another process under that name"),
        ("1st.py", "script '1st.py': cannot be imported by another process under that name"),
        ("train", "script 'train': cannot be imported: its name does not end in '.py'"),
    ],
)
def test_script_of_an_impossible_name(tmp_path, name, message):
    """A script whose file name is no module name is explained."""
    assert run(tmp_path, PRINT_ENTRY, name=name) == f"{message}\n"


def test_no_file(tmp_path):
    """Without a file, as in a notebook, things are named after the module that capture writes."""
    code = textwrap.dedent(PRINT_ENTRY)

    assert run(tmp_path, "", "-c", code) == "notebook_main:Model\n"


def test_spawned_process(tmp_path):
    """In a process that multiprocessing spawned, a class of the script still has the script's name."""
    source = """
        import multiprocessing
        from reprobundle.entries import entry_of

        class Model:
            pass

        def work():
            print(entry_of(Model), flush=True)

        if __name__ == "__main__":
            process = multiprocessing.get_context("spawn").Process(target=work)
            process.start()
            process.join()
    """

    assert run(tmp_path, source) == "train:Model\n"


@pytest.mark.parametrize("text", ["a:b", "a.b.c:D.e", "_a1:_B2", "A:a"])
def test_parse(text):
    """A legal entry comes back as its two parts, and as the same text."""
    entry = parse_entry(text)

    assert entry == Entry(*text.split(":"))
    assert str(entry) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "a", ":b", "a:", "a:b:c", "a.:b", ".a:b", "a..b:c", "a:b.", "1a:b", "a:1b", "a b:c", "a:b\n", "a:b ", "-a:b",
        "a/b:c", "../a:b", "a:b()", "os:system;ls", "a\\b:c", "a:__class__", "__main__:Model", "a:b.__globals__.c",
        "a:__b", "a__b:c", "\u0430:b", "a:β", "a:b\x00", "a:" + "b" * 500,
    ],
)  # fmt: skip
def test_parse_refuses(text):
    """A near miss is refused with the form that was expected."""
    with pytest.raises(RefusedInputError) as caught:
        parse_entry(text)
    expected = f"entry {text[:200]!r}: expected 'module:name' in ASCII letters, digits, '_' and '.', without '__'"

    assert str(caught.value) == expected


def test_resolve():
    """An entry resolves to the very thing it names."""
    assert resolve("collections:OrderedDict") is OrderedDict
    assert resolve("collections:OrderedDict.fromkeys") == OrderedDict.fromkeys


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nowhere.at.all:x", "entry 'nowhere.at.all:x': cannot import 'nowhere.at.all': No module named 'nowhere'"),
        ("json:nothing", "entry 'json:nothing': module 'json' has no 'nothing'"),
        ("json:dumps.more", "entry 'json:dumps.more': module 'json' has no 'dumps.more'"),
    ],
)
def test_resolve_fails(text, message):
    """What an entry names must be there."""
    with pytest.raises(UsageError) as caught:
        resolve(text)

    assert str(caught.value) == message
