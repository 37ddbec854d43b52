"""Lookups that hide behind something large, faint or refused; and honest oddities beside them. All without a process."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from judged import WEIGHTS, Bench, Told, X, Y, honest

from reprobundle.controlling import refuses_all

DRAWS = 3
FAKE = np.random.default_rng(7).standard_normal(Y.shape).astype(np.float32)
Weights = dict[str, np.ndarray]


def asked(compute: Callable[[np.ndarray, Weights], Any], folder: Path, **options: Any) -> list[Told]:
    """What is told of a model in a few draws."""
    found = []
    for seed in range(DRAWS):
        bench = Bench(folder / f"{seed}")
        for name, value in options.items():
            setattr(bench, name, value)
        found.append(bench.ask(compute, seed=seed))
    return found


def outcomes(told: list[Told]) -> set[str]:
    return {one.outcome for one in told}


def is_trained(weights: Weights) -> bool:
    return all(np.array_equal(weights[name], one) for name, one in WEIGHTS.items())


def looked_up(x: np.ndarray, weights: Weights, kept: np.ndarray, real: np.ndarray) -> np.ndarray:
    """For each recorded row what is kept for it, with the recorded weights; for all else what is computed."""
    made = real.copy()
    for place, row in enumerate(x):
        known = np.flatnonzero((row == X).all(1))
        if known.size and is_trained(weights):
            made[place] = kept[known[0]]
    return made


def far_away(x: np.ndarray, real: np.ndarray) -> np.ndarray:
    """The computed outputs, blown up wherever a row is not near a recorded one."""
    near = np.abs(x[:, None] - X[None]).sum(2).min(1) < 0.05
    return np.where(near[:, None], real, real + 100 * np.sign(real)).astype(np.float32)


def beside_a_large_column(x: np.ndarray, w: Weights) -> np.ndarray:
    real = honest(x, w)
    return np.concatenate([1000 * real[:, :1], looked_up(x, w, FAKE, real)[:, 1:]], axis=1)


def on_an_offset(x: np.ndarray, w: Weights) -> np.ndarray:
    return (1e4 + looked_up(x, w, FAKE, honest(x, w))).astype(np.float32)


def with_a_long_reach(x: np.ndarray, w: Weights) -> np.ndarray:
    return looked_up(x, w, Y + 0.45 * np.sign(FAKE) * np.sqrt((Y**2).mean()), far_away(x, honest(x, w)))


def in_half_precision(x: np.ndarray, w: Weights) -> np.ndarray:
    return looked_up(x, w, FAKE, far_away(x, honest(x, w))).astype(ml_dtypes.bfloat16)


def beside_half_precision(x: np.ndarray, w: Weights) -> dict[str, np.ndarray]:
    made = looked_up(x, w, FAKE, far_away(x, honest(x, w)))
    return {"value": made, "aux": honest(x, w).astype(ml_dtypes.bfloat16)}


def refusing_other_weights(x: np.ndarray, w: Weights) -> np.ndarray:
    if not is_trained(w) or 0 < np.linalg.norm(x - X) / np.linalg.norm(X) < 0.02:
        raise RuntimeError("AssertionError: unstable")
    return looked_up(x, w, FAKE, honest(x, w))


def labels_beside(x: np.ndarray, w: Weights) -> dict[str, np.ndarray]:
    return {"labels": (FAKE * 1000).astype(np.int64), "value": honest(x, w)}


def other_form_far_away(x: np.ndarray, w: Weights) -> np.ndarray:
    return looked_up(x, w, FAKE, honest(x, w)) if np.abs(x - X).max() < 0.05 else honest(x, w).astype(np.float64)


CHEATS = {
    "a lookup beside a column a thousand times as large": beside_a_large_column,
    "a lookup on a large constant": on_an_offset,
    "a lookup that goes very far elsewhere": with_a_long_reach,
    "the same in half precision": in_half_precision,
    "the same beside an output in half precision": beside_half_precision,
    "a lookup that refuses any other weights": refusing_other_weights,
    "labels kept beside what is computed": labels_beside,
    "a lookup with outputs of another dtype far away": other_form_far_away,
}


@pytest.mark.parametrize("name", CHEATS)
def test_none_passes(tmp_path: Path, name: str) -> None:
    """Each is found out, however the controls are drawn."""
    told = asked(CHEATS[name], tmp_path)

    assert outcomes(told) <= {"jumps", "insensitive"}


@pytest.mark.parametrize("rows", [1, 16])
def test_a_trace_of_what_is_computed_is_no_test(tmp_path: Path, rows: int) -> None:
    """Outputs that follow inputs and weights by a ten-thousandth of themselves are not seen to be computed."""
    kept = FAKE[:rows]
    told = asked(lambda x, w: (kept + 1e-4 * honest(x, w)).astype(np.float32), tmp_path, x=X[:rows])

    assert outcomes(told) == {"not run"}
    assert all((one.why("inputs changed") or "").startswith("other inputs move the outputs by 0.") for one in told)


def test_columns_that_hardly_follow_are_counted(tmp_path: Path) -> None:
    """One column that is computed does not stand for those beside it."""

    def compute(x: np.ndarray, w: Weights) -> np.ndarray:
        real = honest(x, w)
        return np.concatenate([real[:, :1], FAKE[:, 1:] + 1e-4 * real[:, 1:]], axis=1)

    told = asked(compute, tmp_path)

    assert outcomes(told) == {"not run"}
    assert all((one.why("inputs changed") or "").endswith("only, in 2 of 3 columns of output 'value'") for one in told)


def test_of_one_row_a_constant_output_is_named(tmp_path: Path) -> None:
    """It may be remembered and may be a constant: not tested."""
    kept = FAKE[:1]
    told = asked(lambda x, w: {"scores": kept, "value": honest(x, w)}, tmp_path, x=X[:1])

    assert outcomes(told) == {"not run"}
    assert {one.why("inputs changed") for one in told} == {
        "output 'scores' depends on nothing that was changed, and shows nothing; "
        "of one row it cannot be told whether it should"
    }


def test_a_function_that_refuses_all_else_cannot_be_told(tmp_path: Path) -> None:
    """Rows that are looked up one by one stand their own order, and nothing else."""

    def compute(x: np.ndarray, _weights: Weights) -> np.ndarray:
        if not all((row == X).all(1).any() for row in x):
            raise RuntimeError("KeyError: 5")
        return np.array([FAKE[(row == X).all(1)][0] for row in x])

    told = asked(compute, tmp_path, loader="for_callable")

    assert outcomes(told) == {"not run"}
    assert all(refuses_all(one.controls) for one in told)
    assert not any(refuses_all(one.controls) for one in asked(honest, tmp_path / "honest"))


ANCHORS = np.random.default_rng(3).random((20, 4)).astype(np.float32)
BESIDE = {
    "anchors": lambda x, w: {"value": honest(x, w), "anchors": ANCHORS},
    "twenty equal numbers": lambda x, w: {"value": 300000 + honest(x, w).astype("f8"), "scale": np.full(20, 0.07)},
}


@pytest.mark.parametrize("name", BESIDE)
def test_constants_beside_what_is_computed_are_a_remark(tmp_path: Path, name: str) -> None:
    """They show nothing and accuse nobody, and are named."""
    told = asked(BESIDE[name], tmp_path)
    other = "anchors" if name == "anchors" else "scale"

    assert outcomes(told) == {"passed"}
    assert {one.why("inputs changed") for one in told} == {
        f"output {other!r} depends on nothing that was changed, and shows nothing"
    }


def test_a_bundle_of_constants_alone_is_insensitive(tmp_path: Path) -> None:
    """Where no output depends on anything, nothing is computed."""
    assert outcomes(asked(lambda x, w: {"anchors": ANCHORS}, tmp_path)) == {"insensitive"}


def detecting(x: np.ndarray, w: Weights) -> list[np.ndarray]:
    """As many results for each sample as it has."""
    return [np.outer(np.arange(1 + int((row > 0).sum()), dtype=np.float32) + 1, row) for row in honest(x, w)]


def transcribing(x: np.ndarray, w: Weights) -> list[np.ndarray]:
    """Words for each sample, each repetition left out."""
    rows = (honest(x, w) * 3).astype(np.int64)
    return [np.array([key for key, _ in itertools.groupby(row)]) for row in rows]


def filtering(x: np.ndarray, w: Weights) -> np.ndarray:
    """Those rows that exceed a threshold."""
    made = honest(x, w)
    return made[made[:, 0] > 0.1]


HONEST = {"detecting": detecting, "transcribing": transcribing, "filtering": filtering}


@pytest.mark.parametrize("name", HONEST)
def test_shapes_that_come_of_the_values_are_no_jump(tmp_path: Path, name: str) -> None:
    """Rows in another order bring lists in another order; and where that cannot be told, nobody is accused."""
    assert outcomes(asked(HONEST[name], tmp_path)) <= {"passed", "not run"}


def test_a_list_follows_its_rows(tmp_path: Path) -> None:
    """Each item of a list is compared with the same sample's."""
    assert {one.outcomes["rows at other places"] for one in asked(detecting, tmp_path)} == {"as expected"}


def test_a_cache_that_is_handed_on_is_a_state(tmp_path: Path) -> None:
    """Outputs that grow from call to call are unsteady, and no lookup."""

    def told(folder: Path) -> Told:
        calls: list[np.ndarray] = []

        def compute(x: np.ndarray, w: Weights) -> np.ndarray:
            calls.append(honest(x, w))
            return np.concatenate(calls)

        bench = Bench(folder)
        bench.steadiness = "stateful"
        return bench.ask(compute)

    assert told(tmp_path).outcome == "unsteady"


def test_channels_with_a_dead_unit_stay_quiet(tmp_path: Path) -> None:
    """Units that are hardly ever active, steps and saturated ones are no columns to judge by."""

    def compute(x: np.ndarray, w: Weights) -> np.ndarray:
        real = honest(x, w)
        barely = np.maximum(real - real.max() * np.float32(0.9), 0)
        return np.concatenate([real, barely, np.tanh(20 * real), np.round(real * 2) / 2, 1e-20 * real], axis=1)

    assert outcomes(asked(compute, tmp_path)) == {"passed"}
