"""What source names in its imports, from file to file: read, and never run.

A claim's function or command may stand in a file that no process of the capture has loaded, and name packages that none
has loaded either; only the source tells of these.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.errors import RefusedInputError
from reprobundle.store import inside

MOST_FILES = 500
MOST_BYTES = 1_000_000
LONGEST_LINE = 1_000  # characters of a line that imports
SOURCE = "code/source"

Reader = Callable[[str], Iterable[str]]
"""Gives the full names that a text imports: ``a.b`` for ``import a.b`` and for ``from a import b``; one that is relative
begins with its dots."""

_SCRIPT = re.compile(r"(?:\./)?((?:[\w-]+/)*[\w-]+\.py)")
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_FROM = re.compile(r"from (\.*) ?([^\W\d][\w.]*)? ?import (.*)")  # of a line whose spaces are one each


@dataclass(frozen=True)
class Tree:
    """The importable source of a bundle.

    Attributes:
        root: The bundle's folder, or one that is being made.
        folders: Folders of the bundle that modules are looked for in, in order.
    """

    root: Path
    folders: tuple[str, ...]

    def files_of(self, module: str) -> tuple[str, ...]:
        """The files that an import of a module runs, the package's own first; empty where the tree has none of it."""
        parts = module.split(".")
        for folder in self.folders if _MODULE.fullmatch(module) else ():
            steps = [f"{folder}/{'/'.join(parts[: depth + 1])}" for depth in range(len(parts))]
            found = [file for step in steps for file in (f"{step}/__init__.py", f"{step}.py") if self.has(file)]
            if found:
                return tuple(found)
        return ()

    def has(self, file: str) -> bool:
        """Whether there is a file that source may be read from; a name that no bundle may hold is none."""
        try:
            place = inside(self.root, file)
        except RefusedInputError:
            return False
        return place.is_file() and not place.is_symlink()

    def text_of(self, file: str) -> str:
        """A file's text; empty where it is larger than people write by hand."""
        place = inside(self.root, file)
        return place.read_text("utf-8", "replace") if place.stat().st_size <= MOST_BYTES else ""

    def package_of(self, file: str) -> tuple[str, ...]:
        """The package that relative imports of a file begin in."""
        folder = max((one for one in self.folders if file.startswith(f"{one}/")), key=len, default=SOURCE)
        return tuple(file.removeprefix(f"{folder}/").split("/")[:-1])


def starts_of(tree: Tree, entries: Iterable[str | None], commands: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """The files that functions stand in and commands run, as far as the tree has them.

    Args:
        tree: The source.
        entries: Functions and classes, each as ``module:name``; None: it has no name.
        commands: Programs with their arguments, started in the folder of the source.
    """
    named = [entry.partition(":")[0] for entry in entries if entry]
    for command in commands:
        named += [after for before, after in itertools.pairwise(command) if before == "-m"]
    modules = [file for module in named for file in (*tree.files_of(module), *tree.files_of(f"{module}.__main__"))]
    scripts = [found[1] for command in commands for found in map(_SCRIPT.fullmatch, command) if found]
    places = [f"{folder}/{script}" for script in scripts for folder in dict.fromkeys((SOURCE, *tree.folders))]
    return tuple(dict.fromkeys([*modules, *filter(tree.has, places)]))


def named_from(tree: Tree, starts: Iterable[str], reader: Reader) -> frozenset[str]:
    """Full names that files import, and the files these import in turn, of what is none of the tree's own.

    Args:
        tree: The source.
        starts: Files of the tree to begin with.
        reader: `by_syntax` for a person's own source, `by_lines` for a stranger's.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = sorted(set(starts), reverse=True)
    while waiting and len(seen) < MOST_FILES:
        file = waiting.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in sorted(set(reader(tree.text_of(file)))):
            own = tree.files_of(_absolute(name, tree.package_of(file)))
            found |= set() if own or name.startswith(".") else {name}
            waiting += own
    return frozenset(found)


def _absolute(name: str, package: tuple[str, ...]) -> str:
    """The same name, said in full where it is relative; empty where it leads out of the tree."""
    bare = name.lstrip(".")
    up = len(name) - len(bare) - 1
    if up < 0:
        return name
    return ".".join(filter(None, (*package[: len(package) - up], bare))) if up <= len(package) else ""


def by_syntax(text: str) -> Iterator[str]:
    """What a text imports as Python reads it, wherever in it; what only type checkers read is passed over.

    Of a text that this Python cannot parse the lines are read.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from by_lines(text)
        return
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and _is_for_checkers(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (_joined("." * node.level, node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Call):
            yield from _by_call(node)


def _is_for_checkers(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``."""
    return "TYPE_CHECKING" in {getattr(test, "id", None), getattr(test, "attr", None)}


def _by_call(node: ast.Call) -> Iterator[str]:
    """What ``importlib.import_module("a.b")`` and ``__import__("a")`` name."""
    called = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    if called in {"import_module", "__import__"} and isinstance(first, str) and _MODULE.fullmatch(first):
        yield first


def by_lines(text: str) -> Iterator[str]:
    """What a text imports as its lines tell: nothing is parsed, so that no text can do more than be long."""
    for line in text.splitlines():
        if len(line) <= LONGEST_LINE and "import" in line:
            yield from _in_line(" ".join(line.partition("#")[0].partition(";")[0].replace("\\", "(").split()))


def _in_line(line: str) -> Iterator[str]:
    """What a line names, its spaces one each."""
    several = line.removeprefix("import ")
    if several != line:
        yield from _listed(several)
    found = _FROM.fullmatch(line)
    if found and (found[1] or found[2]):
        yield from (_joined(found[1], found[2] or "", name) for name in _listed(found[3].strip("() ")) or [""])


def _listed(names: str) -> list[str]:
    """The names between commas, without what each is called here; what goes on in the next line is not read."""
    return [name.split()[0] for name in names.split(",") if name.strip(" (")]


def _joined(dots: str, module: str, name: str) -> str:
    return dots + ".".join(filter(None, (module, "" if name == "*" else name)))
