"""What is decided by an output, there and here: which kind it is, what flips, what is a tie, and what counts as the same."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest

from reprobundle.comparison import Effective, Thresholds, Tolerance, compare, sequences
from reprobundle.comparison.blocks import BLOCK
from reprobundle.comparison.deciding import kind_of
from reprobundle.report import Rung

CLOSE, DECISIONS, DIFFERENT = Rung.CLOSE, Rung.SAME_DECISIONS, Rung.DIFFERENT
f32 = np.float32


def scores(rows: int = 6, width: int = 4, best: float = 3.0) -> np.ndarray:
    """Scores of which one stands out in each row, each row's at another place."""
    found = np.ones((rows, width), f32)
    found[np.arange(rows), np.arange(rows) % width] = best
    return found


KINDS = {
    "scores": ("value", np.zeros((8, 10), f32), "scores"),
    "one row of scores": ("value", np.zeros(2, f32), "scores"),
    "next words": ("logits", np.zeros((1, 2, 100_000), np.float16), "scores"),
    "too many": ("logits", np.zeros((1, 100_001), f32), None),
    "one number": ("value", np.zeros((8, 1), f32), None),
    "no dimension": ("value", np.zeros((), f32), None),
    "bf16": ("value", np.zeros((8, 10), ml_dtypes.bfloat16), "scores"),
    "f64": ("value", np.zeros((8, 10)), "scores"),
    "f8": ("value", np.zeros((8, 10), ml_dtypes.float8_e4m3fn), None),
    "complex": ("value", np.zeros((8, 10), np.complex64), None),
    "class map": ("value", np.zeros((1, 3, 4, 4), f32), "class map"),
    "class map in space": ("value", np.zeros((1, 3, 4, 4, 4), f32), "class map"),
    "class map of few rows": ("value", np.zeros((1, 3, 2, 4), f32), "class map"),
    "one word for each": ("value", np.zeros((8, 1, 10), f32), "scores"),
    "named as a record": ("record", np.zeros((8, 10), f32), "scores"),
    "channels last": ("value", np.zeros((1, 8, 8, 3), f32), "scores"),
    "as many channels as columns": ("value", np.zeros((1, 4, 4, 4), f32), "scores"),
    "mask": ("value", np.zeros((1, 1, 4, 4), f32), "on or off"),
    "mask, channel last": ("value", np.zeros((1, 4, 4, 1), f32), "on or off"),
    "named as hidden": ("last_Hidden_state", np.zeros((8, 10), f32), None),
    "named as boxes": ("pred_boxes", np.zeros((8, 4), f32), None),
    "Booleans": ("value", np.zeros((4, 4), bool), "labels"),
    "Booleans in a row": ("value", np.zeros(4, bool), None),
    "tokens": ("value", np.zeros((2, 5), np.int64), "tokens"),
    "integers in a row": ("value", np.zeros(5, np.int32), None),
    "labels": ("value", np.full((1, 4, 4), 1000, np.int64), "labels"),
    "labels of 64 kinds": ("value", np.arange(64, dtype=np.uint8).reshape(4, 4, 4), "labels"),
    "integers of 65 kinds": ("value", np.arange(65, dtype=np.uint8).reshape(5, 13, 1), None),
    "large integers": ("value", np.full((1, 4, 4), 1001, np.int64), None),
    "negative integers": ("value", np.full((1, 4, 4), -1, np.int64), None),
}


@pytest.mark.parametrize(("name", "array", "kind"), KINDS.values(), ids=KINDS)
def test_kind(name, array, kind):
    """The recorded array says what is decided by it; a name only that nothing is."""
    assert kind_of(name, array) == kind


WITHHELD = "hidden embed feature attention pool latent state cache past box point coord loc depth image noise recon"


@pytest.mark.parametrize("word", WITHHELD.split())
def test_names_of_what_nobody_decides_by(word):
    """A name that says that the output is computed with further, or measured, keeps decisions from being judged."""
    assert kind_of(f"my_{word}s", np.zeros((8, 10), f32)) is None


