"""The comparison with one thing in it changed: its own tests must see every such change.

Each file of the room is parsed; each comparison, operator, constant, condition, return value, statement and pair of arguments in
it is changed in turn. Its functions then have the changed code (what runs when a file is loaded has the whole room loaded anew),
and the tests beside this file are called, the table's rows one by one, until one of them fails. What no test could see is listed in
equivalent.txt, with the reasons.
"""

from __future__ import annotations

import ast
import copy
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve()
ROOM = HERE.parents[2] / "reprobundle" / "comparison"
TESTS = ("test_pairs", "test_policy", "test_decisions", "test_measures")
PACKAGE = "reprobundle.comparison"
ENOUGH = 30  # calls of a function in one test: further ones run no other lines
LONGEST = 20  # seconds for one of them, which a change may have made endless
SLOW = "test_a_million"  # nothing is seen by it alone

EQUIVALENT = HERE.parent / "equivalent.txt"


@dataclass(frozen=True)
class Place:
    """A node of a file's code: where it hangs, the statement it stands in, and the function that is in."""

    parent: Any
    field: str
    index: int | None
    statement: ast.stmt
    function: str
    at_load: bool

    @property
    def node(self) -> ast.AST:
        """What stands there."""
        held = getattr(self.parent, self.field)
        return held if self.index is None else held[self.index]

    def put(self, node: ast.AST) -> None:
        """Let something else stand there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    module: str
    tree: ast.Module
    place: Place
    changed: ast.AST

    @property
    def name(self) -> str:
        """What identifies it while the code around it stays as it is."""
        place, node = self.place, self.place.node
        before = told(place.statement)
        place.put(self.changed)
        after = told(self.changed if node is place.statement else place.statement)
        place.put(node)
        return f"{self.module}.{place.function}: {before} => {after}"

    def compiled(self) -> CodeType:
        """The file with this change."""
        node = self.place.node
        self.place.put(self.changed)
        code = compile(ast.fix_missing_locations(self.tree), f"<{self.module}>", "exec")
        self.place.put(node)
        return code


ORDER: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
SYMMETRIC = {"max", "min", "np.array_equal", "np.maximum", "np.minimum", "np.multiply"}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitOr, ast.Pow: ast.Mult,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What one node may be changed to."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in ORDER:
        yield from (with_(node, ops=[other(), *node.ops[1:]]) for other in ORDER[type(node.ops[0])])
    elif isinstance(node, ast.BoolOp):
        yield with_(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in OPERATORS:
        yield with_(node, op=OPERATORS[type(node.op)]())
    elif isinstance(node, ast.Constant):
        yield from constants(node)
    elif isinstance(node, (ast.IfExp, ast.If)):
        yield with_(node, test=ast.UnaryOp(ast.Not(), node.test))
    elif isinstance(node, ast.Call) and may_be_swapped(node):
        yield with_(node, args=[node.args[1], node.args[0], *node.args[2:]])
    if isinstance(node, ast.Return) and not (node.value is None or isinstance(node.value, ast.Constant)):
        yield with_(node, value=ast.Constant(None))
    if isinstance(node, (ast.Assign, ast.AugAssign)) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass()


def may_be_swapped(call: ast.Call) -> bool:
    """Whether the order of the first two arguments is of any weight."""
    if len(call.args) < 2 or any(isinstance(arg, ast.Starred) for arg in call.args):
        return False
    return ast.unparse(call.func) not in SYMMETRIC and ast.unparse(call.args[0]) != ast.unparse(call.args[1])


def constants(node: ast.Constant) -> Iterator[ast.AST]:
    """A number that is another one, the other truth, a text without its end."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, (int, float)):
        yield ast.Constant(node.value + 1)
        if node.value:
            yield ast.Constant(node.value * 1.5 if isinstance(node.value, float) else node.value - 1)
    elif isinstance(node.value, str) and node.value:
        yield ast.Constant(node.value[:-1])


def with_(node: Any, **parts: Any) -> Any:
    """A node with other parts."""
    found = copy.copy(node)
    for name, part in parts.items():
        setattr(found, name, part)
    return found


def places(
    node: ast.AST, statement: ast.stmt | None = None, function: str = "", *, at_load: bool = True
) -> Iterator[Place]:
    """Every node that is code."""
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "bases", "decorator_list", "format_spec", "type_comment"}:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else ((None, value),):
            if not isinstance(child, ast.AST) or is_no_code(child):
                continue
            inside = child if isinstance(child, ast.stmt) else statement
            if inside is not None:
                yield Place(node, field, index, inside, function, at_load)
            loaded = at_load and not isinstance(child, ast.FunctionDef)
            yield from places(child, inside, getattr(child, "name", function), at_load=loaded)


