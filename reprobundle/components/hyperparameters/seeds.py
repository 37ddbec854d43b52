"""The seeds in force, and whether anybody chose them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

from reprobundle import frameworks, seeding
from reprobundle.components.hyperparameters.section import NAME
from reprobundle.components.interface import Source, Stage

VARIABLES = ("PYTHONHASHSEED", "PL_GLOBAL_SEED")
CHOSEN_BELOW = 2**32  # torch draws 64 bits where nobody seeds it: one in four thousand million falls below

_SEED = re.compile(r"[0-9]{1,20}|random")


def in_force() -> dict[str, int | str]:
    """The seeds that can be asked for; no generator is touched and nothing is imported."""
    found: dict[str, int | str] = {}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["torch"] = int(torch.initial_seed())
        if torch.cuda.is_initialized():
            found["torch.cuda"] = int(torch.cuda.initial_seed())
    return found | of_variables()


def at_the_call(source: Source) -> Mapping[str, int | str]:
    """The seeds that were in force when capture was called; preprocessing and splitting seed generators meanwhile."""
    return in_force() if source.seeds is None else source.seeds


def of_variables() -> dict[str, int | str]:
    """The seeds that stand in environment variables, where they have the form of a seed."""
    values = {name: os.environ.get(name, "") for name in VARIABLES}
    return {name: value for name, value in values.items() if _SEED.fullmatch(value)}


def note_unseeded(source: Source, stage: Stage) -> None:
    """Tell the person that torch drew its seed itself, or that it was seeded otherwise than they may think."""
    if not frameworks.module_of("for_torch").recognises(source.model):
        return
    made, found = seeding.latest(), at_the_call(source).get("torch")
    if not isinstance(found, int):  # torch was not loaded yet: nothing was trained with it here
        return
    if made is not None:
        _note_other(made, found, stage)
    elif found >= CHOSEN_BELOW:
        message = f"training was not seeded: torch drew its seed by chance, {found}"
        stage.note(NAME, message, hint="call reprobundle.seed_everything(SEED) first of all in the script")


def _note_other(made: seeding.Seeding, found: int, stage: Stage) -> None:
    if "torch" not in made.generators:
        message = f"seed_everything({made.seed}) did not seed torch, which was not loaded yet"
        stage.note(NAME, message, hint="import torch before it")
    elif found != made.seed:
        stage.note(NAME, f"torch was seeded again after seed_everything({made.seed}): its seed is now {found}")
    for reason in made.not_set:
        if reason.startswith((seeding.CUBLAS_VARIABLE, "deterministic")):
            stage.note(NAME, f"not as deterministic as asked for: {reason}")
