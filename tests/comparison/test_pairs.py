"""Two arrays: the table of pairs, and what must hold for any of them."""

from __future__ import annotations

import math
import time

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import ml_dtypes
import numpy as np
import pytest
from hypothesis import example, given

from reprobundle.comparison import OTHER_DEVICE, SAME_DEVICE, Tolerance, are_same, compare, unexpected
from reprobundle.errors import UsageError
from reprobundle.records import from_bytes, to_bytes
from reprobundle.report import OutputComparison, Rung

BITWISE, CLOSE, DIFFERENT, NOT_RUN = Rung.BITWISE, Rung.CLOSE, Rung.DIFFERENT, Rung.NOT_RUN
NAN, INF = math.nan, math.inf
f32 = np.float32


def floats(*values: float, dtype: object = np.float32) -> np.ndarray:
    """A short array."""
    return np.array(values, dtype)


def next_to(value: float, dtype: type = np.float32, steps: int = 1) -> np.ndarray:
    """The representable number some steps above, as an array."""
    found = np.array([value], dtype)
    for _ in range(steps):
        found = np.nextafter(found, np.array([INF], dtype))
    return found


def outside_words(outside: int, count: int, largest: str) -> str:
    """The words for a difference beyond the tolerance."""
    return f"{outside} of {count} elements lie outside the tolerance, largest difference {largest}"


def within(largest: str, count: int) -> str:
    """The words for a difference within the tolerance."""
    return f"not bitwise: largest difference {largest}, all {count} elements within the tolerance"


def exact(outside: int, count: int, dtype: str) -> str:
    """The words for a difference of what must agree exactly."""
    return f"{outside} of {count} elements differ, and {dtype} must agree exactly"


EMPTY = "holds no element, so there is nothing to compare"
BF16, F8_4, F8_5 = ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2
NAN_BITS = np.array([0x7FC00001], np.uint32).view(f32)