def test_scores_that_moved_a_little_decide_the_same():
    """Beyond the tolerance, with the same winner in each row: the same decisions, and it says so."""
    expected = scores()
    result = compare("logits", expected, expected * f32(1.01))

    assert result.rung is DECISIONS
    assert result.decisions.model_dump() == {
        "kind": "argmax", "count": 6, "flips": 0, "agreement": 1.0, "margin": None, "words": "the largest of 4 values in 6 rows",
    }  # fmt: skip
    assert result.reason == (
        "24 of 24 elements lie outside the tolerance, largest difference 0.03; every decision is the same: "
        "the largest of 4 values in 6 rows"
    )


def test_a_winner_that_flips():
    """One row whose winner is another one is no same decision; its recorded margin is told."""
    expected = scores(4000, 20)
    expected[7] += np.linspace(0, 0.1, 20, dtype=f32)
    expected[3, 3], expected[3, 4] = 3.0, 2.96875
    produced = expected.copy()
    produced[3, 3] = 2.9
    produced[3999, 5] = 4
    result = compare("logits", expected, produced)

    assert result.rung is DIFFERENT
    assert (result.decisions.flips, result.decisions.count, result.decisions.margin) == (2, 4000, 2.0)
    assert result.decisions.agreement == 1 - 2 / 4000
    assert (
        result.decisions.words == "the largest of 20 values in 4,000 rows; the 5 largest are the same in 3,999 of 4,000"
    )


def test_a_tie_is_no_flip():
    """A winner that was ahead by less than the tolerance of both scores may change; what is ahead by more may not."""
    for ahead, flips in ((3.9e-5, 0), (6e-5, 1)):
        expected = scores()
        expected[0] = 1, 1 + ahead, 0.5, 0
        produced = expected.copy()
        produced[0, 0] = 1.01
        result = compare("logits", expected, produced)

        assert (result.rung, result.decisions.flips) == (DIFFERENT if flips else DECISIONS, flips)
        assert ("no flip" in result.decisions.words) != bool(flips)


def test_ties_are_told():
    """Ties are counted in words."""
    expected = scores(20)
    expected[:2] = 1, 1.00001, 0, 0
    produced = expected.copy()
    produced[0, 0] = 1.001
    one = compare("logits", expected, produced)
    produced[1, 0] = 1.001
    two = compare("logits", expected, produced)
    end = "had been taken by less than the tolerance: no flip"

    assert (one.rung, two.rung) == (DECISIONS, DECISIONS)
    assert one.decisions.words == f"the largest of 4 values in 20 rows; 1 that differs {end}"
    assert two.decisions.words == f"the largest of 4 values in 20 rows; 2 that differ {end}"


def test_ties_without_any_tolerance():
    """Scores that are just equal are a tie where no difference is allowed, and decide nothing."""
    expected = scores(20)
    expected[0] = 1, 1, 0, 0
    produced = expected.copy()
    produced[0, 1] = 1.001
    none = {"F32": Tolerance(0.0, 0.0)}
    equal = np.ones((6, 4), f32)

    assert compare("logits", expected, produced, tolerances=none).decisions.flips == 0
    assert compare("logits", expected, produced, tolerances=none).rung is DECISIONS
    assert compare("logits", equal, equal * f32(1.001), tolerances=none).rung is DIFFERENT


def test_ties_are_judged_by_the_programs_own_tolerance():
    """A tolerance that somebody widened makes no tie of a decision."""
    expected = scores()
    expected[0] = 1, 1.5, 0, 0
    produced = expected.copy()
    produced[0, 0] = 1.6
    own = Tolerance(1e-5, 1e-5)
    result = compare(
        "logits", expected, produced, effective=Effective(tolerance=Tolerance(1.0, 1.0), loosened=True, default=own)
    )

    assert (result.rung, result.decisions.flips, result.decisions.margin) == (CLOSE, 1, 0.5)


@pytest.mark.parametrize(("decisive", "rung"), [(3, DECISIONS), (2, DIFFERENT)])
def test_half_of_the_decisions_must_have_been_taken(decisive, rung):
    """Where more than half of the recorded winners are ahead by no more than the tolerance, agreement proves nothing."""
    expected = np.ones((6, 4), f32)
    expected[:decisive, 1] = 2

    assert compare("logits", expected, expected * f32(1.001)).rung is rung


