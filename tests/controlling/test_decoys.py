"""Other inputs: of the same form, legal, drawn anew, and far or near as they should be."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

from reprobundle.controlling import decoys

IDS = np.array([[5, 9, 9, 0], [7, 5, 3, 8], [1, 2, 2, 0]])
MASK = np.array([[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 0]])
PLACES = np.tile(np.arange(4), (3, 1))
X = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)


def drawn(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("mixed", [True, False])
def test_far_inputs_keep_form_and_range(mixed):
    """Names, dtypes and shapes are the recorded ones, and no value lies outside the range that was seen."""
    made = decoys.far({"x": X, "ids": IDS}, drawn(), mixed=mixed)

    assert made is not None
    assert {name: (one.dtype, one.shape) for name, one in made.items()} == {
        "x": (np.dtype("f4"), (6, 4)),
        "ids": (IDS.dtype, (3, 4)),
    }
    assert (made["x"] != X).mean() > 0.5
    assert made["x"].min() >= X.min()
    assert made["x"].max() <= X.max()


@pytest.mark.parametrize("seed", range(20))
def test_integers_come_from_the_same_column(seed):
    """Codes change places between samples only, so that each column keeps the range of its own."""
    made = decoys.far({"ids": IDS}, drawn(seed), mixed=True)

    assert made is not None
    assert (made["ids"] != IDS).any()
    assert all(set(made["ids"][:, column]) <= set(IDS[:, column]) for column in range(4)) or (
        all(set(made["ids"][row]) <= set(IDS[row]) for row in range(3))
    )


def test_masks_and_positions_stay():
    """What tells where a value counts, and what stands where, is left alone as long as anything else can change."""
    flags = MASK.astype(bool)
    made = decoys.far({"ids": IDS, "mask": MASK, "flags": flags, "places": PLACES}, drawn(), mixed=True)

    assert made is not None
    assert (made["ids"] != IDS).any()
    assert [made[name].tolist() for name in ("mask", "flags", "places")] == [
        MASK.tolist(), flags.tolist(), PLACES.tolist()
    ]  # fmt: skip


@pytest.mark.parametrize(
    "one", [MASK, np.arange(6), np.ones((2, 3), np.float32), np.zeros((2, 3), np.float16), np.linspace(0, 1, 5)]
)
def test_where_there_is_nothing_else_they_change(one):
    """Images in black and white, bare numbers in order and inputs of one value have decoys, too."""
    made = decoys.far({"x": one}, drawn(1), mixed=True)

    assert made is not None
    assert made["x"].tolist() != one.tolist()
    assert (made["x"].dtype, made["x"].shape) == (one.dtype, one.shape)


@pytest.mark.parametrize("one", [np.full((2, 2), 7), np.zeros((0, 3), np.float32), np.array(True)])
def test_some_have_no_others_of_their_kind(one):
    """One integer throughout, and nothing at all."""
    assert decoys.far({"x": one}, drawn(), mixed=True) is None


def test_two_draws_differ():
    """A bundle can hold answers for no decoy."""
    made = [decoys.far({"x": X}, drawn(seed), mixed=True) for seed in range(2)]

    assert made[0] is not None
    assert made[1] is not None
    assert made[0]["x"].tolist() != made[1]["x"].tolist()


@pytest.mark.parametrize("scale", [1e-5, 1e-3])
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", ml_dtypes.bfloat16])
def test_near_inputs_lie_a_little_above(dtype, scale):
    """Floats of every width move up, by about the scale in all, and never beyond the largest value seen."""
    x = np.random.default_rng(3).standard_normal((40, 50)).astype(dtype)
    made = decoys.near({"x": x}, drawn(), scale)

    assert made is not None
    assert (made["x"] >= x).all()
    assert made["x"].max() == x.max()
    assert scale / 10 < decoys.scale_of({"x": x}, made) < max(scale * 10, 1e-3)  # two elements move at least


@pytest.mark.parametrize("one", [IDS, MASK.astype(np.float32), IDS.astype(np.float64), np.zeros((3, 2), np.float32)])
def test_codes_and_counts_are_not_moved(one):
    """Whole numbers stay whole, also where they are kept as floats, and zeros stay zero."""
    assert decoys.near({"x": one}, drawn(), 1e-3) is None


def test_rows_elsewhere():
    """All inputs are put into the same other order, bare numbers apart; without common rows there is none."""
    made = decoys.elsewhere({"x": X, "ids": np.arange(6), "t": np.array(0.5)}, drawn())

    assert made is not None
    arrays, order = made
    assert sorted(order) == list(range(6))
    assert order != tuple(range(6))
    assert (arrays["x"] == X[list(order)]).all()
    assert arrays["ids"].tolist() == list(order)
    assert decoys.elsewhere({"x": X, "ids": IDS}, drawn()) is None
    assert decoys.elsewhere({"x": X[:1]}, drawn()) is None


def test_a_missing_value_spreads_to_no_other():
    """NaN and infinity stay where they stood in what is moved a little; of what is drawn anew the rest is numbers."""
    array = np.linspace(1, 2, 24, dtype=np.float32).reshape(6, 4)
    array[1, 2], array[3, 3] = np.nan, np.inf
    close = decoys.near({"x": array}, np.random.default_rng(0), 1e-3)["x"]

    assert (np.isfinite(close) == np.isfinite(array)).all()
    assert 0 < decoys.scale_of({"x": array}, {"x": close}) < 2e-3
    assert np.isfinite(decoys.far({"x": array}, np.random.default_rng(0), mixed=False)["x"]).sum() > 12


def test_the_change_of_whole_numbers_is_the_share_that_changed():
    """Codes have no size: what counts is how many are others, and it is never none where one was changed."""
    other = IDS.copy()
    other[0, 0] = 4

    assert decoys.scale_of({"ids": IDS}, {"ids": other}) == 1 / 12
    assert decoys.scale_of({"ids": IDS, "x": X}, {"ids": other, "x": X}) == 1 / 12


@pytest.mark.parametrize("mixed", [True, False])
def test_pieces_are_seen_by_nobody(monkeypatch, mixed):
    """Arrays larger than a piece keep form and range, and every piece of them changes."""
    monkeypatch.setattr("reprobundle.controlling.blocks.BLOCK", 7)
    made = decoys.far({"x": X, "ids": IDS}, drawn(), mixed=mixed)
    close = decoys.near({"x": X}, drawn(), 1e-3)

    assert made is not None
    assert (made["x"] != X).any(axis=1).all()
    assert (made["x"].min(), made["x"].max()) >= (X.min(), 0)
    assert made["x"].max() <= X.max()
    assert set(made["ids"].reshape(-1)) <= set(IDS.reshape(-1))
    assert close is not None
    assert ((close["x"] > X).sum(axis=1) >= 3).all()