PAIRS = {  # recorded, produced, rung, reason
    # what is there at all
    "not produced": (floats(1), None, DIFFERENT, "is recorded but was not produced"),
    "dtype": (floats(1), floats(1, dtype=np.float64), DIFFERENT, "dtype differs: recorded float32, produced float64"),
    "dtype narrower": (floats(1), floats(1, dtype=np.float16), DIFFERENT, "dtype differs: recorded float32, produced float16"),
    "same bits, other dtype": (floats(1), floats(1).view(np.int32), DIFFERENT, "dtype differs: recorded float32, produced int32"),
    "bool for uint8": (np.array([True]), np.array([1], np.uint8), DIFFERENT, "dtype differs: recorded bool, produced uint8"),
    "bf16 for f16": (floats(1, dtype=np.float16), floats(1, dtype=BF16), DIFFERENT, "dtype differs: recorded float16, produced bfloat16"),
    "shape": (floats(1, 2), floats(1, 2, 3), DIFFERENT, "shape differs: recorded (2,), produced (3,)"),
    "transposed": (np.zeros((2, 3), f32), np.zeros((3, 2), f32), DIFFERENT, "shape differs: recorded (2, 3), produced (3, 2)"),
    "flattened": (np.zeros((2, 3), f32), np.zeros(6, f32), DIFFERENT, "shape differs: recorded (2, 3), produced (6,)"),
    "broadcast one to many": (np.zeros(1, f32), np.zeros(1000, f32), DIFFERENT, "shape differs: recorded (1,), produced (1000,)"),
    "broadcast a row": (np.zeros((1, 3), f32), np.zeros((2, 3), f32), DIFFERENT, "shape differs: recorded (1, 3), produced (2, 3)"),
    "broadcast 0-d": (np.zeros((), f32), np.zeros(1, f32), DIFFERENT, "shape differs: recorded (), produced (1,)"),
    "nothing for something": (floats(1), np.zeros(0, f32), DIFFERENT, "shape differs: recorded (1,), produced (0,)"),
    "empty": (np.zeros((0, 3), f32), np.zeros((0, 3), f32), NOT_RUN, EMPTY),
    "empty, other shape": (np.zeros((5, 0), f32), np.zeros((5, 1), f32), DIFFERENT, "shape differs: recorded (5, 0), produced (5, 1)"),
    "empty integers": (np.zeros(0, np.int64), np.zeros(0, np.int64), NOT_RUN, EMPTY),
    # bitwise
    "equal": (floats(1, -2, 0.1), floats(1, -2, 0.1), BITWISE, None),
    "equal 0-d": (np.array(3, f32), np.array(3, f32), BITWISE, None),
    "equal zeros": (np.zeros(4, f32), np.zeros(4, f32), BITWISE, None),
    "equal infinities": (floats(INF, -INF), floats(INF, -INF), BITWISE, None),
    "equal integers": (np.array([-1, 2]), np.array([-1, 2]), BITWISE, None),
    "equal Booleans": (np.array([True, False]), np.array([True, False]), BITWISE, None),
    "equal bf16": (floats(1, 2, dtype=BF16), floats(1, 2, dtype=BF16), BITWISE, None),
    "equal f8": (floats(1, 2, dtype=F8_4), floats(1, 2, dtype=F8_4), BITWISE, None),
    "equal complex": (np.array([1 + 2j], np.complex64), np.array([1 + 2j], np.complex64), BITWISE, None),
    "equal, other strides": (np.arange(12, dtype=f32)[::2], np.arange(0, 12, 2, dtype=f32), BITWISE, None),
    "equal, Fortran order": (np.arange(6, dtype=f32).reshape(2, 3), np.asfortranarray(np.arange(6, dtype=f32).reshape(2, 3)), BITWISE, None),
    # NaN
    "recorded NaN": (floats(1, NAN), floats(1, NAN), NOT_RUN, "the recorded output holds NaN in 1 of 2 elements"),
    "all NaN": (floats(NAN, NAN), floats(NAN, NAN), NOT_RUN, "the recorded output holds NaN in 2 of 2 elements"),
    "recorded NaN, other produced": (floats(NAN), floats(1), NOT_RUN, "the recorded output holds NaN in 1 of 1 elements"),
    "produced NaN": (floats(1, 2, 3), floats(1, NAN, 3), DIFFERENT, "holds NaN in 1 of 3 elements, the record has none"),
    "produced all NaN": (floats(1, 2), floats(NAN, NAN), DIFFERENT, "holds NaN in 2 of 2 elements, the record has none"),
    "produced NaN of other bits": (floats(1), NAN_BITS, DIFFERENT, "holds NaN in 1 of 1 elements, the record has none"),
    "produced NaN in bf16": (floats(1, dtype=BF16), floats(NAN, dtype=BF16), DIFFERENT, "holds NaN in 1 of 1 elements, the record has none"),
    "produced NaN in f8": (floats(1, dtype=F8_4), floats(NAN, dtype=F8_4), DIFFERENT, "holds NaN in 1 of 1 elements, the record has none"),
    "recorded NaN in f8": (floats(NAN, dtype=F8_5), floats(1, dtype=F8_5), NOT_RUN, "the recorded output holds NaN in 1 of 1 elements"),
    "NaN in an imaginary part": (np.array([1j], np.complex64), np.array([complex(0, NAN)], np.complex64), DIFFERENT, "holds NaN in 1 of 1 elements, the record has none"),
    # infinities
    "infinity for a number": (floats(1, 2), floats(1, INF), DIFFERENT, "infinities differ in 1 of 2 elements"),
    "number for an infinity": (floats(1, INF), floats(1, 3e38), DIFFERENT, "infinities differ in 1 of 2 elements"),
    "infinity of the other sign": (floats(INF, 1), floats(-INF, 1), DIFFERENT, "infinities differ in 1 of 2 elements"),
    "infinities elsewhere": (floats(INF, 1), floats(1, INF), DIFFERENT, "infinities differ in 2 of 2 elements"),
    "infinity beside a small difference": (floats(INF, 1), floats(INF, 1.000001), CLOSE, within("9.54e-07", 2)),
    "infinity beside a large difference": (floats(INF, 1), floats(INF, 2), DIFFERENT, outside_words(1, 2, "1")),
    "infinity in f16": (floats(65504, dtype=np.float16), floats(INF, dtype=np.float16), DIFFERENT, "infinities differ in 1 of 1 elements"),
    "infinity in f8": (floats(INF, dtype=F8_5), floats(-INF, dtype=F8_5), DIFFERENT, "infinities differ in 1 of 1 elements"),
    # floats near each other
    "one step": (floats(1), next_to(1), CLOSE, within("1.19e-07", 1)),
    "167 steps": (floats(1), next_to(1, steps=167), CLOSE, within("1.99e-05", 1)),
    "168 steps": (floats(1), next_to(1, steps=168), DIFFERENT, outside_words(1, 1, "2e-05")),
    "at the edge, within": (floats(1), floats(1.0000197), CLOSE, within("1.97e-05", 1)),
    "at the edge, outside": (floats(1), floats(1.0000204), DIFFERENT, outside_words(1, 1, "2.04e-05")),
    "below, outside": (floats(1), floats(0.9999796), DIFFERENT, outside_words(1, 1, "2.04e-05")),
    "negative, within": (floats(-1), floats(-1.0000197), CLOSE, within("1.97e-05", 1)),
    "negative, outside": (floats(-1), floats(-1.0000204), DIFFERENT, outside_words(1, 1, "2.04e-05")),
    "sign": (floats(1), floats(-1), DIFFERENT, outside_words(1, 1, "2")),
    "sign of all": (floats(1, -2), floats(-1, 2), DIFFERENT, outside_words(2, 2, "4")),
    "minus zero": (floats(0, 1), floats(-0.0, 1), CLOSE, within("0", 2)),
    "minus zero alone": (floats(0.0), floats(-0.0), CLOSE, within("0", 1)),
    "small ones lost beside large": (
        floats(*[1e8, *range(1, 20)] * 10), floats(*[1e8, *range(20, 1, -1)] * 10), DIFFERENT,
        "190 of 200 elements differ by more than a hundredth of their own size, next to far larger ones",
    ),
    "small beside large": (floats(1000, 0), floats(1000, 5e-4), CLOSE, within("0.0005", 2)),
    "small alone": (floats(0, 0), floats(0, 5e-4), DIFFERENT, outside_words(1, 2, "0.0005")),
    "zeros for numbers": (floats(1, 2), floats(0, 0), DIFFERENT, outside_words(2, 2, "2")),
    "swapped": (floats(1, 2), floats(2, 1), DIFFERENT, outside_words(2, 2, "1")),
    "one of many": (np.ones(1000, f32), np.r_[np.ones(999, f32), f32(1.1)], DIFFERENT, outside_words(1, 1000, "0.1")),
    "subnormal": (floats(1e-45), floats(3e-45), DIFFERENT, outside_words(1, 1, "1.4e-45")),
    "largest": (floats(3.4028235e38), floats(-3.4028235e38), DIFFERENT, outside_words(1, 1, "6.81e+38")),
    "recorded smaller than produced": (floats(1e-9), floats(1), DIFFERENT, outside_words(1, 1, "1")),
    # other float dtypes
    "f64 one step": (floats(1, dtype=np.float64), next_to(1, np.float64), CLOSE, within("2.22e-16", 1)),
    "f64 as coarse as f32": (floats(1, dtype=np.float64), floats(1 + 1e-7, dtype=np.float64), DIFFERENT, outside_words(1, 1, "1e-07")),
    "f64 huge, one step": (floats(1e300, dtype=np.float64), next_to(1e300, np.float64), CLOSE, within("1.49e+284", 1)),
    "f64 huge, other sign": (floats(1.7e308, dtype=np.float64), floats(-1.7e308, dtype=np.float64), DIFFERENT, outside_words(1, 1, "inf")),
    "f64 tiny, one step": (floats(1e-300, dtype=np.float64), next_to(1e-300, np.float64), CLOSE, within("1.66e-316", 1)),
    "f16 one step": (floats(1, dtype=np.float16), next_to(1, np.float16), CLOSE, within("0.000977", 1)),
    "f16 far": (floats(1, dtype=np.float16), floats(1.01, dtype=np.float16), DIFFERENT, outside_words(1, 1, "0.00977")),
    "bf16 one step": (floats(1, dtype=BF16), floats(1.0078125, dtype=BF16), CLOSE, within("0.00781", 1)),
    "bf16 far": (floats(1, dtype=BF16), floats(1.0625, dtype=BF16), DIFFERENT, outside_words(1, 1, "0.0625")),
    "f8 e4m3 one step": (floats(1, dtype=F8_4), floats(1.125, dtype=F8_4), CLOSE, within("0.125", 1)),
    "f8 e4m3 far": (floats(1, dtype=F8_4), floats(1.5, dtype=F8_4), DIFFERENT, outside_words(1, 1, "0.5")),
    "f8 e5m2 one step": (floats(1, dtype=F8_5), floats(1.25, dtype=F8_5), CLOSE, within("0.25", 1)),
    "f8 e5m2 far": (floats(1, dtype=F8_5), floats(1.5, dtype=F8_5), DIFFERENT, outside_words(1, 1, "0.5")),
    "complex near": (np.array([3 + 4j], np.complex64), np.array([3 + 4.00001j], np.complex64), CLOSE, within("1e-05", 1)),
    "complex conjugate": (np.array([3 + 4j], np.complex64), np.array([3 - 4j], np.complex64), DIFFERENT, outside_words(1, 1, "8")),
    "complex phase": (np.array([1 + 0j], np.complex64), np.array([0 + 1j], np.complex64), DIFFERENT, outside_words(1, 1, "1.41")),
    "complex infinity": (np.array([complex(INF, 1)], np.complex64), np.array([complex(INF, 2)], np.complex64), DIFFERENT, "infinities differ in 1 of 1 elements"),
    # integers and Booleans
    "int off by one": (np.array([5, 6]), np.array([5, 7]), DIFFERENT, exact(1, 2, "int64")),
    "int beyond float64": (np.array([2**60]), np.array([2**60 + 1]), DIFFERENT, exact(1, 1, "int64")),
    "int ends": (np.array([-(2**63)]), np.array([2**63 - 1]), DIFFERENT, exact(1, 1, "int64")),
    "int8 ends": (np.array([-128], np.int8), np.array([127], np.int8), DIFFERENT, exact(1, 1, "int8")),
    "uint8 wraps": (np.array([0], np.uint8), np.array([255], np.uint8), DIFFERENT, exact(1, 1, "uint8")),
    "uint8 by one": (np.array([1], np.uint8), np.array([0], np.uint8), DIFFERENT, exact(1, 1, "uint8")),
    "uint16": (np.array([0], np.uint16), np.array([65535], np.uint16), DIFFERENT, exact(1, 1, "uint16")),
    "uint32": (np.array([0], np.uint32), np.array([2**32 - 1], np.uint32), DIFFERENT, exact(1, 1, "uint32")),
    "uint64 ends": (np.array([0], np.uint64), np.array([2**64 - 1], np.uint64), DIFFERENT, exact(1, 1, "uint64")),
    "int 0-d": (np.array(0), np.array(-1), DIFFERENT, exact(1, 1, "int64")),
    "bool": (np.array([True, False]), np.array([True, True]), DIFFERENT, exact(1, 2, "bool")),
    "all bool": (np.array([True, False]), np.array([False, True]), DIFFERENT, exact(2, 2, "bool")),
}  # fmt: skip

