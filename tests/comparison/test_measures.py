"""Every number that a comparison tells: distances, counts of NaN and infinities, quantiles, histograms."""

from __future__ import annotations

import math

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given

from reprobundle.comparison import Effective, Tolerance, compare
from reprobundle.comparison.blocks import BLOCK, are_equal, scale_for
from reprobundle.comparison.histograms import HIGHEST, LOWEST
from reprobundle.comparison.largest import Largest
from reprobundle.comparison.surveys import Survey, survey
from reprobundle.report import Rung

NAN, INF = math.nan, math.inf
f32 = np.float32
MANY = 2 * BLOCK + 1000  # elements: more than two blocks
WIDE = Effective(tolerance=Tolerance(10.0, 10.0))


def spread(count: int = MANY, dtype: object = np.float32) -> np.ndarray:
    """Numbers between 1 and 2."""
    return (1 + np.arange(count) / count).astype(dtype)


def test_every_number_of_a_small_comparison():
    """Every number is what its description says, worked out by hand."""
    expected, produced = np.array([3.0, -4.0, 0.0, 12.0]), np.array([3.0, -4.5, 0.25, 12.0])
    result = compare("x", expected, produced, effective=Effective(tolerance=Tolerance(0.125, 0.0)))

    assert (result.outside, result.ppm, result.count) == (1, 250_000.0, 4)
    assert (result.max_absolute, result.max_relative, result.p999) == (0.5, 0.125, 0.5)
    assert result.relative_l2 == pytest.approx(math.hypot(0.5, 0.25) / 13)
    assert result.cosine == pytest.approx((9 + 18 + 144) / (13 * math.sqrt(9 + 20.25 + 0.0625 + 144)))
    assert (result.nan, result.infinite) == ((0, 0), (0, 0))
    assert (result.worst, result.expected, result.found) == ((2,), "0.0", "0.25")
    assert (result.rtol, result.atol, result.tolerance_from) == (0.125, 0.0, "default")
    assert (result.loosened, result.wider, result.capped) == (False, None, False)


@pytest.mark.parametrize(
    ("expected", "produced", "nan", "infinite"),
    [
        ([1, NAN, INF, NAN], [1, 2, -INF, INF], (2, 0), (1, 2)),
        ([1, INF], [NAN, NAN], (0, 2), (1, 0)),
        ([INF, -INF, 1], [INF, -INF, 2], (0, 0), (2, 2)),
        ([INF, 1], [INF, 1], (0, 0), (1, 1)),
        ([complex(NAN, INF), complex(1, INF)], [1, 1], (1, 0), (1, 0)),
    ],
)
def test_what_is_no_number_is_counted(expected, produced, nan, infinite):
    """NaN and infinities are counted there and here, whatever the rung is; an element is one of them or the other."""
    dtype = np.complex64 if any(isinstance(value, complex) for value in expected) else f32
    result = compare("x", np.array(expected, dtype), np.array(produced, dtype))

    assert (result.nan, result.infinite) == (nan, infinite)


def test_counts_stand_beside_nan_as_a_value():
    """Where NaN is a value, it is counted all the same."""
    result = compare("x", np.array([1, NAN, INF]), np.array([2, NAN, INF]), nan_is_a_value=True)

    assert (result.nan, result.infinite, result.max_absolute, result.decisions) == ((1, 1), (1, 1), 1.0, None)
    assert (result.expected, result.found) == ("1.0", "2.0")


def test_infinities_are_at_no_distance_and_of_no_size():
    """Only what is finite counts for norms and angles."""
    result = compare("x", np.array([INF, 3.0, 4.0]), np.array([INF, 3.0, 5.0]))

    assert (result.relative_l2, result.max_absolute) == (0.2, 1.0)
    assert result.cosine == pytest.approx(29 / (5 * math.sqrt(34)))


def test_complex_numbers_beside_nan():
    """The element shown is that of the array, not of its halves, whatever its shape."""
    expected = np.array([[1 + 1j, complex(NAN, 2)], [3, 4]], np.complex64)
    produced = expected.copy()
    produced[1, 0] = 3 + 5j
    result = compare("x", expected, produced, nan_is_a_value=True)

    assert (result.worst, result.max_absolute, result.nan) == ((1, 0), 5.0, (1, 1))