def is_no_code(node: ast.AST) -> bool:
    """Docstrings, imports, the exported names, and what only a type checker reads."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id in {"__all__", "Fields", "Refusal", "Kind"}
    return isinstance(node, (ast.Import, ast.ImportFrom, ast.Assert))


def equivalent() -> set[str]:
    """The changes that change nothing anybody could see; the lines before them that begin with # say why."""
    return {line for line in EQUIVALENT.read_text("utf-8").splitlines() if line and not line.startswith("#")}


def mutants() -> list[Mutant]:
    """Every change of every file of the room."""
    return [mutant for path in sorted(ROOM.glob("*.py")) for mutant in mutants_of(path)]


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every change of one file."""
    tree = ast.parse(path.read_text("utf-8"))
    return (Mutant(path.stem, tree, place, changed) for place in list(places(tree)) for changed in changes(place.node))


def told(statement: ast.AST) -> str:
    """The first line of a statement."""
    return ast.unparse(ast.fix_missing_locations(statement)).splitlines()[0]


class Loader:
    """Loads the room's modules from compiled code, one of them changed."""

    def __init__(self, codes: dict[str, CodeType]) -> None:
        self.codes = codes

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name not in self.codes:
            return None
        return importlib.util.spec_from_loader(name, self, is_package=name == PACKAGE)  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self.codes[module.__name__], module.__dict__)


def originals() -> dict[str, CodeType]:
    """The room as it is, compiled."""
    found = {PACKAGE if path.stem == "__init__" else f"{PACKAGE}.{path.stem}": path for path in ROOM.glob("*.py")}
    return {name: compile(path.read_text("utf-8"), str(path), "exec") for name, path in found.items()}


def checks(codes: dict[str, CodeType], tests: dict[str, CodeType]) -> Iterator[Callable[[], Any]]:
    """The tests, with the room loaded from this code: each row of each table; properties last."""
    for name in [name for name in sys.modules if name == PACKAGE or name.startswith(PACKAGE + ".")]:
        del sys.modules[name]
    sys.meta_path.insert(0, Loader(codes))  # type: ignore[arg-type]
    try:
        modules = []
        for name, code in tests.items():
            module = ModuleType(name)
            sys.modules[name] = module
            exec(code, module.__dict__)
            modules.append(module)
    finally:
        sys.meta_path.pop(0)
    functions = [function for module in modules for name, function in vars(module).items() if name.startswith("test_")]
    functions = [function for function in functions if not function.__name__.startswith(SLOW)]
    functions.sort(key=lambda function: hasattr(function, "hypothesis"))
    return (row for function in functions for row in rows(function))


def rows(function: Any) -> Iterator[Callable[[], Any]]:
    """One call for each row of each table of a test."""
    marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    cases: list[dict[str, Any]] = [{}]
    for mark in marks:
        names, values = mark.args[0], list(mark.args[1])
        names = (names,) if isinstance(names, str) else names
        cases = [
            {**case, **dict(zip(names, value if len(names) > 1 else (value,), strict=True))}
            for case in cases
            for value in values
        ]
    return ((lambda case=case: function(**case)) for case in cases)


def executed(name: str, code: CodeType) -> dict[str, Any]:
    """What a file of the room defines, beside the one that is loaded."""
    module = ModuleType(name)
    module.__package__ = PACKAGE
    loaded = sys.modules[name]
    sys.modules[name] = module  # where a dataclass looks for its own module
    try:
        exec(code, module.__dict__)
    finally:
        sys.modules[name] = loaded
    return vars(module)


def functions(names: dict[str, Any], of: str = "") -> dict[str, FunctionType]:
    """The functions that a file defines, those of its classes too, by their place in it."""
    found: dict[str, FunctionType] = {}
    for name, value in names.items():
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        if isinstance(function, FunctionType) and function.__code__.co_filename != "<string>":
            if function.__module__ == names.get("__module__", names.get("__name__")):
                found[f"{of}.{name}"] = function
        elif isinstance(value, type) and value.__module__ == names.get("__name__"):
            found |= functions(dict(vars(value)), f"{of}.{name}")
    return found


def covered(codes: dict[str, CodeType], tests: dict[str, CodeType]) -> tuple[list[set[tuple[str, int]]], list[float]]:
    """For each test in order, the lines of the room that it runs, and how long it takes, in seconds."""
    found: list[set[tuple[str, int]]] = []
    seconds: list[float] = []
    stems, entered = {str(path): path.stem for path in ROOM.glob("*.py")}, Counter[CodeType]()

    def within(frame: FrameType, event: str, _: object) -> Any:
        found[-1].add((stems[frame.f_code.co_filename], frame.f_lineno))
        return within

    def entering(frame: FrameType, event: str, _: object) -> Any:
        entered[frame.f_code] += 1
        if frame.f_code.co_filename not in stems or entered[frame.f_code] > ENOUGH:
            return None
        return within(frame, event, _)

    for check in checks(codes, tests):
        found.append(set())
        entered.clear()
        started = time.process_time()
        sys.settrace(entering)
        try:
            check()
        finally:
            sys.settrace(None)
        seconds.append(time.process_time() - started)
    return found, seconds