LARGEST = {  # exact distance, whatever the dtype would wrap to
    "uint8 wraps": 255.0,
    "uint8 by one": 1.0,
    "int8 ends": 255.0,
    "int ends": float(2**64 - 1),
    "int beyond float64": 1.0,
    "uint16": 65535.0,
    "uint32": float(2**32 - 1),
    "uint64 ends": float(2**64 - 1),
    "int 0-d": 1.0,
    "bool": 1.0,
}


@pytest.mark.parametrize(("expected", "produced", "rung", "reason"), PAIRS.values(), ids=PAIRS)
def test_pair(expected, produced, rung, reason):
    """Each pair reaches its rung, for its reason, and the result can stand in a report."""
    result = compare("x", expected, produced)

    assert (result.rung, result.reason) == (rung, reason)
    assert (result.name, result.shape, result.count) == ("x", expected.shape, expected.size)
    assert from_bytes(OutputComparison, to_bytes(result), name="x") == result


def test_table_is_as_large_as_it_should_be():
    """At least 60 pairs are tried."""
    assert len(PAIRS) >= 60


@pytest.mark.parametrize(("pair", "largest"), LARGEST.items())
def test_integer_distance_does_not_wrap(pair, largest):
    """The distance of two integers is the true one, in either direction."""
    expected, produced, *_ = PAIRS[pair]

    assert compare("x", expected, produced).max_absolute == largest
    assert compare("x", produced, expected).max_absolute == largest