def test_other_bits_of_nan_are_no_distance():
    """What differs in the bits of its NaN alone is at no distance, and not bitwise."""
    expected, produced = np.array([0x7FC00001, 0x3F800000], np.uint32).view(f32), np.array([NAN, 1], f32)
    result = compare("x", expected, produced, nan_is_a_value=True)

    assert (result.rung, result.max_ulp, result.max_absolute) == (Rung.CLOSE, 0, 0.0)


def test_numbers_are_gathered_over_blocks():
    """What is counted and what is largest may stand in any block."""
    expected = spread()
    produced = expected.copy()
    produced[[5, BLOCK + 7, 2 * BLOCK + 11]] += np.array([0.25, 1.0, 0.5], f32)
    result = compare("x", expected, produced)

    assert (result.outside, result.worst) == (3, (BLOCK + 7,))
    assert result.max_absolute == pytest.approx(1.0, rel=1e-6)
    assert result.ppm == pytest.approx(3e6 / MANY)
    assert result.relative_l2 == pytest.approx(
        math.sqrt(0.0625 + 1 + 0.25) / np.linalg.norm(expected.astype(float)), rel=1e-6
    )
    assert result.cosine == pytest.approx(
        np.dot(expected.astype(float), produced)
        / np.linalg.norm(expected.astype(float))
        / np.linalg.norm(produced.astype(float)),
        rel=1e-12,
    )
    assert result.max_ulp == abs(int(expected.view(np.int32)[BLOCK + 7]) - int(produced.view(np.int32)[BLOCK + 7]))
    assert (result.histogram.equal, sum(result.histogram.counts)) == (MANY - 3, 3)


def test_first_of_equally_bad_ones_is_the_worst():
    """Of several elements that differ as much the first one is shown, across blocks, too."""
    expected = np.ones(MANY, f32)
    produced = expected.copy()
    produced[[9, 10, BLOCK + 1]] = 3
    whole = compare("x", expected.astype(np.int32), produced.astype(np.int32))

    assert compare("x", expected, produced).worst == (9,)
    assert (whole.worst, whole.outside, whole.max_absolute) == ((9,), 3, 2.0)


def test_integers_over_blocks():
    """Integers are counted over all blocks, with their quantile and share."""
    expected = np.arange(MANY)
    produced = expected.copy()
    produced[[3, BLOCK + 2, MANY - 1]] -= np.array([5, 90, 7])
    result = compare("x", expected, produced)

    assert (result.outside, result.max_absolute, result.worst, result.p999) == (3, 90.0, (BLOCK + 2,), 0.0)
    assert (result.ppm, result.expected) == (3 / MANY * 1e6, str(BLOCK + 2))
    assert compare("x", np.zeros(4, np.int8), np.array([0, 5, 0, 0], np.int8)).p999 == 5.0


def test_infinities_over_blocks():
    """Infinities that differ are counted over all blocks, and the first one is shown; equal ones are at no distance."""
    expected, produced = spread(), spread()
    expected[BLOCK + 4] = produced[BLOCK + 4] = INF
    near = produced.copy()
    near[0] += 1
    produced[[BLOCK + 9, 2 * BLOCK + 5]] = INF, -INF
    far, beside = compare("x", expected, produced), compare("x", expected, near)

    assert far.reason == f"infinities differ in 2 of {MANY} elements"
    assert (far.worst, far.outside, far.ppm, far.infinite) == ((BLOCK + 9,), 2, 2 / MANY * 1e6, (1, 3))
    assert (beside.outside, beside.max_absolute, beside.worst, beside.decisions) == (1, 1.0, (0,), None)
    assert beside.max_relative == pytest.approx(1.0)


@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.float16, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, np.complex64]
)
def test_a_survey_sees_every_block(dtype):
    """NaN, infinities and the largest finite magnitude are found wherever they stand."""
    array = np.zeros(MANY, dtype)
    array[[1, BLOCK + 1, MANY - 1]] = 3, -16, 4
    assert survey(array) == Survey(nan=0, infinite=0, peak=16.0)
    array[BLOCK + 5] = NAN

    assert survey(array) == Survey(nan=1, infinite=0, peak=16.0)


