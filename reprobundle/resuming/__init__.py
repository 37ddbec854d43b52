"""Story 4: a training goes on where it ended: weights, states of optimizer and scheduler, random generators.

Everything is read and compared before anything is changed: a bundle that does not fit leaves model and optimizer as they
are. Only a way of loading that is the model's own can still refuse afterwards; optimizers and generators are taken back then.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle.bundle import Bundle, VerifiedBundle, verify
from reprobundle.components.hyperparameters import generators, training
from reprobundle.components.hyperparameters.section import Section
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.resuming import states, weights
from reprobundle.rng import rank, refuse_unfit, restore

__all__ = ["Resumed", "resume"]


@dataclass(frozen=True, kw_only=True)
class Resumed:
    """What a training goes on from.

    Attributes:
        id: The bundle's id.
        restored: What was restored: ``model``, ``optimizer '0'``, ``generator 'torch'``, …
        left: What is recorded and was not restored: not asked for, or of a device that is not here.
        steps: How many steps the optimizer had taken, the largest number where there are several; None where none counts.
    """

    id: str
    restored: tuple[str, ...]
    left: tuple[str, ...]
    steps: int | None


def resume(
    bundle: str | os.PathLike[str] | Bundle | VerifiedBundle,
    *,
    model: Any = None,
    optimizer: Any = None,
    scheduler: Any = None,
    rng: bool = True,
) -> Resumed:
    """Bring a training back to where `capture(…, resumable=True)` found it, so that it goes on as if it had never stopped.

    Make model, optimizer and scheduler as the training script does, then call this, then train on. Where the training
    shuffles with the global generators, go on at the start of an epoch: how far a data loader came is not recorded, and
    neither are generators of your own.

    Args:
        bundle: The bundle's folder, which is verified first.
        model: The module that the weights go into, which must have exactly the recorded tensors.
        optimizer: The optimizer, or several, as they were handed to capture; a scaler of gradients may stand among them.
        scheduler: The scheduler, or several, likewise.
        rng: Whether to restore the random generators, in distributed training those of this rank. They go on from where
            capture was called.

    Returns:
        What was restored and what was not.

    Raises:
        UsageError: The bundle holds no such states, or they are of another model, class or parameters; nothing was changed.
        RefusedInputError: It is no bundle, differs from its manifest, or its files do not hold what the manifest records.
    """
    verified = _verified(bundle)
    used = training.taken(optimizer, scheduler)
    if used.unknown:
        name, kind = next(iter(used.unknown.items()))
        raise UsageError(f"{name}: {training.EXPECTED}, found {kind}", hint=training.GIVE)
    module = None if model is None else weights.module_of(model)
    fitting = None if module is None else weights.fitting(module, verified)
    kept = states.fitting(used, verified, module)
    drawn = _generators(verified) if rng else {}
    if not (fitting or kept or drawn):
        raise UsageError("nothing was asked for", hint="give model=, optimizer=, scheduler=, or rng=True")
    return _restored(verified, module, fitting, kept, drawn)


def _verified(bundle: str | os.PathLike[str] | Bundle | VerifiedBundle) -> VerifiedBundle:
    if isinstance(bundle, VerifiedBundle):
        return bundle
    return bundle.verify() if isinstance(bundle, Bundle) else verify(bundle)


def _generators(verified: VerifiedBundle) -> Mapping[str, bytes]:
    recorded = verified.manifest.hyperparameters.generators
    if recorded is None:
        return {}
    if rank() not in recorded.ranks:
        ranks = ", ".join(map(str, recorded.ranks))
        message = f"generators: the states of rank {rank()} are not recorded, expected one of the ranks {ranks}"
        raise UsageError(message, hint="rng=False goes on without them")
    drawn = generators.read(verified.path / recorded.file, rank())
    if not drawn:
        raise RefusedInputError(f"generators: {recorded.file!r} holds no states of rank {rank()}, which is recorded")
    refuse_unfit(drawn)
    return drawn


def _restored(
    verified: VerifiedBundle,
    module: Any,
    fitting: weights.Weights | None,
    kept: tuple[states.Kept, ...],
    drawn: Mapping[str, bytes],
) -> Resumed:
    """Change what was found to fit; the generators last, so that nothing draws from them afterwards."""
    with states.taken_back_on_error(kept):
        for one in kept:
            states.load(one)
        if fitting is not None:
            weights.load(module, fitting)
        absent = restore(drawn) if drawn else ()
    names = {f"generator {name!r}" for name in drawn if not name.endswith(".gauss")}
    left = {f"generator {name!r}" for name in absent}
    asked = {"model"} if fitting is not None else set[str]()
    restored = asked | {one.title for one in kept} | (names - left)
    section = verified.manifest.hyperparameters
    steps = [one.steps for one in section.optimizers if one.steps is not None]
    return Resumed(
        id=verified.id,
        restored=tuple(sorted(restored)),
        left=tuple(sorted((_recorded(section) | left) - restored)),
        steps=max(steps, default=None),
    )


def _recorded(section: Section) -> set[str]:
    """What a bundle holds that a training can go on from, as it is named in what was restored."""
    if section.resuming is None:
        return {"model"}
    found = {"model"} | {f"optimizer {one.name!r}" for one in section.optimizers}
    found |= {f"scheduler {one.name!r}" for one in section.schedulers}
    return found | {f"scaler {one.name!r}" for one in section.scalers}