def test_numbers_of_a_comparison():
    """Every number of the result is what its description says."""
    expected = np.array([[3, -4], [0, 12]], f32)
    produced = np.array([[3, -4.5], [0.25, 12]], f32)
    result = compare("x", expected, produced)
    rms = math.sqrt((9 + 16 + 144) / 4)

    assert result.rung is DIFFERENT
    assert result.dtype == "F32"
    assert result.outside == 2
    assert result.max_absolute == 0.5
    assert result.max_relative == 0.125
    assert result.relative_l2 == pytest.approx(math.hypot(0.5, 0.25) / 13)
    assert result.worst == (0, 1)
    assert (result.expected, result.found) == ("-4.0", "-4.5")
    assert result.rtol == SAME_DEVICE["F32"].rtol
    assert result.atol == pytest.approx(SAME_DEVICE["F32"].atol * rms)


def test_worst_element_is_the_one_furthest_outside():
    """The worst element is judged after the allowance: a large value may differ more than a small one."""
    result = compare("x", floats(1e6, 1), floats(1e6 + 0.25, 1.2))

    assert result.worst == (1,)
    assert result.max_absolute == 0.25


def test_worst_integer_is_the_largest_distance():
    """Among integers the worst element is the one that differs most."""
    result = compare("x", np.array([1, 1, 1]), np.array([2, -7, 1]))

    assert (result.worst, result.expected, result.found, result.outside) == ((1,), "1", "-7", 2)