def test_a_survey_of_little():
    """Integers hold no NaN; what is infinite throughout has no peak, and a peak may be smaller than 1."""
    assert survey(np.array([1, 2])) == Survey(nan=0, infinite=0, peak=0.0)
    assert survey(np.array([INF, -INF])) == Survey(nan=0, infinite=2, peak=0.0)
    assert survey(np.array([NAN, INF, -0.25, NAN], f32)) == Survey(nan=2, infinite=1, peak=0.25)
    assert survey(np.array([3 + 4j])).peak == 5.0
    assert survey(np.array([complex(3e38, 3e38)], np.complex64)).peak == pytest.approx(math.sqrt(2) * 3e38)


@pytest.mark.parametrize("peak", [0.0, 1e-320, 1e-300, 1e-9, 0.5, 1.0, 1000.0, 1e300, 1.7e308])
def test_a_scale_is_a_power_of_two_that_brings_the_peak_near_one(peak):
    """Numbers are scaled without a rounding, to at most one, and no scale is infinite."""
    scale = scale_for(peak)

    assert math.frexp(scale)[0] == 0.5
    assert peak * scale < 2.0**24
    assert 0.5 <= peak * scale < 1 or not 2.0**-1000 < peak < 2.0**1000
    assert 2.0**-1000 <= scale <= 2.0**1000


@pytest.mark.parametrize("size", [1e-320, 1e-310, 1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_no_square_is_lost(size):
    """Relative measures do not depend on the size of the numbers, not even where their squares are no numbers."""
    expected, produced = np.array([1.0, -0.5]) * size, np.array([1.0, -0.25]) * size
    result = compare("x", expected, produced)

    assert result.relative_l2 == pytest.approx(0.25 / math.sqrt(1.25), rel=1e-3)
    assert result.cosine == pytest.approx(1.125 / math.sqrt(1.25 * 1.0625), rel=1e-3)
    assert result.max_relative == pytest.approx(0.5, rel=1e-3)
    assert result.max_absolute == pytest.approx(0.25 * size, rel=1e-3)
    assert result.atol == pytest.approx(1e-12 * size * math.sqrt(0.625))


def test_what_has_no_number_is_none():
    """Distances that float64 cannot hold, or that would be divided by nothing, are left out."""
    huge = compare("x", np.array([1.7e308]), np.array([-1.7e308]))
    zero = compare("x", np.zeros(3), np.array([0.0, 1.0, 0.0]))
    to_zero = compare("x", np.array([1.0, 2.0]), np.zeros(2))

    assert (huge.max_absolute, huge.p999, huge.max_relative, huge.relative_l2, huge.cosine) == (
        None,
        None,
        2.0,
        2.0,
        -1.0,
    )
    assert (zero.relative_l2, zero.cosine, zero.histogram, zero.max_relative, zero.max_absolute) == (
        None,
        None,
        None,
        0.0,
        1.0,
    )
    assert (to_zero.relative_l2, to_zero.cosine, to_zero.max_relative) == (1.0, None, 1.0)


def test_relative_difference_leaves_out_zeros():
    """Only where the record is not zero there is a relative difference, in any block."""
    expected = spread()
    expected[0] = 0
    produced = expected.copy()
    produced[[0, BLOCK + 3]] += f32(0.5)

    assert compare("x", expected, produced).max_relative == pytest.approx(0.5 / expected[BLOCK + 3])


def test_complex_numbers_are_measured_by_their_magnitude():
    """The distance of complex numbers is that in the plane, and their cosine the real part of the inner product."""
    expected, produced = np.array([3 + 4j, 1j], np.complex64), np.array([3 + 3j, -1j], np.complex64)
    result = compare("x", expected, produced)

    assert (result.max_absolute, result.max_relative, result.worst) == (2.0, 2.0, (1,))
    assert result.relative_l2 == pytest.approx(math.sqrt(5 / 26))
    assert result.cosine == pytest.approx((9 + 12 - 1) / math.sqrt(26 * 19))
    assert (result.histogram.equal, sum(result.histogram.counts), result.decisions) == (0, 2, None)


def test_equal_bits_are_found_in_any_block_and_form():
    """Arrays are equal when every block is, whatever the order they lie in memory."""
    one = spread()
    other = one.copy()
    assert are_equal(one, other)
    other[-1] = np.nextafter(other[-1], f32(5))

    assert not are_equal(one, other)
    assert not are_equal(np.array([0.0]), np.array([-0.0]))
    assert are_equal(np.array([NAN]), np.array([NAN]))
    assert are_equal(np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3)))


