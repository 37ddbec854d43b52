"""Rules of the house that hold for every room: who may know whom, what an import costs, what is never used."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "reprobundle"
WORKER = PACKAGE / "worker"
DEMO_PROJECT = PACKAGE / "demo" / "project"  # what a user of the program would have written: not part of it
FILES = tuple(sorted(path for path in PACKAGE.rglob("*.py") if DEMO_PROJECT not in path.parents))
WORKER_FILES = tuple(sorted(WORKER.rglob("*.py")))

HEAVY = {"torch", "numpy", "git", "huggingface_hub", "jinja2", "rich", "yaml", "ml_dtypes", "safetensors", "sklearn"}
NOT_LOADED_BY_IMPORT = {"torch", "numpy", "pydantic", "git", "huggingface_hub", "click"}
NEVER = {"hashlib", "pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
STARTS_PROCESSES = {"subprocess", "multiprocessing", "pty"}
STARTS_MODULES = {  # by ``-m``, and why nothing strange is found there
    "reprobundle/components/environment/locking/packing.py": "its folder is private and empty",
    "reprobundle/components/environment/rebuilding/syncing.py": "its folder is private and holds a lock",
    "reprobundle/components/environment/rebuilding/with_pip.py": "-I leaves the current folder out",
    "reprobundle/exports/by_hand/commands.py": "only told, and -I likewise",
    "reprobundle/named_imports.py": "only looked for in a command, nothing is started",
}
DISTRIBUTIONS = {  # where the names differ
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "git": "GitPython",
    "model_signing": "model-signing",
    "piptools": "pip-tools",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
BROUGHT_BY_USERS = {"omegaconf", "IPython"}
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc"}
RUNS_USERS_CODE = {  # `attempt` and `apart`, which hand on whatever they catch as data
    PACKAGE / "components" / "interface.py",
    PACKAGE / "worker" / "__main__.py",
}
OWN_IMPORT_SECONDS = 0.015
MOST_LINES = 400
MOST_FUNCTION_LINES = 60

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def _imports(nodes: Iterator[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def _at_module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Statements that run at import: not the bodies of functions, not what only type checkers read."""
    pending: list[ast.AST] = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            pending.extend(node.orelse)
            continue
        yield node
        pending.extend(ast.iter_child_nodes(node))


def _top(module: str) -> str:
    return module.partition(".")[0]


def _run(*argv: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, cwd=ROOT, timeout=timeout, check=False)


def test_layers_hold() -> None:
    """Rooms look downwards only, and components do not know each other."""
    linter = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert linter is not None
    finished = _run(linter, "--no-cache")

    assert finished.returncode == 0, finished.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    """``import reprobundle`` loads no framework, no numpy, no pydantic, no git."""
    code = "import sys, reprobundle, json; print(json.dumps(sorted(sys.modules)))"
    loaded = {_top(name) for name in json.loads(_run(sys.executable, "-c", code).stdout)}

    assert loaded & NOT_LOADED_BY_IMPORT == set()


def test_importing_the_package_is_quick() -> None:
    """``import reprobundle`` takes less than 15 ms of its own, the best of five."""
    assert min(_own_import_seconds() for _ in range(5)) < OWN_IMPORT_SECONDS


def _own_import_seconds() -> float:
    lines = _run(sys.executable, "-X", "importtime", "-c", "import reprobundle").stderr.splitlines()
    last = next(line for line in reversed(lines) if line.rpartition("|")[2].strip() == "reprobundle")
    return int(last.split("|")[1]) / 1e6


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    """No module loads a heavy library when it is imported."""
    heavy = [(line, name) for line, name in _imports(_at_module_level(_tree(path))) if _top(name) in HEAVY]

    assert heavy == []


@pytest.mark.parametrize("path", WORKER_FILES, ids=_name)
def test_worker_is_python_3_9_of_the_standard_library(path: Path) -> None:
    """The worker parses as Python 3.9 and at its top imports the standard library and its own folder only."""
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 9))
    own = {"", *(file.stem for file in WORKER_FILES)}
    foreign = [
        (line, name)
        for line, name in _imports(_at_module_level(tree))
        if _top(name) not in sys.stdlib_module_names and _top(name) not in own
    ]

    assert foreign == []


@pytest.mark.parametrize("path", WORKER_FILES, ids=_name)
def test_worker_knows_nothing_of_the_program(path: Path) -> None:
    """The worker imports nothing of reprobundle, at no level: it runs where reprobundle is not installed."""
    known = [(line, name) for line, name in _imports(ast.walk(_tree(path))) if _top(name) == "reprobundle"]

    assert known == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_forbidden_modules_are_imported_nowhere(path: Path) -> None:
    """Nothing that unpickles, and no hashlib: digests are XXH3, other digests belong to other libraries."""
    forbidden = [(line, name) for line, name in _imports(ast.walk(_tree(path))) if _top(name) in NEVER]

    assert forbidden == []


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_only_one_module_starts_processes(path: Path) -> None:
    """Processes are started in ``process.py`` and nowhere else."""
    starts = [(line, name) for line, name in _imports(ast.walk(_tree(path))) if _top(name) in STARTS_PROCESSES]

    assert starts == [] or path == PACKAGE / "process.py"


def test_no_module_is_looked_up_in_the_current_folder() -> None:
    """``python -m`` takes a module from the current folder first, which may be a stranger's bundle."""
    found = {_name(path): _count(_tree(path), "-m") for path in FILES}

    assert {name: count for name, count in found.items() if count} == dict.fromkeys(STARTS_MODULES, 1)


