"""The text of a ``reprobundle.yaml`` that says what was found, and asks for the rest where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reprobundle.initialising.claims_text import ASKED_NUMBERS
from reprobundle.initialising.models import Model, arguments_of
from reprobundle.initialising.places import Places
from reprobundle.initialising.yaml_text import UnwritableError, flow, remark, text

HEAD = (
    "# What `reprobundle capture` packs, as far as it could be told from the files; the questions are for you.\n"
    "# Paths are relative to this folder; docs/capturing.md tells of each key.\n"
)
SPLITS = ("train", "test")


ASKED_MODEL = "which class or function makes the model, as module:name?"
ASKED_WEIGHTS = "which file holds the trained weights? none was found"
ASKED_INPUTS = "which sample inputs? a .npy, .npz or .safetensors file, or a function as module:name"
ASKED_SETTINGS = "which hyperparameters? values by name, or the path of a YAML or JSON file"
ASKED_TRANSFORM = "which function makes inputs of the model from raw samples, if any, as module:name?"
ASKED_SPLITS = "where is the data? a file, folder, glob, URL or function for each split"
NO_MODEL = f"# {ASKED_MODEL}\nmodel:\n  factory: module:Name\n  weights: weights.pt\n"
NO_INPUTS = f"# {ASKED_INPUTS}\n# inputs: samples.npy\n"
NO_SETTINGS = f"# {ASKED_SETTINGS}\n# hyperparameters: {{lr: 0.001}}\n"
NO_TRANSFORM = f"# {ASKED_TRANSFORM}\n# preprocessing: {{transform: module:prepare}}\n"
NO_SPLITS = f"# {ASKED_SPLITS}\n# splits:\n" + "".join(f"#   {name}: data/{name}\n" for name in SPLITS)


@dataclass(frozen=True)
class Part:
    """One key of a specification.

    Attributes:
        key: The key.
        text: Its lines.
        question: What is asked; None where nothing is.
        questions: All that may be asked of it.
        unanswered: Lines that stand for it where it is not known.
        others: Keys that answer it as well.
    """

    key: str
    text: str
    question: str | None = None
    questions: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def parts(
    models: Sequence[Model],
    places: Places,
    hyperparameters: Mapping[str, object],
    card: str,
    transform: str | None,
    claims: str,
) -> tuple[Part, ...]:
    """What a specification says, key by key, in their order.

    Args:
        models: Classes that make models, the likely one first.
        places: What lies in the project.
        hyperparameters: Values that the source writes out.
        card: The card's path.
        transform: What makes inputs from raw samples, as ``module:name``.
        claims: Commented lines of what may be claimed.
    """
    return (
        _model(models, places),
        _part("inputs", _inputs(places), ASKED_INPUTS, NO_INPUTS),
        _part("hyperparameters", _settings(places, hyperparameters), ASKED_SETTINGS, NO_SETTINGS),
        _part("preprocessing", _transform(transform), ASKED_TRANSFORM, NO_TRANSFORM),
        _part("splits", _splits(places), ASKED_SPLITS, NO_SPLITS),
        Part("claims", claims, ASKED_NUMBERS, (ASKED_NUMBERS,), (claims,), ("metrics",)),
        Part("documentation", f"documentation: {text(card)}\n"),
    )


def text_of(written: Sequence[Part]) -> str:
    """A new file."""
    return HEAD + "".join(part.text for part in written)


def _part(key: str, found: str | None, question: str, unanswered: str) -> Part:
    """A key that was found, or else its question."""
    text = unanswered if found is None else found
    return Part(key, text, question if found is None else None, (question,), (unanswered,))


def _model(models: Sequence[Model], places: Places) -> Part:
    asked = (ASKED_MODEL, ASKED_WEIGHTS)
    open_ = (NO_MODEL, *((_factory(models, ()),) if models else ()))
    if places.folders:
        return Part("model", f"model:\n  folder: {text(places.folders[0])}\n", None, asked, open_)
    if not models and places.whole:
        return Part("model", f"model:\n  file: {text(places.whole[0])}\n", None, asked, open_)
    if not models:
        return Part("model", NO_MODEL, ASKED_MODEL, asked, open_)
    question = None if places.weights else ASKED_WEIGHTS
    return Part("model", _factory(models, places.weights), question, asked, open_)


def _factory(models: Sequence[Model], weights: Sequence[str]) -> str:
    """A class with its weights, the other candidates named beside."""
    lines = ["model:", *(f"  # or: {remark(one.entry)}" for one in models[1:4]), f"  factory: {text(models[0].entry)}"]
    needed = arguments_of(models[0])
    if needed:
        lines.append(f"  # called with hyperparameters of these names: {remark(', '.join(needed))}")
    if not weights:
        lines.append(f"  # {ASKED_WEIGHTS}")
    lines.append(f"  weights: {text(weights[0] if weights else 'weights.pt')}")
    lines += [f"  # or: {remark(one)}" for one in weights[1:4]]
    return "\n".join(lines) + "\n"


def _inputs(places: Places) -> str | None:
    return f"inputs: {text(places.inputs[0])}\n" if places.inputs else None


def _settings(places: Places, hyperparameters: Mapping[str, object]) -> str | None:
    if hyperparameters:
        return (
            "\n".join(["hyperparameters:", *(_setting(name, value) for name, value in hyperparameters.items())]) + "\n"
        )
    return f"hyperparameters: {text(places.settings[0])}\n" if places.settings else None


def _setting(name: str, value: object) -> str:
    try:
        return f"  {text(name)}: {flow(value)}"
    except UnwritableError as error:
        return f"  # {remark(name)}: its value cannot stand here: {error}"


def _transform(transform: str | None) -> str | None:
    return f"preprocessing:\n  transform: {text(transform)}\n" if transform else None


def _splits(places: Places) -> str | None:
    lines = [f"  {text(name)}: {text(path)}\n" for name, path in places.splits.items()]
    return "splits:\n" + "".join(lines) if lines else None