QUANTILES = {1: 0, 2: 0, 999: 0, 1000: 1, 1001: 1, 1999: 1, 2000: 2, MANY: MANY // 1000}


@pytest.mark.parametrize(("count", "above"), QUANTILES.items())
@pytest.mark.parametrize("order", ["up", "down", "mixed"])
def test_quantile_is_exact(count, above, order):
    """At most one in a thousand lies above the quantile, in whatever order they come."""
    values = np.arange(count, dtype=float)
    values = {"up": values, "down": values[::-1], "mixed": np.random.default_rng(0).permutation(values)}[order]
    found = Largest(count)
    for start in range(0, count, BLOCK):
        found.add(values[start : start + BLOCK])

    assert found.quantile() == count - 1 - above


def test_quantile_needs_little_memory():
    """However many numbers go by, few are held."""
    found = Largest(1000 * BLOCK)
    for block in range(60):
        found.add(np.arange(BLOCK, dtype=float) + block * BLOCK)

        assert sum(held.size for held in found._held) <= 2 * BLOCK + 2 * (BLOCK + 1)


def test_equal_numbers_have_their_quantile():
    """Where all differences are the same, that is the quantile."""
    assert compare("x", np.arange(5000.0), np.arange(5000.0) + 0.5).p999 == 0.5


def test_histogram_counts_by_powers_of_two_of_the_rms():
    """Each difference stands in the bin between two powers of two, as a fraction of the recorded root mean square."""
    expected = np.full(8, 2.0)
    produced = expected + np.array([0, 0, 2.0, 3.9, 0.5, 4.0, 0, 0])
    histogram = compare("x", expected, produced).histogram

    assert histogram.edges == (0.25, 0.5, 1.0, 2.0, 4.0)
    assert histogram.counts == (0, 1, 0, 2, 1, 0)
    assert (histogram.equal, histogram.scale) == (4, 2.0)


def test_histogram_ends():
    """What lies beyond the outermost edges stands in the first or the last bin; a zero that changed its sign in the first."""
    expected = np.array([1e30, 1e30, 1e30, -0.0])
    small = compare("x", expected, np.array([1e30 * (1 + 1e-15), 1e30, 1e30, 0.0])).histogram
    large = compare("x", np.array([1e-60]), np.array([1.0])).histogram
    tiny = compare("x", np.array([1.0, 0.0]), np.array([1.0, 1e-300])).histogram

    assert (small.counts[0], small.equal, sum(small.counts)) == (1, 2, 2)
    assert (large.edges, large.counts) == ((2.0 ** (HIGHEST - 1), 2.0**HIGHEST), (0, 0, 1))
    assert (tiny.edges, tiny.counts, tiny.equal) == ((2.0**LOWEST, 2.0 ** (LOWEST + 1)), (1, 0, 0), 1)
    assert compare("x", np.array([1.0]), np.array([1.5 * 2.0**HIGHEST])).histogram.counts == (0, 0, 1)
    assert (LOWEST, HIGHEST) == (-60, 20)


def test_histogram_of_signs_alone():
    """Zeros that only changed their signs give a histogram all the same."""
    histogram = compare("x", np.array([0.0, 1.0]), np.array([-0.0, 1.0])).histogram

    assert (histogram.counts, histogram.equal) == ((1, 0, 0), 1)
    assert histogram.edges == (2.0**LOWEST, 2.0 ** (LOWEST + 1))


@given(
    hnp.arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e3, 1e3)),
    st.floats(1e-20, 1e3),
    st.integers(0, 2**32 - 1),
)
def test_histogram_counts_every_element_once(expected, size, seed):
    """Bins and equal elements are all elements, and each bin holds what lies between its edges."""
    produced = expected + np.random.default_rng(seed).normal(size=expected.shape) * size
    result = compare("x", expected, produced)
    if result.histogram is None:
        return
    held = result.histogram
    fractions = np.abs(expected - produced)[expected != produced] / math.sqrt(np.mean(expected**2))
    counts = np.histogram(fractions, [0, *held.edges, INF])[0]

    assert len(held.counts) == len(held.edges) + 1
    assert sum(held.counts) + held.equal == expected.size
    assert np.abs(np.array(held.counts) - counts).sum() <= 2  # a fraction on an edge, rounded otherwise