def test_first_wrong_infinity_is_shown():
    """Where infinities differ, the first such element is shown."""
    result = compare("x", floats(1, 2, 3), floats(1, INF, -INF))

    assert (result.worst, result.expected, result.found) == ((1,), "2.0", "inf")
    assert result.max_absolute is None


ULPS = {
    "one step": (floats(1), next_to(1), 1),
    "seven steps": (floats(1), next_to(1, steps=7), 7),
    "across zero": (floats(-1e-45), floats(1e-45), 3),
    "zeros": (floats(0.0), floats(-0.0), 1),
    "f16": (floats(1, dtype=np.float16), next_to(1, np.float16), 1),
    "bf16": (floats(1, dtype=BF16), floats(1.015625, dtype=BF16), 2),
    "f8": (floats(1, dtype=F8_4), floats(1.25, dtype=F8_4), 2),
    "f8 fnuz": (floats(1, dtype=ml_dtypes.float8_e5m2fnuz), floats(-1, dtype=ml_dtypes.float8_e5m2fnuz), 129),
    "f8 exponents": (floats(1, dtype=ml_dtypes.float8_e8m0fnu), floats(2, dtype=ml_dtypes.float8_e8m0fnu), None),
    "f4": (floats(1, dtype=ml_dtypes.float4_e2m1fn), floats(1.5, dtype=ml_dtypes.float4_e2m1fn), None),
    "f64 ends": (np.array([-1.7976931348623157e308]), np.array([1.7976931348623157e308]), 2 * 0x7FEFFFFFFFFFFFFF + 1),
    "complex": (np.array([1 + 2j], np.complex64), np.array([1 + 2.0000002j], np.complex64), None),
}


