"""What the other sections of a manifest tell, as answers to the card's questions, each with its place in the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.data_facts import data_facts
from reprobundle.components.documentation.evaluation_facts import evaluation_facts
from reprobundle.components.documentation.filling import Fact
from reprobundle.phrases import counted, some

Sections = Mapping[str, Mapping[str, Any]]

SOURCE_SAYS_MORE = frozenset(
    {"training.architecture", "training.procedure", "training.regularisation", "training.weights",
     "data_preparation.standardisation"}
)  # fmt: skip
"""Where the words of a project's source, if it was read, say more than the figures of a manifest."""

TAGS = {"torch": "pytorch"}
LIBRARIES = ("torch", "transformers", "lightning", "scikit-learn", "onnxruntime", "tensorflow", "jax", "numpy")
REGULARISING = ("dropout", "weight_decay", "early_stopping", "patience", "label_smoothing", "l1", "l2")
PROCEDURAL = ("epochs", "batch_size", "learning_rate", "lr", "optimizer", "scheduler", "warmup", "max_steps")
IMAGE_KERNEL = 4  # axes of a convolution's weights over images
SHOWN = 12
LONGEST = 5_000  # characters of an answer
MORE = "(the rest stands in manifest.json)"


def facts(sections: Sections, card: Card) -> Iterator[Fact]:
    """Every answer that the sections give, the better one of two for a field first.

    Args:
        sections: The sections of a manifest by name, as plain values; those that are not there tell nothing.
        card: What a person wrote, which some answers repeat.
    """
    found = {name: sections.get(name, {}) for name in ("model", "data", "code", "hyperparameters", "environment")}
    preprocessing, claims = sections.get("preprocessing", {}), sections.get("claims", {})
    outputs = sections.get("outputs", {})
    told = chain(
        _model(found["model"], found["data"]),
        _version(found["code"]),
        data_facts(found["data"], preprocessing),
        _training(found["model"], found["hyperparameters"]),
        evaluation_facts(claims, found["hyperparameters"], found["data"]),
        _compute(found["environment"], found["model"], trained_here=bool(found["hyperparameters"].get("seeds"))),
        _examples(outputs),
        _rights(card, found["data"]),
    )
    yield from map(_in_short, told)


def _in_short(fact: Fact) -> Fact:
    """A fact that leaves room in the card for all others, however much a manifest tells."""
    if not isinstance(fact.value, str) or len(fact.value) <= LONGEST:
        return fact
    return replace(fact, value=f"{fact.value[:LONGEST].rstrip()}… {MORE}")


PLACES: Mapping[str, str] = {
    "version": "code.repository.commit",
    "tags": "model.framework",
    "training_data.collection": "data.splits[].provenance.collection",
    "training_data.owner": "data.splits[].provenance.owner",
    "training_data.license": "data.splits[].provenance.licence",
    "training_data.statistics": "data.splits[].count",
    "training_data.bias": "data.splits[].labels",
    "training_data.distribution": "data.splits[].provenance.source",
    "data_preparation.splitting": "data.splitting",
    "data_preparation.standardisation": "preprocessing.described",
    "data_preparation.feature_selection": "preprocessing.described",
    "data_preparation.filters": "preprocessing.described",
    "training.architecture": "model.entry",
    "training.hyperparameters": "hyperparameters.values",
    "training.procedure": "hyperparameters.optimizers",
    "training.regularisation": "hyperparameters.values",
    "training.weights": "model.files",
    "evaluation.metrics": "claims.claims[].value",
    "evaluation.uncertainty": "claims.claims[].low",
    "evaluation.runs": "hyperparameters.seeds",
    "ethics.bias": "claims.claims[].groups",
    "ethics.consent": "data.splits[].provenance.consent",
    "compute.environment": "environment.interpreter",
    "compute.hardware": "environment.numerics",
    "examples": "outputs.inputs.file",
}
"""Where the first of all answers stands that a manifest can give, by question; optional ones are not among them."""


def citing(card: Card) -> Iterator[Fact]:
    """How to cite, from what the card itself says by now."""
    if card.title and card.authors:
        parted = "; " if any("," in author.name for author in card.authors) else ", "
        shown = [author.name for author in card.authors[:SHOWN]]
        names = parted.join(shown) + (" and others" if len(card.authors) > SHOWN else "")
        version = f" Version {card.version}." if card.version else ""
        doi = f" https://doi.org/{card.doi}" if card.doi else ""
        source = ("title", "authors", *(name for name in ("version", "doi") if getattr(card, name)))
        yield Fact("citation", f"{names}: {card.title}.{version}{doi}", tuple(f"card.yaml: {one}" for one in source))


def _model(model: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Fact]:
    framework = str(model.get("framework") or "").partition(" ")[0]
    if framework:
        yield Fact("tags", (TAGS.get(framework, framework),), ("model.framework",))
    if model.get("entry"):
        parameters = model.get("parameters")
        told = f"{model['entry']}, {counted(parameters, 'parameter')}" if parameters else str(model["entry"])
        yield Fact("training.architecture", told, ("model.entry", *(("model.parameters",) if parameters else ())))
    labelled = any(split.get("labels") for split in data.get("splits", ()))
    kernel = any(len(tensor["shape"]) == IMAGE_KERNEL for tensor in model.get("tensors", ()))
    if labelled and kernel:
        yield Fact("task", "image-classification", ("data.splits[].labels", "model.tensors[].shape"))
    files = model.get("files", ())
    if files:
        given = model.get("given") or {}
        origin = f", opened from {given['name']}" if given.get("name") else ""
        tensors = counted(len(model.get("tensors", ())), "tensor")
        source = ("model.files", "model.tensors", *(("model.given",) if origin else ()))
        yield Fact("training.weights", f"{some(files)}: {tensors}{origin}", source)


