"""What the worker is told and may see of the preprocessing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprobundle.components.preprocessing.section import Section, Step


def job(section: Section, place: Callable[[str], Path]) -> dict[str, Any] | None:
    """The worker's job: recipes of the steps and the raw samples; None where there is nothing to run.

    Args:
        section: What is recorded.
        place: Where a file of the bundle is.
    """
    if section.pairs is None or not section.can_run:
        return None
    raw = section.pairs.raw
    recipes = [_recipe(step, section, place) for step in section.steps]
    return {
        "steps": recipes or [{"form": "function", "entry": section.transform}],
        "file": str(place(raw.file)),
        "structure": raw.structure,
        "library": raw.library,
        "made_of": raw.made_of,
    }


def _recipe(step: Step, section: Section, place: Callable[[str], Path]) -> dict[str, Any]:
    recipe = step.model_dump(mode="json")
    for name in ("file", "tensors"):
        recipe[name] = None if recipe[name] is None else str(place(recipe[name]))
    if step.form == "pretrained":
        recipe["folder"] = {path: str(place(path)) for path in section.files}
    return recipe


def files(section: Section) -> tuple[str, ...]:
    """What the worker may see of it: raw samples, settings, fitted parts; nothing expected."""
    fitted = [path for step in section.steps for path in (step.file, step.tensors) if path is not None]
    own = section.files if any(step.form == "pretrained" for step in section.steps) else ()
    raw = () if section.pairs is None else (section.pairs.raw.file,)
    return (*raw, *(() if section.configuration is None else (section.configuration,)), *fitted, *own)


def needs_source(section: Section) -> bool:
    """Whether modules are imported for it, which may be the person's own."""
    return section.transform is not None or any(step.entry is not None or step.trusted for step in section.steps)