@pytest.mark.parametrize(
    ("factor", "rung"), [(1.029, DECISIONS), (1.031, DIFFERENT), (2.0, DIFFERENT), (-1.0, DIFFERENT)]
)
def test_what_is_far_apart_decides_nothing_the_same(factor, rung):
    """An output of twice the size has the same winners, and is another model's."""
    assert compare("logits", scores(), scores() * f32(factor)).rung is rung


def test_one_row_that_is_far_apart_is_enough():
    """Each row must be near its record; one that is small among its like is measured by a usual one."""
    expected = scores(1000)
    one, small = expected.copy(), expected.copy()
    one[999] *= f32(1.2)
    expected_small = expected.copy()
    expected_small[0] *= f32(0.01)
    small[0] *= f32(0.03)

    assert compare("logits", expected, one).rung is DIFFERENT
    assert compare("logits", expected_small, small).rung is DECISIONS
    assert compare("logits", expected, one, thresholds=Thresholds(apart=0.3)).rung is DECISIONS


def test_what_float64_cannot_hold_is_far_apart():
    """Scores whose squares are no numbers are never the same decisions, and give no warning."""
    expected = np.array([[1e200, 2e200], [3e200, 1e200]])

    assert compare("logits", expected, expected * 1.001).rung is DIFFERENT


def test_rows_of_many_scores_go_by_in_blocks():
    """Rows longer than a block are compared as others are."""
    expected = np.zeros((3, BLOCK + 10), f32)
    expected[:, 5] = 100
    produced = expected * f32(1.01)
    produced[1, 7] = 200
    result = compare("logits", expected, produced)

    assert (result.decisions.count, result.decisions.flips, result.decisions.margin) == (3, 1, 100.0)
    assert result.decisions.words.endswith("the 5 largest are the same in 2 of 3")


def test_best_few_are_a_set():
    """The five largest are the same in any order; of fewer than ten scores nothing is said of them."""
    expected = np.arange(10, dtype=f32)[None] + 10
    produced = expected.copy()
    produced[0, [5, 6]] = produced[0, [6, 5]]
    other = expected.copy()
    other[0, [4, 5]] = other[0, [5, 4]]

    assert compare("x", expected, produced).decisions.words.endswith("; the 5 largest are the same in 1 of 1")
    assert compare("x", expected, other).decisions.words.endswith("; the 5 largest are the same in 0 of 1")
    assert compare("x", expected[:, :9], produced[:, :9]).decisions.words == "the largest of 9 values in 1 row"


def test_a_number_that_is_not_finite_keeps_decisions_away():
    """Where infinities stand in the output, nothing is said of decisions."""
    expected = scores()
    expected[0, 0] = math.inf

    assert compare("logits", expected, expected * f32(1.001)).decisions is None