def _version(code: Mapping[str, Any]) -> Iterator[Fact]:
    repository = code.get("repository")
    if repository:
        dirty = " with uncommitted changes" if repository["dirty"] else ""
        yield Fact("version", f"git {repository['commit'][:12]}{dirty}", ("code.repository.commit",))


def _training(model: Mapping[str, Any], section: Mapping[str, Any]) -> Iterator[Fact]:
    values = section.get("values", {})
    plain = {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}
    yield Fact("training.hyperparameters", _listed(dict(_leaves(values, ""))), ("hyperparameters.values",))
    optimizers = section.get("optimizers", ())
    steps = [_optimizer(one) for one in optimizers] + [
        one["entry"] or one["name"] for one in section.get("schedulers", ())
    ]
    if steps:
        yield Fact("training.procedure", "; ".join(steps), ("hyperparameters.optimizers", "hyperparameters.schedulers"))
    chosen = {name: value for name, value in plain.items() if name.lower() in PROCEDURAL}
    yield Fact("training.procedure", _listed(chosen), tuple(f"hyperparameters.values.{name}" for name in chosen))
    against = {name: value for name, value in plain.items() if any(word in name.lower() for word in REGULARISING)}
    yield Fact("training.regularisation", _listed(against), tuple(f"hyperparameters.values.{name}" for name in against))


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """What stands in nested values by its dotted name; a name with nothing beside it says nothing, a long list its length."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(part, f"{place}.{name}" if place else name)
    elif isinstance(value, list):
        if any(True for part in value for _ in _leaves(part, place)):
            short = len(value) <= SHOWN and not any(isinstance(part, dict | list) for part in value)
            yield place, f"[{', '.join(map(str, value))}]" if short else counted(len(value), "value")
    elif value is not None:
        yield place, value


def _optimizer(one: Mapping[str, Any]) -> str:
    options = [group["options"] for group in one.get("groups", ())]
    shown = {
        name: value
        for name, value in (options[0] if options else {}).items()
        if name in {"lr", "weight_decay", "momentum", "betas"}
    }
    steps = f", {counted(one['steps'], 'step')}" if one.get("steps") else ""
    return f"{one['entry'] or one['name']}" + (f" with {_listed(shown)}" if shown else "") + steps


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def _compute(environment: Mapping[str, Any], model: Mapping[str, Any], *, trained_here: bool) -> Iterator[Fact]:
    """Software, and hardware where the process that was captured also trained: weights of a file may be from anywhere."""
    if not environment:
        return
    python, system = environment["interpreter"], environment["platform"]
    used = {one["name"]: one["version"] for one in environment["distributions"] if one["imported"]}
    shown = [f"{name} {used[name]}" for name in LIBRARIES if name in used]
    base = f"{python['implementation']} {python['version']} on {system.get('distribution') or system['system']}, {system['machine']}"
    source = ("environment.interpreter", "environment.platform", "environment.distributions")
    yield Fact("compute.environment", "; ".join([base, *shown]), source)
    if not trained_here:
        return
    numerics = environment["numerics"]
    parts = [_processor(numerics), _graphics(numerics, model)]
    hardware = "; ".join(part for part in parts if part)
    yield Fact("compute.hardware", hardware, ("environment.numerics", "model.device"))


def _processor(numerics: Mapping[str, Any]) -> str:
    model, usable = numerics.get("cpu.model"), numerics.get("cpu.usable")
    return f"{model}, {counted(usable, 'processor')} usable" if model and usable else str(model or "")


def _graphics(numerics: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    device = model.get("device")
    names: Sequence[Any] = [
        value for key, value in sorted(numerics.items()) if key.startswith("cuda.device.") and "name" in key
    ]
    if device and device != "cpu":
        return f"the model was on {device}" + (f": {some([str(name) for name in names])}" if names else "")
    return "the model was on the CPU" if device == "cpu" else ""


def _examples(outputs: Mapping[str, Any]) -> Iterator[Fact]:
    inputs, expected = outputs.get("inputs"), outputs.get("expected")
    if inputs and expected:
        told = f"Sample inputs are in {inputs['file']}, what the model gives for them in {expected['file']}."
        yield Fact("examples", told, ("outputs.inputs.file", "outputs.expected.file"))


def _rights(card: Card, data: Mapping[str, Any]) -> Iterator[Fact]:
    """Who may use what, where both licences are known."""
    told = {split["name"]: (split.get("provenance") or {}).get("licence") for split in data.get("splits", ())}
    licences = sorted({licence for licence in told.values() if licence})
    theirs = " and ".join(licences) if licences and all(told.values()) else card.training_data.license
    if card.license and theirs:
        source = "data.splits[].provenance.licence" if licences else "card.yaml: training_data.license"
        yield Fact("ethics.intellectual_property", f"Code and weights: {card.license}; data: {theirs}.",
                   ("card.yaml: license", source))  # fmt: skip
