"""Absolute paths among the values that a person gave: kept as they are, and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reprobundle.components.interface import Stage
from reprobundle.machine_places import places_in
from reprobundle.phrases import some
from reprobundle.records import Json, strict_json

SHOWN = 5
CONFIGURATION = "preprocessing/configuration.json"
TRAINING = ("optimizers", "schedulers", "scalers")
HINT = "whoever reads the bundle reads them, and a replay finds nothing there: give relative paths, or leave them out"


def note(stage: Stage) -> None:
    """Note where absolute paths stand in hyperparameters, options of optimizers, arguments and preprocessing.

    Args:
        stage: Its sections are made; takes one note for each of them.
    """
    for name, found in _found(stage):
        if found:
            shown = some([repr(place[:200]) for place in found], SHOWN)
            stage.note(name, f"absolute paths of this machine are kept as they were given: {shown}", hint=HINT)


def _found(stage: Stage) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where such a path stands, by the section, as dotted names: a pointer would itself look like a path."""
    for name, values in _given(stage).items():
        yield name, tuple(place.lstrip("/").replace("/", ".") for place in places_in(values))


def _given(stage: Stage) -> dict[str, Json]:
    """What the person gave, by section."""
    sections: dict[str, Any] = {name: section.model_dump(mode="json") for name, section in stage.sections.items()}
    chosen = sections.get("hyperparameters", {})
    given: dict[str, Json] = {
        "hyperparameters": {**chosen.get("values", {}), **_of_training(chosen)},
        "model": sections.get("model", {}).get("init") or {},
    }
    written = stage.root / CONFIGURATION
    prepared: dict[str, Json] = {"steps": sections.get("preprocessing", {}).get("steps", [])}
    if written.is_file():
        settings = strict_json(written.read_bytes(), name=CONFIGURATION)
        prepared |= settings if isinstance(settings, dict) else {"configuration": settings}
    given["preprocessing"] = prepared
    return given


def _of_training(section: dict[str, Any]) -> dict[str, Json]:
    """Options of optimizers, schedulers and scalers, by kind and name."""
    found: dict[str, Json] = {}
    for kind in (kind for kind in TRAINING if section.get(kind)):
        found[kind] = {
            one["name"]: one.get("values") or [group["options"] for group in one.get("groups", ())]
            for one in section[kind]
        }
    return found
