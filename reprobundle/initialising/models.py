"""Which class of a project is the model, found in its source."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reprobundle.initialising.project import Module

BASES = frozenset({"Module", "Sequential", "LightningModule", "PreTrainedModel", "PyTorchModelHubMixin"})


@dataclass(frozen=True)
class Model:
    """A class that makes a model.

    Attributes:
        module: Where it stands.
        node: The class.
        uses: How often the project makes one outside of other such classes.
    """

    module: Module
    node: ast.ClassDef
    uses: int

    @property
    def entry(self) -> str:
        """As ``module:name``."""
        return f"{self.module.name}:{self.node.name}"

    @property
    def place(self) -> str:
        """Where it stands, as ``net.py:12``."""
        return self.module.at(self.node)


def models_in(modules: Sequence[Module]) -> tuple[Model, ...]:
    """Classes that make models, the most likely one first: made somewhere, and not only inside another one."""
    classes = [(module, node) for module in modules for node in module.tree.body if isinstance(node, ast.ClassDef)]
    known: set[str] = set()
    while True:  # a class may stand on another one of the project
        more = {node.name for module, node in classes if node.name not in known and _is_model(module, node, known)}
        if not more:
            break
        known |= more
    inner = {name for module, node in classes if node.name in known for name in _made(module, node)}
    found = [
        Model(module, node, sum(_outside(other, node.name, known) for other in modules))
        for module, node in classes
        if node.name in known
    ]
    return tuple(sorted(found, key=lambda one: (-one.uses, one.node.name in inner, one.module.path, one.node.lineno)))


def _is_model(module: Module, node: ast.ClassDef, known: set[str]) -> bool:
    bases = [module.full_name(base).rpartition(".")[2] for base in node.bases]
    return any(base in BASES or base in known for base in bases)


def _made(module: Module, node: ast.AST) -> Iterator[str]:
    """Names of what is called below a node."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            yield module.full_name(inner.func).rpartition(".")[2]


def _outside(module: Module, name: str, models: set[str]) -> int:
    body = [node for node in module.tree.body if not (isinstance(node, ast.ClassDef) and node.name in models)]
    return sum(made == name for node in body for made in _made(module, node))


def layers_of(model: Model) -> tuple[str, ...]:
    """Kinds of layers that the class makes, with how many of each, in the order they come."""
    counts: dict[str, int] = {}
    for call in sorted(_calls(model.node), key=lambda node: (node.lineno, node.col_offset)):
        full = model.module.full_name(call.func)
        kind = full.rpartition(".")[2]
        if full.startswith(("torch.nn.", "nn.")) and ".functional." not in full and kind[:1].isupper():
            counts[kind] = counts.get(kind, 0) + 1
    counts.pop("Sequential", None)
    return tuple(f"{count} {kind}" if count > 1 else kind for kind, count in counts.items())


def _calls(node: ast.AST) -> Iterator[ast.Call]:
    return (inner for inner in ast.walk(node) if isinstance(inner, ast.Call))


def arguments_of(model: Model) -> tuple[str, ...]:
    """Arguments that its constructor asks for and gives no default."""
    for node in model.node.body:
        if isinstance(node, ast.FunctionDef) and node.name == "__init__":
            plain = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)][1:]
            needed = plain[: len(plain) - len(node.args.defaults)]
            named = [
                one.arg
                for one, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                if default is None
            ]
            return (*needed, *named)
    return ()
