"""What a project's source tells, as answers to the card's questions, each with its file and line."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reprobundle.components.documentation.filling import Fact
from reprobundle.initialising.base_models import bases_of
from reprobundle.initialising.known_data import KNOWN, told_of
from reprobundle.initialising.models import Model, layers_of
from reprobundle.initialising.project import Module, docstring, keyword, literal

OPTIMISERS = frozenset({"SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS", "NAdam", "RAdam", "Adafactor"})
SCALERS = frozenset({"StandardScaler", "MinMaxScaler", "RobustScaler", "Normalizer", "Normalize", "MaxAbsScaler"})
SELECTING = frozenset({"SelectKBest", "SelectPercentile", "RFE", "RFECV", "VarianceThreshold", "SelectFromModel"})
AGAINST = frozenset({"Dropout", "Dropout2d", "BatchNorm1d", "BatchNorm2d", "LayerNorm", "EarlyStopping"})
LOSSES = frozenset(
    {
        "cross_entropy",
        "CrossEntropyLoss",
        "mse_loss",
        "MSELoss",
        "nll_loss",
        "NLLLoss",
        "BCEWithLogitsLoss",
        "l1_loss",
        "L1Loss",
    }
)
PRETRAINED = frozenset({"from_pretrained", "load_state_dict_from_url"})
CLASSIFYING = frozenset({"cross_entropy", "CrossEntropyLoss", "nll_loss", "NLLLoss"})
LONGEST_CALL = 200


def source_facts(modules: Sequence[Module], model: Model | None, folder: Path) -> Iterator[Fact]:
    """Answers that the source gives, the better one of two for a field first.

    Args:
        modules: The project.
        model: The class that makes the model.
        folder: The project's folder.
    """
    yield from _described(modules, model)
    for base in bases_of(modules, folder):
        yield Fact("base_model", (base.name,) if base.sure else (), (base.place,))
    yield from _prepared(modules)
    yield from _data(modules)  # what a library says of its data comes after what the project does with it
    yield from _trained(modules, model)


def captures(modules: Sequence[Module]) -> Iterator[tuple[Module, ast.Call]]:
    """Calls of ``reprobundle.capture``."""
    for module in modules:
        yield from ((module, call) for call in module.calls() if module.full_name(call.func) == "reprobundle.capture")


def said_facts(modules: Sequence[Module]) -> Iterator[Fact]:
    """What a script already hands to ``capture(documentation=…)``: a person's own answers."""
    for module, call in captures(modules):
        given = literal(keyword(call, "documentation"))
        if isinstance(given, dict):
            for path, value in answers_in(given):
                yield Fact(path, value, (module.at(call),))


