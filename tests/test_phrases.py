from __future__ import annotations

import pytest

from reprobundle.phrases import counted, percent, printed, rounded, shortest, some, told_apart


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 tensors"), (1, "1 tensor"), (2, "2 tensors"), (1234, "1,234 tensors")]
)
def test_a_number_stands_with_its_noun(number: int, said: str) -> None:
    """Only one of a thing is said in the singular, and thousands are set apart."""
    assert counted(number, "tensor") == said


@pytest.mark.parametrize(("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries")])
def test_a_plural_of_its_own_is_used(number: int, said: str) -> None:
    """A noun whose plural is not made with an s brings it along."""
    assert counted(number, "entry", "entries") == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), ""),
        (("a",), "a"),
        (("a", "b", "c"), "a, b, c"),
        (("a", "b", "c", "d"), "a, b, c and 1 more"),
        (("a", *"b" * 1236), "a, b, b and 1,234 more"),
    ],
)
def test_the_first_few_are_told_and_the_rest_counted(words: tuple[str, ...], said: str) -> None:
    """No more than the words shown are told by name, and the number of the others follows."""
    assert some(words, shown=3) == said


def test_five_are_told_where_no_number_is_asked_for() -> None:
    """Without a number of its own a message names five."""
    assert some(list("abcdefg")) == "a, b, c, d, e and 2 more"


def test_the_rest_can_be_called_by_name() -> None:
    """A message may say what the rest are."""
    assert some(["a", "b", "c"], shown=1, more="more tensors") == "a and 2 more tensors"


@pytest.mark.parametrize(
    ("share", "said"),
    [(0, "0%"), (1e-9, "<0.1%"), (0.004, "0.4%"), (0.01, "1%"), (0.12, "12%"), (0.996, ">99%"), (1, "100%")],
)
def test_a_share_is_told_in_hundredths(share: float, said: str) -> None:
    """A share that is there is never told as none, and part of something never as all of it."""
    assert percent(share) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.5, "0.5"), (12.345, "12.3"), (4201.4, "4,201"), (-1.2345e-7, "-1.23e-07"), (1e300, "1e+300")]
)
def test_a_number_has_three_digits(value: float, said: str) -> None:
    """Large numbers are written out as far as a person reads them, thousands apart."""
    assert rounded(value) == said


@pytest.mark.parametrize(
    ("value", "short", "said"),
    [
        (0.8374999761581421, 0.8375, "0.8375"),  # of float32
        (0.8333333134651184, 0.8333333, "0.833333"),
        (-1.100000023841858, -1.1, "-1.1"),
        (1.401298464324817e-45, 1e-45, "1e-45"),
        (0.8374999761581422, 0.8374999761581422, "0.8375"),  # of float64
        (0.1, 0.1, "0.1"),
        (123456792.0, 123456792.0, "1.23457e+08"),
        (1e300, 1e300, "1e+300"),
        (3e38 + 0.5, 3e38, "3e+38"),
        (float("inf"), float("inf"), "inf"),
    ],
)
def test_a_float32_is_told_as_its_shortest_decimal(value: float, short: float, said: str) -> None:
    """What was computed in single precision has no digits of double precision; whole and larger numbers stay as they are."""
    assert (shortest(value), printed(value)) == (short, said)


def test_nothing_with_a_text_of_its_own_is_told_by_its_id() -> None:
    """Only what reads like another has its id behind it, whatever the case and the blanks."""
    told = told_apart([("a", "Accuracy"), ("b", "accuracy "), ("c", "recall")])

    assert told == {"a": "Accuracy (a)", "b": "accuracy  (b)", "c": "recall"}