def class_map(size: int = 300) -> np.ndarray:
    """Scores of 3 classes over two square pictures, in three stripes."""
    found = np.zeros((2, 3, size, size), f32)
    for stripe in range(3):
        found[:, stripe, stripe * size // 3 : (stripe + 1) * size // 3] = 2
    return found


def test_class_maps_that_moved_a_little():
    """The class of each place is the decision, and classes must overlap nearly wholly."""
    expected = class_map()
    result = compare("value", expected, expected * f32(1.01))

    assert result.rung is DECISIONS
    assert result.decisions.model_dump() == {
        "kind": "mask", "count": 180_000, "flips": 0, "agreement": 1.0, "margin": None,
        "words": "the largest of 3 classes at 180,000 places; smallest intersection over union of a class 1.0000",
    }  # fmt: skip


@pytest.mark.parametrize(("flipped", "rung"), [(500, DECISIONS), (700, DIFFERENT)])
def test_class_maps_whose_edges_moved(flipped, rung):
    """One place in a hundred of a class may be of another one, not more."""
    expected = class_map()
    produced = expected.copy()
    produced[1, 2].reshape(-1)[-flipped:] = 1.9
    produced[1, 0].reshape(-1)[-flipped:] = 1.95
    result = compare("value", expected, produced, thresholds=Thresholds(apart=1.0))

    assert (result.rung, result.decisions.flips, result.decisions.margin) == (rung, flipped, 2.0)
    assert result.decisions.agreement == 1 - flipped / 60_000


def test_class_maps_that_are_far_apart_or_undecided():
    """As for scores: the whole must be near, and most places decided by more than the tolerance."""
    expected = class_map(30)
    undecided = expected.copy()
    undecided[:, :, :, 10:] = 1

    assert compare("value", expected, expected * f32(1.06)).rung is DIFFERENT
    assert compare("value", undecided, undecided * f32(1.001)).rung is DIFFERENT
    assert compare("value", expected, expected * f32(1.001)).rung is DECISIONS


def test_a_map_of_one_class_decides_nothing():
    """Where the record holds one class only, agreement proves nothing."""
    expected = np.zeros((1, 2, 8, 8), f32)
    expected[:, 1] = 2
    result = compare("value", expected, expected * f32(1.001))

    assert (result.rung, result.decisions) == (DIFFERENT, None)


def mask(low: float, high: float) -> np.ndarray:
    """Half off, half on, of more than one block."""
    found = np.full((1, 1, 300, 400), low, f32)
    found[..., 200:] = high
    return found


@pytest.mark.parametrize(
    ("low", "high", "border"), [(-2, 2, "0"), (0.25, 0.75, "0.5"), (0, 1, "0.5"), (-0.5, 0.75, "0"), (-0.25, 1.5, "0")]
)
def test_masks(low, high, border):
    """Above a half where all is between 0 and 1, else above 0; the border is the record's."""
    expected = mask(low, high)
    produced = expected * f32(1.01)
    same = compare("value", expected, produced)
    produced[0, 0, 0, 0] = 5
    produced[0, 0, 0, -1] = -5
    flipped = compare("value", expected, produced, thresholds=Thresholds(apart=1.0))

    assert same.rung is DECISIONS
    assert same.decisions.words == (
        f"above {border} or not at 120,000 places; smallest intersection over union of a class 1.0000"
    )
    assert (flipped.rung, flipped.decisions.flips, flipped.decisions.count) == (DECISIONS, 2, 120_000)
    assert flipped.decisions.margin == max(abs(low - float(border)), abs(high - float(border)))
    assert flipped.decisions.agreement == 59_999 / 60_001


def test_masks_that_do_not_count():
    """Far apart, overlapping too little, decided by less than the tolerance, or of one kind: no same decisions."""
    expected = mask(-2, 2)
    moved = expected.copy()
    moved[..., 195:200] = 2
    undecided = mask(0, 2)
    undecided[..., :205] = 1e-6
    undecided[..., :4] = -2
    half = undecided.copy()
    half[..., :5] = -2

    assert compare("value", expected, expected * f32(1.06)).rung is DIFFERENT
    assert compare("value", expected, moved, thresholds=Thresholds(apart=10.0)).rung is DIFFERENT
    assert compare("value", undecided, undecided * f32(1.001)).rung is DIFFERENT
    assert compare("value", half, half * f32(1.001)).rung is DECISIONS
    assert compare("value", mask(1, 2), mask(1, 2) * f32(1.001)).decisions is None


def test_a_place_at_the_border_is_a_tie():
    """What lay within the tolerance of the border may cross it."""
    expected = mask(-2, 2)
    expected[0, 0, 0, 0] = 1e-5
    produced = expected * f32(1.01)
    produced[0, 0, 0, 0] = -1
    result = compare("value", expected, produced)

    assert (result.rung, result.decisions.flips, result.decisions.margin) == (DECISIONS, 0, None)
    assert "; 1 that differs had been taken" in result.decisions.words


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
@pytest.mark.parametrize(("moved", "rung"), [(1, DECISIONS), (3, DIFFERENT)])
def test_maps_of_labels(dtype, moved, rung):
    """Maps of Booleans or classes agree by their overlap, although integers agree exactly or not at all."""
    expected = np.zeros((1, 400, 400), dtype)
    expected[:, 200:] = 1
    produced = expected.copy()
    produced[:, 200 : 200 + moved] = 0
    result = compare("value", expected, produced)

    assert (result.rung, result.decisions.kind, result.decisions.flips) == (rung, "mask", 400 * moved)
    assert result.decisions.agreement == 1 - moved / 200
    assert result.decisions.words.startswith("2 classes at 160,000 places; smallest")
    assert result.outside == 400 * moved


def test_a_new_label_has_no_overlap():
    """A class that the record does not hold, or a number below 0, is no small difference."""
    expected = np.zeros((1, 200, 200), np.int64)
    expected[:, 100:] = 1
    new, below = expected.copy(), expected.copy()
    new[0, 0, 0], below[0, 0, 0] = 7, -1

    assert (compare("value", expected, new).rung, compare("value", expected, new).decisions.agreement) == (
        DIFFERENT,
        0.0,
    )
    assert (compare("value", expected, below).rung, compare("value", expected, below).decisions) == (DIFFERENT, None)


TOKENS = {
    "replaced": ([1, 2, 3, 4], [1, 9, 3, 4], 1),
    "put in": ([1, 2, 3, 4], [1, 7, 2, 3], 2),
    "taken out of the front": ([1, 2, 3, 4, 5], [2, 3, 4, 5], 1),
    "put in at the end": ([1, 2], [1, 2, 3], 1),
    "other words": ([1, 2, 3], [4, 5, 6, 7, 8], 5),
    "kitten": ([11, 9, 20, 20, 5, 14], [19, 9, 20, 20, 9, 14, 7], 3),
    "turned round": ([1, 2, 3, 4], [4, 3, 2, 1], 4),
    "moved by one": ([9, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 9], 2),
    "many": ([9, *range(10, 40)], [*range(10, 40), 9], 2),
    "doubled": ([1, 1, 1], [1, 1, 1, 1, 1, 1], 3),
}


@pytest.mark.parametrize(("one", "other", "edits"), TOKENS.values(), ids=TOKENS)
def test_edits_between_sequences(one, other, edits):
    """The fewest tokens put in, taken out or replaced, also between sequences of another length."""
    for expected, produced in ((one, other), (other, one)):
        result = compare("ids", np.array([expected]), np.array([produced]))

        assert (result.rung, result.decisions.kind, result.decisions.flips) == (DIFFERENT, "tokens", 1)
        assert result.decisions.agreement == pytest.approx(1 - edits / max(len(one), len(other)))
        assert result.decisions.words == f"the tokens of 1 sequence: {edits} edit{'s' * (edits != 1)} between them"


def test_several_sequences():
    """Each sequence is a decision; the worst one says how much agrees."""
    expected = np.arange(40).reshape(4, 10)
    produced = expected.copy()
    produced[1, 3] = produced[3, 4] = produced[3, 6] = 99
    result = compare("ids", expected, produced)

    assert (result.decisions.count, result.decisions.flips, result.decisions.agreement) == (4, 2, 0.8)
    assert result.decisions.words == "the tokens of 4 sequences: 3 edits between them"
    assert result.rung is DIFFERENT
    assert compare("ids", expected, produced, thresholds=Thresholds(edits=0.2)).rung is DECISIONS
    assert compare("ids", expected, produced, thresholds=Thresholds(edits=0.19)).rung is DIFFERENT


def test_sequences_too_long_to_be_aligned():
    """Beyond a fixed amount of work the edits are counted from above, and said to be so; what is alike at the ends is no work."""
    expected = np.arange(30).reshape(3, 10)
    ends = np.arange(200)[None]
    middle = ends.copy()
    middle[0, 99:102] = 1000, 1001, 99
    moved = np.concatenate([expected[:, 1:], expected[:, :1]], axis=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequences, "MOST_WORK", 100)
        one, three, long = (
            compare("ids", expected[:1], moved[:1]),
            compare("ids", expected, moved),
            compare("ids", ends, middle),
        )

    assert one.decisions.words == "the tokens of 1 sequence: 2 edits between them"
    assert three.decisions.words == "the tokens of 3 sequences: at most 22 edits between them"
    assert three.decisions.agreement == 0
    assert long.decisions.words == "the tokens of 1 sequence: 3 edits between them"


def test_sequences_that_cannot_be_aligned():
    """Other numbers of sequences, other dtypes, nothing, or data: no word of decisions."""
    two, three = np.ones((2, 3), int), np.ones((3, 3), int)

    assert compare("ids", two, three).decisions is None
    assert compare("ids", two, np.ones((2, 4), np.int32)).decisions is None
    assert compare("ids", two, np.ones((2, 0), int)).decisions is None
    assert compare("ids", np.ones((2, 0), int), two).decisions is None
    assert compare("ids", two, np.ones((2, 3, 1), int)).decisions is None
    assert compare("ids", two, np.ones((2, 4), int), nan_is_a_value=True).decisions is None
    assert compare("ids", two, 2 * two, nan_is_a_value=True).decisions is None
    assert compare("ids", np.ones((2, 3)), np.ones((2, 4))).decisions is None
    assert compare("m", np.ones((2, 3), bool), np.ones((2, 4), bool)).decisions is None


def test_data_are_no_decisions():
    """Where NaN is a value, the array is data: *same decisions* is not reached."""
    assert compare("logits", scores(), scores() * f32(1.01), nan_is_a_value=True).rung is DIFFERENT


def small_mask(*values: float) -> np.ndarray:
    """A mask of a few places."""
    return np.array(values, f32).reshape(1, 1, -1, 2)


def test_half_of_the_places_must_be_decided():
    """Just half is enough, and one less is not."""
    four, six = small_mask(-2, 2, 1e-6, 1e-6), small_mask(-2, 2, *[1e-6] * 4)

    assert compare("value", four, four * f32(1.001)).rung is DECISIONS
    assert compare("value", six, six * f32(1.001)).rung is DIFFERENT


def test_the_border_itself_is_off():
    """What is just at the border is off, there and here; between 0 and 1 the border is a half, above 1 it is 0."""
    half, lost = mask(0, 2), mask(-2, 2)
    lost[0, 0, 0, -1] = 0
    flipped = compare("value", mask(-2, 2), lost, thresholds=Thresholds(apart=1.0))

    assert compare("value", half, half * f32(1.001)).rung is DECISIONS
    assert flipped.decisions.flips == 1
    assert compare("value", mask(0.25, 1.5), mask(0.25, 1.5) * f32(1.001)).decisions is None


def test_a_place_at_the_border_is_a_tie_without_any_tolerance():
    """What is decided by nothing is a tie, also where no difference is allowed; ties that stay are not told."""
    expected = mask(-2, 2)
    expected[0, 0, 0, :2] = 0
    produced = expected * f32(1.01)
    produced[0, 0, 0, 0] = 1
    result = compare("value", expected, produced, tolerances={"F32": Tolerance(0.0, 0.0)})

    assert (result.decisions.flips, result.rung) == (0, DECISIONS)
    assert "; 1 that differs had been taken" in result.decisions.words


def test_just_far_enough_is_near():
    """What is asked for may be reached just so."""
    pictures, masks, rows = class_map(30), mask(-2, 2), np.array([[2.0, 0, 0, 0], [0, 2.0, 0, 0]])
    for expected in (pictures, masks):
        apart = compare("value", expected, expected * f32(1.01)).relative_l2

        assert compare("value", expected, expected * f32(1.01), thresholds=Thresholds(apart=apart)).rung is DECISIONS
    assert compare("value", rows, rows * 1.125, thresholds=Thresholds(apart=0.125)).rung is DECISIONS
    assert compare("value", rows, rows * 1.125, thresholds=Thresholds(apart=0.12)).rung is DIFFERENT
    moved = np.zeros((4, 100), bool)
    moved[:2] = True
    other = moved.copy()
    other[1, :50] = False

    assert compare("value", moved, other, thresholds=Thresholds(overlap=0.75)).rung is DECISIONS
    assert compare("value", moved, other, thresholds=Thresholds(overlap=0.76)).rung is DIFFERENT


def test_the_record_says_whether_there_is_a_mask():
    """One class in the record decides nothing, whatever was produced; one place of a class is enough."""
    none, one = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    one[0, 0] = True
    off, on = small_mask(1, 2, 1, 2), small_mask(-1, 2, 1, 2)

    assert compare("value", none, one).decisions is None
    assert (compare("value", one, none).decisions.agreement, compare("value", one, none).decisions.flips) == (0.0, 1)
    assert compare("value", off, on).decisions is None
    assert compare("value", on, off).decisions.flips == 1