@pytest.mark.parametrize(("one", "other", "steps"), ULPS.values(), ids=ULPS)
def test_distance_in_steps(one, other, steps):
    """The distance in units in the last place counts representable numbers, also across zero."""
    assert compare("x", one, other).max_ulp == steps
    assert compare("x", other, one).max_ulp == steps


@pytest.mark.parametrize("array", [floats(1, 2), floats(0, INF), np.array([3, -1]), np.array(True)])
def test_bitwise_has_no_distance(array):
    """What agrees bitwise is at distance zero in every measure."""
    result = compare("x", array, array.copy())

    assert (result.max_absolute, result.max_ulp, result.relative_l2, result.outside) == (0.0, 0, 0.0, 0)
    assert (result.ppm, result.p999, result.histogram, result.decisions, result.rtol) == (0.0, 0.0, None, None, None)
    assert result.cosine == (1.0 if array.dtype.kind == "f" and array[0] else None)
    assert result.worst is None


def test_other_tolerances_are_applied():
    """The tolerances given decide what is close."""
    assert compare("x", floats(1), floats(1.00005)).rung is DIFFERENT
    assert compare("x", floats(1), floats(1.00005), tolerances=OTHER_DEVICE).rung is CLOSE
    assert compare("x", floats(1), next_to(1), tolerances={"F32": Tolerance(0, 0)}).rung is DIFFERENT


def test_tolerance_beyond_float64_is_left_out():
    """An absolute tolerance that float64 cannot hold is not written into a report."""
    result = compare("x", np.array([1e308]), np.array([1.5e308]), tolerances={"F64": Tolerance(0, 10)})

    assert (result.rung, result.atol) == (CLOSE, None)


def test_dtype_without_a_tolerance_must_agree_in_value():
    """A float dtype that no tolerance names is allowed no difference, and never a crash."""
    assert compare("x", floats(1), next_to(1), tolerances={}).rung is DIFFERENT
    assert compare("x", floats(0.0), floats(-0.0), tolerances={}).rung is CLOSE
    assert compare("x", floats(1), floats(1), tolerances={}).rung is BITWISE


BESIDE = {
    "equal": (floats(1, NAN), floats(1, NAN), BITWISE, None, None),
    "near": (floats(1, NAN, 2), floats(1, NAN, 2.000001), CLOSE, within("9.54e-07", 2) + ", beside NaN at the same 1 place", (0,)),
    "far": (floats(NAN, NAN, 2), floats(NAN, NAN, 3), DIFFERENT, outside_words(1, 1, "1") + ", beside NaN at the same 2 places", (2,)),
    "in bf16": (floats(NAN, 2, dtype=BF16), floats(NAN, 3, dtype=BF16), DIFFERENT, outside_words(1, 1, "1") + ", beside NaN at the same 1 place", (1,)),
    "infinities": (floats(NAN, INF), floats(NAN, -INF), DIFFERENT, "infinities differ in 1 of 1 elements, beside NaN at the same 1 place", (1,)),
    "elsewhere": (floats(1, NAN), floats(NAN, 1), DIFFERENT, "NaN stands elsewhere, at 2 of 2 elements: recorded in 1, produced in 1", None),
    "gone": (floats(1, NAN), floats(1, 2), DIFFERENT, "NaN stands elsewhere, at 1 of 2 elements: recorded in 1, produced in 0", None),
    "new": (floats(1, 2), floats(1, NAN), DIFFERENT, "holds NaN in 1 of 2 elements, the record has none", None),
    "nothing else": (floats(NAN), floats(NAN), NOT_RUN, "is NaN in every element, there as here, so no value can be compared", None),
    "other bits of NaN": (np.append(NAN_BITS, f32(1)), floats(NAN, 1), CLOSE, within("0", 1) + ", beside NaN at the same 1 place", (1,)),
    "two dimensions": (np.array([[1, NAN], [2, 3]], f32), np.array([[1, NAN], [2, 4]], f32), DIFFERENT,
                       outside_words(1, 3, "1") + ", beside NaN at the same 1 place", (1, 1)),
    "0-d": (np.array(NAN, f32), np.array(1, f32), DIFFERENT, "NaN stands elsewhere, at 1 of 1 elements: recorded in 1, produced in 0", None),
    "half of a complex number": (np.array([complex(1, NAN), 1], np.complex64), np.array([complex(3, NAN), 1], np.complex64), DIFFERENT,
                                 outside_words(1, 3, "2") + ", beside NaN at the same 1 place", (0,)),
    "the other half": (np.array([complex(1, NAN)], np.complex64), np.array([complex(NAN, 1)], np.complex64), DIFFERENT,
                       "NaN stands elsewhere, at 1 of 1 elements: recorded in 1, produced in 1", None),
    "integers": (np.array([1]), np.array([2]), DIFFERENT, exact(1, 1, "int64"), (0,)),
}  # fmt: skip


