"""Which questions of the card captured facts answer, and where in the manifest they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reprobundle.components.preprocessing.section import Topic
from reprobundle.manifest import Manifest
from reprobundle.records import Json

Answers = Callable[[Manifest], bool]


def _of_every_split(field: str) -> Answers:
    def answers(manifest: Manifest) -> bool:
        said = [split.provenance and getattr(split.provenance, field) for split in manifest.data.splits]
        return bool(said) and all(said)

    return answers


def _described(topic: Topic) -> Answers:
    return lambda manifest: any(part.topic == topic for part in manifest.preprocessing.described)


def _says(value: Json) -> bool:
    """Whether anything stands in nested values: a name with nothing beside it says nothing."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return value is not None if inner is None else any(map(_says, inner))


FACTS: Mapping[str, tuple[str, Answers]] = {
    "training_data.collection": ("data.splits[].provenance.collection", _of_every_split("collection")),
    "training_data.owner": ("data.splits[].provenance.owner", _of_every_split("owner")),
    "training_data.license": ("data.splits[].provenance.licence", _of_every_split("licence")),
    "training_data.statistics": ("data.splits", lambda manifest: bool(manifest.data.splits)),
    "training_data.distribution": ("data.splits[].provenance.source", _of_every_split("source")),
    "data_preparation.splitting": (
        "data.splitting",
        lambda manifest: manifest.data.splitting is not None or _described("splitting")(manifest),
    ),
    "data_preparation.standardisation": ("preprocessing.described", _described("standardisation")),
    "data_preparation.feature_selection": ("preprocessing.described", _described("feature selection")),
    "data_preparation.filters": ("preprocessing.described", _described("outlier filters")),
    "training.architecture": ("model.entry", lambda manifest: manifest.model.entry is not None),
    "training.hyperparameters": ("hyperparameters.values", lambda manifest: _says(manifest.hyperparameters.values)),
    "training.procedure": ("hyperparameters.optimizers", lambda manifest: bool(manifest.hyperparameters.optimizers)),
    "evaluation.metrics": ("claims.claims", lambda manifest: bool(manifest.claims.claims)),
    "ethics.consent": ("data.splits[].provenance.consent", _of_every_split("consent")),
    "compute.environment": ("environment.lock", lambda manifest: manifest.environment.lock is not None),
    "compute.hardware": (
        "environment.numerics",
        lambda manifest: bool({"cpu.model", "cuda.devices"} & set(manifest.environment.numerics)),
    ),
}


def fact_for(path: str, manifest: Manifest) -> str | None:
    """Where in the manifest the answer to a question stands; None where nothing captured answers it."""
    known = FACTS.get(path)
    if known is not None and known[1](manifest):
        return known[0]
    return None
