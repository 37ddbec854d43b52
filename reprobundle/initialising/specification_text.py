"""The text of a ``reprobundle.yaml`` that says what was found, and asks for the rest where it belongs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reprobundle.initialising.models import Model, arguments_of
from reprobundle.initialising.places import Places

HEAD = (
    "# What `reprobundle capture` packs, as far as it could be told from the files; the questions are for you.\n"
    "# Paths are relative to this folder; docs/capturing.md tells of each key.\n"
)
SPLITS = ("train", "test")


@dataclass(frozen=True)
class Draft:
    """A specification and what it still asks.

    Attributes:
        text: The file's text.
        found: Keys that are filled in.
        asked: A question by key.
    """

    text: str
    found: tuple[str, ...]
    asked: Mapping[str, str]


def draft(
    models: Sequence[Model], places: Places, hyperparameters: Mapping[str, object], card: str, transform: str | None
) -> Draft:
    """Write the specification.

    Args:
        models: Classes that make models, the likely one first.
        places: What lies in the project.
        hyperparameters: Values that the source writes out.
        card: The card's path.
        transform: What makes inputs from raw samples, as ``module:name``.
    """
    parts = [
        ("model", *_model(models, places)),
        ("inputs", *_inputs(places)),
        ("hyperparameters", *_settings(places, hyperparameters)),
        ("preprocessing", *_transform(transform)),
        ("splits", *_splits(places)),
        ("documentation", f"documentation: {json.dumps(card)}\n", None),
    ]
    return Draft(
        text=HEAD + "".join(text for _, text, _ in parts),
        found=tuple(key for key, _, question in parts if question is None),
        asked={key: question for key, _, question in parts if question is not None},
    )


def _model(models: Sequence[Model], places: Places) -> tuple[str, str | None]:
    if places.folders:
        return f"model:\n  folder: {json.dumps(places.folders[0])}\n", None
    if not models and places.whole:
        return f"model:\n  file: {json.dumps(places.whole[0])}\n", None
    if not models:
        question = "which class or function makes the model, as module:name?"
        return f"# {question}\nmodel:\n  factory: module:Name\n  weights: weights.pt\n", question
    return _factory(models, places)


def _factory(models: Sequence[Model], places: Places) -> tuple[str, str | None]:
    """A class with its weights, the other candidates named beside."""
    lines = ["model:", *(f"  # or: {one.entry}" for one in models[1:4]), f"  factory: {json.dumps(models[0].entry)}"]
    needed = arguments_of(models[0])
    if needed:
        lines.append(f"  # called with hyperparameters of these names: {', '.join(needed)}")
    question = None
    if not places.weights:
        question = "which file holds the trained weights? none was found"
        lines.append(f"  # {question}")
    lines.append(f"  weights: {json.dumps(places.weights[0] if places.weights else 'weights.pt')}")
    lines += [f"  # or: {one}" for one in places.weights[1:4]]
    return "\n".join(lines) + "\n", question


def _inputs(places: Places) -> tuple[str, str | None]:
    if places.inputs:
        return f"inputs: {json.dumps(places.inputs[0])}\n", None
    question = "which sample inputs? a .npy, .npz or .safetensors file, or a function as module:name"
    return f"# {question}\n# inputs: samples.npy\n", question


def _settings(places: Places, hyperparameters: Mapping[str, object]) -> tuple[str, str | None]:
    if hyperparameters:
        lines = [f"  {json.dumps(name)}: {_plain(value)}" for name, value in hyperparameters.items()]
        return "\n".join(["hyperparameters:", *lines]) + "\n", None
    if places.settings:
        return f"hyperparameters: {json.dumps(places.settings[0])}\n", None
    question = "which hyperparameters? values by name, or the path of a YAML or JSON file"
    return f"# {question}\n# hyperparameters: {{lr: 0.001}}\n", question


def _plain(value: object) -> str:
    """A value as YAML 1.1 reads it: ``1.0e-07`` where JSON would write ``1e-07``, which is text there."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}.0e{exponent}" if e and isinstance(value, float) and "." not in mantissa else text


def _transform(transform: str | None) -> tuple[str, str | None]:
    if transform:
        return f"preprocessing:\n  transform: {json.dumps(transform)}\n", None
    question = "which function makes inputs of the model from raw samples, if any, as module:name?"
    return f"# {question}\n# preprocessing: {{transform: module:prepare}}\n", question


def _splits(places: Places) -> tuple[str, str | None]:
    if not places.splits:
        question = "where is the data? a file, folder, glob, URL or function for each split"
        shown = "".join(f"#   {name}: data/{name}\n" for name in SPLITS)
        return f"# {question}\n# splits:\n{shown}", question
    return "splits:\n" + "".join(_lines(places.splits)), None


def _lines(splits: Mapping[str, str]) -> Iterator[str]:
    yield from (f"  {name}: {json.dumps(path)}\n" for name, path in splits.items())