def test_gross_differences_are_few_or_a_small_share():
    """Up to eight elements, or a twentieth of them, may move by more than a hundredth of their own size beside large ones."""
    for count, moved, rung in (
        (100, 8, Rung.CLOSE),
        (100, 9, Rung.DIFFERENT),
        (1000, 50, Rung.CLOSE),
        (1000, 51, Rung.DIFFERENT),
    ):
        expected = np.full(count, 1e-5)
        expected[0] = 1e6
        produced = expected.copy()
        produced[1 : 1 + moved] *= 1.02

        assert compare("depth", expected, produced, effective=Effective(tolerance=Tolerance(0, 1e-6))).rung is rung


def test_what_is_gross_follows_a_wide_tolerance():
    """A hundredth of the element, or ten times the relative tolerance where that is more; just that is not gross."""
    for moved, rtol, gross in (
        (0.25, 0.0, True),
        (0.25, 0.03125, False),
        (0.3125, 0.03125, False),
        (0.328125, 0.03125, True),
    ):
        expected = np.ones(100)
        expected[0] = 1e6
        produced = expected.copy()
        produced[1:51] += moved
        result = compare("depth", expected, produced, effective=Effective(tolerance=Tolerance(rtol, 1.0)))

        assert (result.rung is Rung.DIFFERENT) == gross
    for moved, rung in ((1.0, Rung.CLOSE), (1.25, Rung.DIFFERENT)):
        expected = np.array([1e6, *[100.0] * 50])
        produced = expected + np.array([0, *[moved] * 50])

        assert compare("depth", expected, produced, effective=Effective(tolerance=Tolerance(0, 1.0))).rung is rung


def test_refused_ones_say_no_distance():
    """Nothing is measured of what differs in form."""
    result = compare("x", np.zeros(2, f32), np.zeros(3, f32))

    assert (result.max_absolute, result.ppm, result.histogram, result.decisions) == (None, None, None, None)
    assert (result.nan, result.infinite) == ((0, 0), (0, 0))


@given(
    hnp.arrays(np.float32, 20, elements=st.floats(-100, 100, width=32)),
    hnp.arrays(np.float32, 20, elements=st.floats(-100, 100, width=32)),
)
def test_distances_are_those_of_numpy(expected, produced):
    """Computed in one go with numpy the numbers are the same."""
    result = compare("x", expected, produced, effective=WIDE)
    one, other = expected.astype(float), produced.astype(float)
    error = np.abs(one - other)

    assert result.max_absolute == error.max()
    assert result.p999 == error.max()
    if result.rung is not Rung.BITWISE and np.linalg.norm(one):
        assert result.relative_l2 == pytest.approx(np.linalg.norm(error) / np.linalg.norm(one), rel=1e-9, abs=1e-300)


@given(hnp.arrays(np.float32, 4), hnp.arrays(np.float32, 4))
def test_symmetry_of_what_needs_no_record(expected, produced):
    """Whether two arrays are equal, how far apart and how many steps, is the same the other way round."""
    one, other = compare("x", expected, produced), compare("x", produced, expected)
    if one.nan != (0, 0):
        return

    assert (one.rung is Rung.BITWISE) == (other.rung is Rung.BITWISE)
    assert (one.max_absolute, one.max_ulp, one.p999) == (other.max_absolute, other.max_ulp, other.p999)
    assert (one.infinite, one.reason if one.max_absolute is None else None) == (
        other.infinite[::-1],
        other.reason if one.max_absolute is None else None,
    )


@given(
    hnp.arrays(np.float32, (3, 5), elements=st.floats(-10, 10, width=32)),
    hnp.arrays(np.float32, (3, 5), elements=st.floats(-1, 1, width=32)),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
    st.floats(1, 10),
    st.sampled_from([1e-7, 1e-5, 1e-3, 0.1, 1.0]),
)
def test_a_wider_tolerance_never_gives_a_weaker_rung(expected, noise, rtol, atol, times, size):
    """Whoever lets more through reaches at least the same rung."""
    produced = expected + noise * f32(size)
    own = Tolerance(1e-5, 1e-5)
    narrow = Effective(tolerance=Tolerance(rtol, atol), loosened=True, default=own)
    wide = Effective(tolerance=Tolerance(rtol * times, atol * times), loosened=True, default=own)

    assert compare("x", expected, produced, effective=wide).rung.reaches(
        compare("x", expected, produced, effective=narrow).rung
    )