def answers_in(given: Mapping[Any, Any]) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Answers by their path in the card, of what a person gives as documentation; what is no text is left out."""
    for name, value in given.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", text) for inner, text in answers_in(value))
        elif isinstance(value, str):
            yield str(name), value
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            yield str(name), tuple(value)


def _described(modules: Sequence[Module], model: Model | None) -> Iterator[Fact]:
    if model is None:
        return
    said = [(docstring(model.node), model.place)]
    said += [(docstring(module.tree), f"{module.path}:1") for module in modules if _is_script(module)]
    places: dict[str, str] = {}  # of what says something, where it says so first
    for words, place in said:
        places.setdefault(words, place)
    places.pop("", None)
    yield Fact("description", " ".join(places), tuple(places.values()))
    layers = layers_of(model)
    if layers:
        yield Fact("training.architecture", f"{model.entry}: {', '.join(layers)}", (model.place,))
    losses = {name.rpartition(".")[2] for module in modules for name in _called(module)}
    if any(layer.endswith("Conv2d") for layer in layers) and losses & CLASSIFYING:
        yield Fact("task", "image-classification", (model.place,))


def _is_script(module: Module) -> bool:
    """Whether a file is run: it has a main guard."""
    return any(
        isinstance(node, ast.If)
        and "__name__" in {inner.id for inner in ast.walk(node.test) if isinstance(inner, ast.Name)}
        for node in module.tree.body
    )


def _called(module: Module) -> Iterator[str]:
    return (module.full_name(call.func) for call in module.calls())


def _data(modules: Sequence[Module]) -> Iterator[Fact]:
    for module in modules:
        for call in module.calls():
            full, place = module.full_name(call.func), (module.at(call),)
            if full in KNOWN:
                yield from told_of(full, module.at(call))
            elif full in {"datasets.load_dataset", "datasets.load_dataset_builder"} and call.args:
                name = literal(call.args[0])
                yield Fact("datasets", (name,) if isinstance(name, str) else (), place)
            elif full.startswith("torchvision.datasets."):
                yield Fact("datasets", (f"torchvision: {full.rpartition('.')[2]}",), place)
            elif full.startswith("sklearn.datasets.fetch_"):
                yield Fact("datasets", (f"scikit-learn: {full.rpartition('.')[2]}",), place)


def _prepared(modules: Sequence[Module]) -> Iterator[Fact]:
    values, _ = _constants(modules)
    for module in modules:
        for call in module.calls():
            kind = module.full_name(call.func).rpartition(".")[2]
            if kind in {"train_test_split", "random_split", "KFold", "StratifiedKFold", "GroupShuffleSplit"}:
                yield Fact("data_preparation.splitting", _shown(call, values), (module.at(call),))
            elif kind in SCALERS:
                yield Fact("data_preparation.standardisation", _shown(call, values), (module.at(call),))
            elif kind in SELECTING:
                yield Fact("data_preparation.feature_selection", _shown(call, values), (module.at(call),))
    for module, call in captures(modules):
        yield from _transform(modules, module, call)


def _transform(modules: Sequence[Module], module: Module, call: ast.Call) -> Iterator[Fact]:
    """What the function says of itself that is given as preprocessing."""
    given = keyword(call, "preprocessing")
    named = keyword(given, "transform") if isinstance(given, ast.Call) else None
    full = module.full_name(named) if named is not None else ""
    for other in modules:
        for node in other.tree.body:
            if isinstance(node, ast.FunctionDef) and full in {f"{other.name}.{node.name}", node.name}:
                yield Fact("data_preparation.standardisation", docstring(node), (other.at(node),))


def _trained(modules: Sequence[Module], model: Model | None) -> Iterator[Fact]:
    values, where = _constants(modules)
    calls = [(module, call, _kind(module, call)) for module in modules for call in module.calls()]
    optimisers = [(module, call) for module, call, kind in calls if kind in OPTIMISERS]
    losses = [(module, call) for module, call, kind in calls if kind in LOSSES]
    lasting = [f"{name} {values[name]}" for name in ("epochs", "max_steps", "batch_size") if name in values]
    told = [_shown(call, values, skipped=1) for _, call in optimisers]
    told += [f"loss {_kind(module, call)}" for module, call in losses]
    places = [module.at(call) for module, call in (*optimisers, *losses)]
    yield Fact("training.procedure", "; ".join(dict.fromkeys([*told, *lasting])),
               tuple(dict.fromkeys([*places, *([where] if lasting else [])])))  # fmt: skip
    yield Fact("training.hyperparameters", ", ".join(f"{name}={value}" for name, value in values.items()), (where,))
    yield from _regularised([found for found in calls if found[2] in AGAINST], values)
    if model is not None and optimisers and not any(kind in PRETRAINED for *_, kind in calls):
        yield Fact("training.weights", f"Trained from scratch, from a new {model.entry}.", (model.place, *places[:1]))


def _kind(module: Module, call: ast.Call) -> str:
    """The last name of what is called."""
    return module.full_name(call.func).rpartition(".")[2] or getattr(call.func, "attr", "")


def _regularised(calls: Sequence[tuple[Module, ast.Call, str]], values: Mapping[str, object]) -> Iterator[Fact]:
    words = [kind if "Norm" in kind else _shown(call, values) for _, call, kind in calls]
    places = [module.at(call) for module, call, _ in calls]
    yield Fact("training.regularisation", "; ".join(dict.fromkeys(words)), tuple(dict.fromkeys(places)))


def _constants(modules: Sequence[Module]) -> tuple[dict[str, object], str]:
    """Hyperparameters written out as one mapping, the script's own before others, and where."""
    for module in sorted(modules, key=lambda one: not _is_script(one)):
        for node in module.tree.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            value = literal(getattr(node, "value", None))
            if isinstance(target, ast.Name) and _is_settings(target.id) and isinstance(value, dict) and value:
                return {str(name): one for name, one in value.items()}, module.at(node)
    return {}, ""


def _is_settings(name: str) -> bool:
    return name.lower() in {"hyperparameters", "hparams", "params", "config", "settings", "hyperparams", "cfg"}


def hyperparameters_in(modules: Sequence[Module]) -> dict[str, object]:
    """Values that the source writes out as one mapping called ``HYPERPARAMETERS`` or the like."""
    return _constants(modules)[0]


class _Resolved(ast.NodeTransformer):
    """Puts values in the place of ``HYPERPARAMETERS["name"]``."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Replace what is known."""
        key = literal(node.slice)
        named = isinstance(node.value, ast.Name) and _is_settings(node.value.id)
        return ast.Constant(self.values[key]) if named and key in self.values else self.generic_visit(node)  # type: ignore[index, arg-type]


def _shown(call: ast.Call, values: Mapping[str, object], *, skipped: int = 0) -> str:
    """A call as it is written, values in the place of their names, the first arguments left out."""
    given = [ast.unparse(_Resolved(values).visit(copy.deepcopy(one))) for one in (*call.args[skipped:], *call.keywords)]
    name = ast.unparse(call.func).rpartition(".")[2]
    text = f"{name}({', '.join(given)})"
    return text if len(text) <= LONGEST_CALL else f"{name}(…)"