@pytest.mark.parametrize(("expected", "produced", "rung", "reason", "worst"), BESIDE.values(), ids=BESIDE.keys())
def test_nan_as_a_value(expected, produced, rung, reason, worst):
    """Where NaN is a value it must stand at the same places, and the rest is compared by the usual rule."""
    result = compare("x", expected, produced, nan_is_a_value=True)

    assert (result.rung, result.reason, result.worst) == (rung, reason, worst)
    assert from_bytes(OutputComparison, to_bytes(result), name="x") == result


@given(hnp.arrays(np.float32, 5), hnp.arrays(np.float32, 5))
def test_nan_as_a_value_agrees_only_at_the_same_places(expected, produced):
    """Whatever the numbers are, what agrees has its NaN where the record has it, and the same without any NaN is the same."""
    result = compare("x", expected, produced, nan_is_a_value=True)
    same = np.array_equal(np.isnan(expected), np.isnan(produced))

    alone = compare("x", expected, produced)

    assert same or result.rung is DIFFERENT
    assert result.rung is not Rung.SAME_DECISIONS
    if not np.isnan(expected).any() and alone.rung is not Rung.SAME_DECISIONS:
        assert result == alone.model_copy(update={"decisions": None})


@pytest.mark.parametrize("value", [-1e-9, INF, -INF, NAN])
@pytest.mark.parametrize("field", ["rtol", "atol"])
def test_tolerance_that_lets_everything_through_is_refused(field, value):
    """A tolerance is a finite number of at least 0."""
    with pytest.raises(UsageError) as caught:
        Tolerance(**{"rtol": 0.0, "atol": 0.0, field: value})

    assert str(caught.value) == f"tolerance {field}: expected a finite number of at least 0, found {value!r}"


def test_every_float_dtype_has_a_tolerance():
    """Same device or another: every float dtype with small steps has its tolerance, the latter never tighter."""
    small = {"F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ"}

    assert set(SAME_DEVICE) == set(OTHER_DEVICE) == {"F64", "F32", "C64", "F16", "BF16", *small}
    for dtype, same in SAME_DEVICE.items():
        assert OTHER_DEVICE[dtype].rtol >= same.rtol
        assert OTHER_DEVICE[dtype].atol >= same.atol


def test_unexpected_output_is_different():
    """An output that nobody recorded is a difference, not a bonus."""
    result = unexpected("extra", np.zeros((2, 3), np.int32))

    assert (result.rung, result.reason) == (DIFFERENT, "was produced but is not recorded")
    assert (result.name, result.dtype, result.shape, result.count) == ("extra", "I32", (2, 3), 6)


def test_a_byte_that_is_no_boolean_is_no_crash():
    """Booleans that share a value but not their bits differ, without an error."""
    odd = np.array([2, 0], np.uint8).view(np.bool_)
    result = compare("x", np.array([True, False]), odd)

    assert (result.rung, result.worst, result.max_absolute) == (DIFFERENT, (0,), 0.0)


