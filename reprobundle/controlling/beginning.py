"""Processes that begin with something else than the recorded run, where its answer is another than all later ones.

A model that keeps a state from call to call is honest and answers otherwise when it is asked again; a lookup that is made for
the first call looks the same. Only another first call tells them apart: on inputs and weights moved a little it must give
nearly the recorded answer, on other inputs and with other weights another one. What was refused before is not asked.
"""

from __future__ import annotations

import random as randoms
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from reprobundle import guest
from reprobundle.answers import Answer
from reprobundle.controlling.planning import Decoy, Plan, Purpose

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]

QUICK = 1.0  # seconds of a first run: up to it a process is asked as much as the first one was
FEW = 3  # further runs of a slow one, so that it looks like any other

Kind = Literal["near", "far", "weights"]


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """One new process.

    Attributes:
        kind: What its first run has: inputs and weights moved a little, other inputs, or other weights.
        first: That run.
        decoys: The runs of the process before whose inputs and weights it has.
        questions: What it is asked after it, so that it cannot be told from the process before.
    """

    kind: Kind
    first: guest.Question
    decoys: tuple[Decoy, ...]
    questions: tuple[guest.Question, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What came of it.

    Attributes:
        beginning: What was asked.
        arrays: What the first run gave.
        outputs: Nested structure of it.
        error: Why nothing came of it; None where something did.
    """

    beginning: Beginning
    arrays: Arrays = field(default_factory=dict)
    outputs: Any = None
    error: str | None = None


def begun(beginning: Beginning, answer: Answer) -> Begun:
    """What a process gave first; all else that it left is let go."""
    return Begun(beginning=beginning, arrays=answer.arrays, outputs=answer.outputs, error=answer.error)


def beginnings(plan: Plan, answer: Answer, draw: randoms.Random) -> tuple[Beginning, ...]:
    """Choose further processes; their files are those that were drawn for the process before.

    Args:
        plan: What the process before was asked.
        answer: What it gave; what it refused is not asked again.
        draw: Where all randomness comes from.
    """
    near = [one for purpose in ("near", "weights near") if (one := _smallest(plan, answer, purpose))]
    far, weights = _smallest(plan, answer, "far"), _largest(plan, answer)
    chosen: tuple[tuple[Kind, list[Decoy]], ...] = (
        ("near", near), ("far", [far] if far else []), ("weights", [weights] if weights else [])
    )  # fmt: skip
    quick = answer.seconds is not None and answer.seconds < QUICK
    count = len(plan.decoys) if quick else min(FEW, len(plan.decoys))
    return tuple(
        Beginning(kind=kind, first=_first(decoys), decoys=tuple(decoys), questions=_further(plan, draw, count))
        for kind, decoys in chosen
        if decoys
    )


def _answered(plan: Plan, answer: Answer, purpose: Purpose) -> list[Decoy]:
    asked = [one for one in plan.decoys if one.purpose == purpose and one.question.name in answer.runs]
    return [one for one in asked if answer.runs[one.question.name].error is None]


def _smallest(plan: Plan, answer: Answer, purpose: Any) -> Decoy | None:
    """The run of a purpose that changes least."""
    return min(_answered(plan, answer, purpose), key=lambda one: one.scale or 0.0, default=None)


def _largest(plan: Plan, answer: Answer) -> Decoy | None:
    """The run with most weights changed."""
    sizes = {
        one.question.name: one.question.overlay.stat().st_size
        for one in _answered(plan, answer, "weights")
        if one.question.overlay is not None
    }
    return next(
        (one for one in plan.decoys if sizes and one.question.name == max(sizes, key=lambda key: sizes[key])), None
    )


def _first(decoys: list[Decoy]) -> guest.Question:
    """One run with the inputs of the first and the weights of the last."""
    return replace(decoys[0].question, overlay=decoys[-1].question.overlay)


def _further(plan: Plan, draw: randoms.Random, count: int) -> tuple[guest.Question, ...]:
    """Some of what was asked before, in another order and by other names."""
    chosen = draw.sample(plan.questions, count)
    return tuple(replace(one, name=f"{draw.getrandbits(64):016x}") for one in chosen)