class Runner:
    """Runs the tests that reach a change, those first that have seen others of the same function."""

    def __init__(self) -> None:
        self.tests = {name: compile((HERE.parent / f"{name}.py").read_text("utf-8"), name, "exec") for name in TESTS}
        self.codes = originals()
        self.reached, self.seconds = covered(self.codes, self.tests)
        self.seen: Counter[tuple[str, int]] = Counter()
        self.loaded = (list(checks(self.codes, self.tests)), dict(sys.modules))

    def survives(self, mutant: Mutant) -> bool:
        """Whether no test fails with this change."""
        key = f"{mutant.module}.{mutant.place.function}"
        numbers = sorted(
            self._reaching(mutant), key=lambda number: (-self.seen[key, number], self.seconds[number], number)
        )
        with self._changed(mutant) as load:
            number = -1
            signal.alarm(LONGEST)
            try:
                calls = load()
                for number in numbers:
                    calls[number]()
            except Exception:  # noqa: BLE001 - whatever goes wrong, the change was seen
                self.seen[key, number] += 1
                return False
            finally:
                signal.alarm(0)
        return True

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[Callable[[], list[Callable[[], Any]]]]:
        """What gives the tests with the change: in functions of the room that is loaded already, or in a room of its own."""
        name = PACKAGE if mutant.module == "__init__" else f"{PACKAGE}.{mutant.module}"
        calls, modules = self.loaded
        if mutant.place.at_load:
            try:
                yield lambda: list(checks({**self.codes, name: mutant.compiled()}, self.tests))
            finally:
                sys.modules.update(modules)
            return
        old = functions(vars(modules[name]))
        kept = {
            function: (function.__code__, function.__defaults__, function.__kwdefaults__) for function in old.values()
        }

        def load() -> list[Callable[[], Any]]:
            new = functions(executed(name, mutant.compiled()))
            for place, function in old.items():
                other = new[place]
                function.__code__, function.__defaults__ = other.__code__, other.__defaults__
                function.__kwdefaults__ = other.__kwdefaults__
            return calls

        try:
            yield load
        finally:
            for function, (code, defaults, named) in kept.items():
                function.__code__, function.__defaults__, function.__kwdefaults__ = code, defaults, named

    def _reaching(self, mutant: Mutant) -> list[int]:
        """The tests that run the changed statement; all of them for what runs when the file is loaded."""
        place = mutant.place
        lines = {(mutant.module, line) for line in range(place.statement.lineno, (place.statement.end_lineno or 0) + 1)}
        return [number for number, reached in enumerate(self.reached) if place.at_load or reached & lines]


def too_long(*_: object) -> None:
    """A change made something endless: it was seen."""
    raise TimeoutError


def survivors(parts: int) -> None:
    """Print the names of those that survive, found by so many processes that share what was measured first."""
    import hypothesis

    hypothesis.settings.register_profile(
        "few",
        deadline=None,
        derandomize=True,
        database=None,
        max_examples=10,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("few")
    signal.signal(signal.SIGALRM, too_long)
    runner, listed = Runner(), equivalent()
    tried = [mutant for mutant in mutants() if mutant.name not in listed]
    children = []
    for part in range(parts):
        child = os.fork()
        if not child:
            code = 1
            try:
                alive = [mutant.name for mutant in tried[part::parts] if runner.survives(mutant)]
                sys.stdout.write("".join(f"{name}\n" for name in alive))
                sys.stdout.flush()
                code = 0
            except BaseException:
                sys.excepthook(*sys.exc_info())
                raise
            finally:
                sys.stderr.flush()
                os._exit(code)
        children.append(child)
    ended = [os.waitpid(child, 0)[1] for child in children]
    if any(ended):
        sys.exit("a part of the changes was not tried")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="needs an alarm to stop what a change made endless")
def test_every_change_of_the_comparison_is_seen():
    """No mutant survives but those that change nothing anybody could see."""
    parts = min(os.cpu_count() or 1, 4)
    finished = subprocess.run([sys.executable, str(HERE), str(parts)], capture_output=True, text=True, check=False)

    assert finished.returncode == 0, finished.stderr
    assert sorted(finished.stdout.splitlines()) == []


def test_the_room_is_changed_in_many_places():
    """Several hundred changes are tried, in every file of the room."""
    found = mutants()

    assert len(found) >= 500
    assert {mutant.module for mutant in found} == {path.stem for path in ROOM.glob("*.py")}
    assert sorted(equivalent() - {mutant.name for mutant in found}) == []


if __name__ == "__main__":
    survivors(int(sys.argv[1]))
