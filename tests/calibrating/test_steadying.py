"""Bitwise, random, stateful or by chance: told from runs in one process, and in a second one."""

from __future__ import annotations

import numpy as np
import pytest
from answered import answered

from reprobundle.answers import Answer, Run
from reprobundle.calibrating.steadying import steadiness


def answer(first: float, **runs: float | str) -> Answer:
    """What a process gave: a number for each run, or why it failed."""
    made = {
        name: Run(name=name, error=value) if isinstance(value, str) else Run(name=name, arrays=arrays(value))
        for name, value in ((name.replace("_", "-"), value) for name, value in runs.items())
    }
    return answered(arrays=arrays(first), runs=made)


def arrays(value: float) -> dict[str, np.ndarray]:
    """Outputs of one number."""
    return {"y": np.array([value], np.float32)}


def test_the_same_again_from_any_seed_and_after_any_run_is_bitwise() -> None:
    """NaN is the same as itself."""
    found = steadiness(
        answer(float("nan"), again=float("nan"), another_seed=float("nan"), after_other_rows=float("nan"))
    )

    assert (found.word, found.why, found.hint) == ("bitwise", None, None)


def test_another_seed_that_gives_something_else_is_dropout() -> None:
    """It is proven bitwise, because every run starts from one seed."""
    found = steadiness(answer(1, again=1, another_seed=2, after_other_rows=1))

    assert found.word == "random"
    assert found.hint == (
        "F.dropout(x, training=self.training), or nn.Dropout, which model.eval() switches off; draw nothing in forward()"
    )


def test_what_depends_on_the_rows_before_is_stateful() -> None:
    """Even where the same call twice in a row gives the same."""
    found = steadiness(answer(1, again=1, another_seed=1, after_other_rows=2))

    assert found.word == "stateful"


@pytest.mark.parametrize(
    ("fresh", "word"),
    [
        (answer(1, again=2), "stateful"),
        (answer(1, again=3), "nondeterministic"),
        (answer(4, again=2), "nondeterministic"),
        (answer(1, again="out of memory"), "not known"),
        (None, "not known"),
    ],
)
def test_a_second_process_tells_what_is_kept_from_chance(fresh: Answer | None, word: str) -> None:
    """A counter goes the same way again; chance does not."""
    assert steadiness(answer(1, again=2), fresh).word == word


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (answer(1), "the model was not run a second time"),
        (answer(1, again="RuntimeError: gone"), "the model was not run a second time: RuntimeError: gone"),
    ],
)
def test_a_model_that_ran_once_is_not_known(given: Answer, why: str) -> None:
    """No word is made up for it."""
    found = steadiness(given)

    assert (found.word, found.why) == ("not known", why)
