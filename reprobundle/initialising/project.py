"""The source of a project, parsed and never imported."""

from __future__ import annotations

import ast
import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_FILES = 500
MOST_BYTES = 1_000_000
SKIPPED = frozenset({"__pycache__", "build", "dist", "docs", "env", "node_modules", "site-packages", "venv", "wandb"})
TESTS = frozenset({"test", "tests", "conftest.py"})


@dataclass(frozen=True)
class Module:
    """One source file.

    Attributes:
        path: Relative to the project, POSIX.
        name: The name by which it is imported.
        tree: Its syntax.
        imports: What each of its names stands for: ``Net`` for ``net.Net``, ``nn`` for ``torch.nn``.
    """

    path: str
    name: str
    tree: ast.Module
    imports: dict[str, str]

    def at(self, node: ast.AST) -> str:
        """Where a piece of it stands, as ``net.py:12``."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def full_name(self, node: ast.AST) -> str:
        """What an expression names, through the imports: ``torch.nn.Conv2d`` for ``nn.Conv2d``; empty where it names nothing."""
        if isinstance(node, ast.Name):
            return self.imports.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            before = self.full_name(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    def calls(self) -> Iterator[ast.Call]:
        """Every call in it, in the order of the lines."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]
        return iter(sorted(found, key=lambda node: (node.lineno, node.col_offset)))


def modules_of(folder: Path) -> tuple[Module, ...]:
    """The Python files of a project, those near its top first; files that are no Python are left out."""
    found = []
    for place in _python_files(folder):
        relative = place.relative_to(folder)
        try:
            tree = ast.parse(read_whole(place), filename=relative.as_posix())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue  # what Python cannot read tells nothing, and capture will say so where it matters
        found.append(Module(relative.as_posix(), _module_name(relative), tree, _imports(tree)))
    return tuple(found)


def files_of(folder: Path) -> Iterator[Path]:
    """Files of a project in the order of their names, hidden folders and those of other people's code left out."""
    for base, folders, names in os.walk(folder):
        here = Path(base)
        folders[:] = sorted(name for name in folders if not _is_skipped(here / name))
        yield from (here / name for name in sorted(names) if not name.startswith(".") and _is_text(name))


def _is_text(name: str) -> bool:
    """Whether a file's name can be written down: bytes that are no UTF-8 stand in it as halves of characters."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


Tell = Callable[[str], None]
"""Takes a line of a file that is there and could not be read."""


def tell_nobody(_: str) -> None:
    """For whoever does not ask."""


def read_start(place: Path, most: int = MOST_BYTES) -> bytes:
    """The beginning of a regular file, never waiting on a pipe.

    Raises:
        OSError: It cannot be read, or is none.
    """
    descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:  # noqa: PTH123  a descriptor, no path
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file")
        return file.read(most)


def read_whole(place: Path) -> bytes:
    """All of a regular file.

    Raises:
        OSError: It cannot be read, is none, or is larger than what people write by hand.
    """
    content = read_start(place, MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise OSError(errno.EFBIG, "is too large")
    return content


def _is_skipped(place: Path) -> bool:
    """Hidden, of other people, or a bundle or an environment of its own."""
    own = (place / "manifest.json").exists() or (place / "pyvenv.cfg").exists()
    return place.name.startswith(".") or place.name in SKIPPED or place.is_symlink() or own


def _python_files(folder: Path) -> list[Path]:
    found = [place for place in files_of(folder) if place.suffix == ".py" and place.is_file()]
    found = [place for place in found if not TESTS.intersection(place.relative_to(folder).parts)]
    small = [place for place in found if place.stat().st_size <= MOST_BYTES]
    return sorted(small, key=lambda place: (len(place.parts), place))[:MOST_FILES]


def _module_name(relative: Path) -> str:
    parts = relative.with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" and len(parts) > 1 else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _imports(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.asname is not None
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if whole else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            names.update({alias.asname or alias.name: f"{origin}.{alias.name}".strip(".") for alias in node.names})
    return names


def literal(node: ast.AST | None) -> object:
    """The plain value that an expression writes out; None where it is none."""
    if node is None:
        return None
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """What a call gives for a keyword; None where it gives none."""
    return next((given.value for given in call.keywords if given.arg == name), None)


def docstring(node: ast.AST) -> str:
    """The first paragraph of what a module, class or function says of itself."""
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ""
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())