def _count(tree: ast.Module, text: str) -> int:
    return sum(isinstance(node, ast.Constant) and node.value == text for node in ast.walk(tree))


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_no_error_is_caught_blindly(path: Path) -> None:
    """One function here and one in the worker take whatever is raised; everywhere else ``BaseException`` only tidies up and is raised again."""
    handlers = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.ExceptHandler)]
    blind = [node.lineno for node in handlers if _is_blind(node)]
    allowed = 1 if path in RUNS_USERS_CODE else 0

    assert len(blind) == allowed, blind


def _is_blind(handler: ast.ExceptHandler) -> bool:
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {""}
    raises = any(isinstance(node, ast.Raise) and node.exc is None for node in handler.body)
    return bool(names & {"", "Exception"}) or ("BaseException" in names and not raises)


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_a_file_holds_one_idea(path: Path) -> None:
    """No drawer for the rest, no file over 400 lines, no function over 60."""
    functions = [node for node in ast.walk(_tree(path)) if isinstance(node, Function)]
    long = [node.name for node in functions if _body_lines(node) > MOST_FUNCTION_LINES]

    assert path.stem not in DRAWERS
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
    assert long == []


def _body_lines(function: Function) -> int:
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if documented else 0]
    return (function.end_lineno or first.lineno) - first.lineno + 1


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_what_is_public_is_documented(path: Path) -> None:
    """Every module that holds anything, and every public class, function and method in it, has a docstring."""
    tree = _tree(path)
    bare = [] if ast.get_docstring(tree) or not tree.body else ["the module"]
    bare += [name for name, node in _public(tree) if ast.get_docstring(node) is None]

    assert bare == []


def _public(tree: ast.Module | ast.ClassDef) -> Iterator[tuple[str, ast.ClassDef | Function]]:
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node)


def test_what_is_imported_is_declared() -> None:
    """Every library that the program imports is a dependency or in an extra, or is the user's own to bring."""
    declared = set(re.findall(r'"([A-Za-z0-9_.-]+)>=', (ROOT / "pyproject.toml").read_text("utf-8")))
    imported = {
        DISTRIBUTIONS.get(_top(name), _top(name))
        for path in FILES
        for _, name in _imports(ast.walk(_tree(path)))
        if _top(name) not in sys.stdlib_module_names and _top(name) not in {"", "reprobundle"}
    }

    assert imported - declared - BROUGHT_BY_USERS == set()


def test_schemas_are_in_step() -> None:
    """The schema files are what the types say."""
    finished = _run(sys.executable, "schemas/write.py", "--check")

    assert finished.returncode == 0, finished.stdout + finished.stderr


def test_every_component_has_its_section() -> None:
    """The manifest has one section for each component, of the component's own type."""
    from reprobundle.components import COMPONENTS
    from reprobundle.manifest import Manifest

    sections = {component.NAME: component.Section for component in COMPONENTS}
    unfit = [
        name for name, kind in sections.items() if kind.__name__ not in str(Manifest.model_fields[name].annotation)
    ]

    assert set(sections) <= set(Manifest.model_fields)
    assert unfit == []


def test_every_component_is_in_the_tuple() -> None:
    """The rooms of the components folder are those of ``COMPONENTS``."""
    from reprobundle.components import COMPONENTS

    rooms = {path.stem for path in (PACKAGE / "components").iterdir() if not path.name.startswith("_")}

    assert rooms - {"interface", "recipes"} == {component.NAME for component in COMPONENTS}


def test_every_public_name_can_be_loaded() -> None:
    """What ``__all__`` promises is there."""
    import reprobundle

    assert [name for name in reprobundle.__all__ if getattr(reprobundle, name) is None] == []


def test_every_verb_has_help_and_stands_in_the_readme() -> None:
    """The table of verbs says what each command's own help says first, and the README names each."""
    import click

    from reprobundle.cli import VERBS, cli

    readme = (ROOT / "README.md").read_text("utf-8")
    context = click.Context(cli)
    for verb in VERBS:
        command = cli.get_command(context, verb.name)
        assert command is not None
        assert (command.help or "").splitlines()[0] == verb.help
        assert f"| `{verb.name}" in readme
    shared = {"given", "interrupting", "screen", "trusting"}
    assert {path.stem for path in (PACKAGE / "cli").glob("[!_]*.py")} - shared == {verb.name for verb in VERBS}


def test_every_example_is_run_by_a_test() -> None:
    """No example without a test of its name."""
    examples = {path.name for path in (ROOT / "examples").iterdir() if path.is_dir()}
    tested = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "examples").glob("test_*.py")}

    assert examples - tested == set()


def test_every_test_states_its_rule() -> None:
    """Each test function has a docstring."""
    silent = []
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = _tree(path)
        tests = (node for node in ast.walk(tree) if isinstance(node, Function) and node.name.startswith("test_"))
        silent += [f"{_name(path)}: {node.name}" for node in tests if ast.get_docstring(node) is None]

    assert silent == []


def test_the_version_is_one() -> None:
    """The version installed is the version of the changelog's newest entry."""
    import reprobundle

    newest = next(
        line.split()[1] for line in (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines() if line.startswith("## ")
    )

    assert newest in {"Unreleased", reprobundle.__version__}


def test_the_rules_themselves_bite() -> None:
    """The checks of this file find what they look for."""
    tree = ast.parse("import torch\ndef f():\n    import numpy\nif TYPE_CHECKING:\n    import git\n")
    handlers = ast.parse("try:\n    f()\nexcept (ValueError, Exception):\n    pass\n")

    assert [name for _, name in _imports(_at_module_level(tree))] == ["torch"]
    assert any(_is_blind(node) for node in ast.walk(handlers) if isinstance(node, ast.ExceptHandler))
    assert importlib.util.find_spec("reprobundle") is not None
