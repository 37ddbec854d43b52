"""Whether a model gives the same again: bitwise, only from one seed, only at first, or not even that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reprobundle.answers import Answer
from reprobundle.calibrating.planning import AFTER, AGAIN, SEED, slug
from reprobundle.comparison import are_same

Word = Literal["bitwise", "random", "stateful", "nondeterministic", "not known"]


@dataclass(frozen=True)
class Steadiness:
    """How steady a model is.

    Attributes:
        word: As `outputs.Calibration` has it.
        why: In words, for anything but ``bitwise``.
        hint: The way out; None where there is none to name.
    """

    word: Word
    why: str | None = None
    hint: str | None = None


RANDOM = Steadiness(
    "random",
    "another seed gives other outputs: something in the forward pass is drawn, such as dropout that is left on",
    "F.dropout(x, training=self.training), or nn.Dropout, which model.eval() switches off; draw nothing in forward()",
)
STATEFUL = Steadiness(
    "stateful",
    "a second call gives other outputs than the first: the model keeps something from call to call, or its own generator",
    "reset it at the start of forward(), or keep it in a buffer, which every replay starts with as it was recorded",
)
AFTER_OTHERS = Steadiness(
    "stateful",
    "after a call with other rows the recorded inputs give other outputs: the model keeps something from call to call",
    STATEFUL.hint,
)
BY_CHANCE = Steadiness(
    "nondeterministic",
    "the same call gives other outputs by chance: two runs from one seed are not bitwise equal",
    "torch.use_deterministic_algorithms(True) names what varies; draw from generators that torch, numpy or random seed",
)
NOT_AGAIN = "the model was not run a second time"


def steadiness(answer: Answer, fresh: Answer | None = None) -> Steadiness:
    """Judge by runs in one process, each with the buffers as they were before the first.

    Args:
        answer: The first run, and the further ones.
        fresh: The same in a second process, asked where a second run gave something else; None: it was not.
    """
    again, seed, after = (answer.runs.get(slug(name)) for name in (AGAIN, SEED, AFTER))
    if again is None or again.error is not None:
        return Steadiness("not known", NOT_AGAIN if again is None else f"{NOT_AGAIN}: {again.error}")
    if not are_same(answer.arrays, again.arrays):
        return _changing(answer, fresh)
    if seed is not None and seed.error is None and not are_same(answer.arrays, seed.arrays):
        return RANDOM
    if after is not None and after.error is None and not are_same(answer.arrays, after.arrays):
        return AFTER_OTHERS
    return Steadiness("bitwise")


def _changing(answer: Answer, fresh: Answer | None) -> Steadiness:
    """A second process that goes through the same tells what is kept from what is chance."""
    mine, theirs = answer.runs[slug(AGAIN)], None if fresh is None else fresh.runs.get(slug(AGAIN))
    if fresh is None or theirs is None or theirs.error is not None:
        return Steadiness(
            "not known", "a second run gives other outputs; whether by chance or by what is kept is not known"
        )
    kept = are_same(answer.arrays, fresh.arrays) and are_same(mine.arrays, theirs.arrays)
    return STATEFUL if kept else BY_CHANCE