dtypes = st.sampled_from([np.float32, np.float64, np.float16])
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        hnp.array_shapes(max_dims=3, max_side=4),
        elements=st.floats(-100, 100, width=np.dtype(dtype).itemsize * 8),
    )
)


@given(arrays, st.data())
def test_adding_error_never_improves_the_rung(expected, data):
    """When any element moves further from the record, the rung does not rise and no measure falls."""
    noise = data.draw(hnp.arrays(np.float64, expected.shape, elements=st.floats(0, 1)))
    sign = data.draw(st.sampled_from([-1, 1]))
    scale = data.draw(st.sampled_from([1e-12, 1e-7, 1e-5, 1e-3, 1.0]))
    near = (expected + sign * noise * scale).astype(expected.dtype)
    far = (near + sign * noise * scale * data.draw(st.floats(0, 4))).astype(expected.dtype)
    one, other = compare("x", expected, near), compare("x", expected, far)

    assert other.rung.strength <= one.rung.strength
    assert other.outside >= one.outside
    assert (other.max_absolute or 0) >= (one.max_absolute or 0)


@given(arrays)
def test_every_array_reproduces_itself(array):
    """An array compared with its own copy is bitwise."""
    assert compare("x", array, array.copy()).rung is BITWISE


@given(arrays, st.data())
def test_a_rung_below_bitwise_whenever_a_bit_differs(expected, data):
    """Whatever single bit is flipped, the result is not bitwise and says why."""
    content = bytearray(expected.tobytes())
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    content[bit // 8] ^= 1 << bit % 8
    result = compare("x", expected, np.frombuffer(bytes(content), expected.dtype).reshape(expected.shape))

    assert result.rung in {CLOSE, Rung.SAME_DECISIONS, DIFFERENT}
    assert result.reason


@given(hnp.arrays(st.sampled_from([np.float32, np.float64]), 5), hnp.arrays(np.float32, 5))
@example(floats(3e38, -3e38), floats(-3e38, 3e38))
def test_any_bits_are_compared_without_a_warning(expected, produced):
    """Whatever the numbers are, the comparison gives a valid result."""
    result = compare("x", expected, produced)

    assert from_bytes(OutputComparison, to_bytes(result), name="x") == result
    assert result.rung is not CLOSE or not np.isnan(produced).any()


def test_formula_of_the_tolerance():
    """An element is within when its error is at most atol times RMS of the record + rtol times its own recorded magnitude."""
    tolerance = {"F64": Tolerance(0.5, 0.25)}
    expected = np.array([2.0, 2.0, 2.0, 2.0])
    for error, rung in ((1.5, CLOSE), (-1.5, CLOSE), (1.5000000001, DIFFERENT), (-1.5000001, DIFFERENT)):
        produced = expected + np.array([0, error, 0, 0])

        assert compare("x", expected, produced, tolerances=tolerance).rung is rung


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, BF16])
def test_a_million_elements_take_no_time(dtype):
    """A million elements that all differ are compared in well under two seconds."""
    expected = np.arange(1_000_000).astype(dtype)
    produced = (expected.astype(np.int64) + 1).astype(dtype)
    start = time.process_time()
    compare("x", expected, produced)

    assert time.process_time() - start < 2


def test_two_runs_are_the_same_by_bytes():
    """Names, dtypes, shapes and bytes decide, NaN among them."""
    one = floats(1, NAN)

    assert are_same({"a": one}, {"a": one.copy()})
    assert not are_same({"a": one}, {"a": next_to(1.0)})
    assert not are_same({"a": one}, {"b": one})
    assert not are_same({"a": one}, {"a": one.astype(np.float64)})
    assert not are_same({"a": floats(0, 0)}, {"a": floats(0, 0).reshape(2, 1)})
    assert not are_same({"a": floats(0)}, {"a": floats(-0.0)})
