"""What a worker left is read as a stranger's: of the wrong form it is nothing, too long it is cut."""

from __future__ import annotations

from typing import Any

import pytest

from reprobundle import answers
from reprobundle.answers import Deed, Line, Misfit

AT = {"file": "code/source/net.py", "line": 3, "function": "model", "text": "x = 1"}
LINE = Line(**AT)


def test_a_line() -> None:
    """It is told as people write it."""
    assert answers.line(AT) == LINE
    assert LINE.words == "code/source/net.py:3 in model: x = 1"
    assert answers.line({**AT, "text": None}).words == "code/source/net.py:3 in model"  # type: ignore[union-attr]
    assert len(answers.line({**AT, "text": "x" * 10**6}).text) == answers.LONGEST_TEXT  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong",
    [None, 3, [], "net.py:3", {}, {**AT, "line": "3"}, {**AT, "line": True}, {**AT, "line": 0}, {**AT, "line": 10**9},
     {**AT, "file": None}, {**AT, "file": ""}, {**AT, "function": 3}],
)  # fmt: skip
def test_what_is_no_line(wrong: Any) -> None:
    """Any other form is no line at all."""
    assert answers.line(wrong) is None


def test_deeds() -> None:
    """Those that can be read are, at most fifty."""
    good = {"kind": "read", "does": "reads", "name": "a.txt", "at": AT}
    read = Deed(kind="read", does="reads", name="a.txt", at=LINE)

    assert answers.deeds([good, None, {**good, "at": None}, {**good, "kind": 3}, good]) == (read, read)
    assert len(answers.deeds([good] * 1000)) == answers.MOST_DEEDS
    assert answers.deeds({"0": good}) == ()


def test_misfit() -> None:
    """Names that are none, and counts that are none, are left out."""
    told = {
        "missing": ["a", 3, None],
        "unexpected": "b",
        "other": [["c", "float32 (1,)", "float32 (2,)"], ["d"], "e"],
        "counts": {"missing": 2, "other": "many", "unexpected": True},
    }

    assert answers.misfit(told) == Misfit(
        missing=("a",), other=(("c", "float32 (1,)", "float32 (2,)"),), counts={"missing": 2}
    )
    assert answers.misfit(None) is None
    assert answers.misfit([1]) is None


def test_texts() -> None:
    """What is no text is left out."""
    assert answers.texts({"a": "b", "c": 1}) == {"a": "b"}
    assert answers.texts([]) == {}
    assert answers.text("x" * 10**5) == "x" * answers.LONGEST_ERROR


def test_numbers() -> None:
    """Finite ones are; truth values, texts and what float64 cannot hold are not."""
    assert [answers.number(value) for value in (0, -3, 1.5, 10**308)] == [0.0, -3.0, 1.5, 1e308]
    assert [answers.number(value) for value in (True, "1", None, [], 10**309, -(10**400))] == [None] * 6
    assert [answers.duration(value) for value in (0, 1.5, -1, True)] == [0.0, 1.5, None, None]


def test_lines() -> None:
    """The texts of a list, each cut, at most a hundred of them."""
    assert answers.lines(["a", 3, "", "b" * 1000]) == ("a", "b" * answers.LONGEST_TEXT)
    assert len(answers.lines(["a"] * 10**5)) == 100
    assert answers.lines({"a": "b"}) == ()


def test_only_what_was_asked_for() -> None:
    """Of a list of objects those whose name was asked for, the first of each."""
    told = [{"id": "a", "n": 1}, {"id": "b"}, {"id": "a", "n": 2}, {"id": ["a"]}, "a", {"name": "c"}]

    assert answers.asked_for(told, "id", ["a", "c"]) == {"a": {"id": "a", "n": 1}}
    assert answers.asked_for({"id": "a"}, "id", ["a"]) == {}


GOOD = {
    "module": "", "kind": "Linear", "call": 0, "dtype": "F32", "shape": [], "digest": "0" * 32,
    "sum": 0, "absmax": 0, "mean": 0, "std": 0, "samples": [],
}  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"module": None}, {"module": 3}, {"kind": None}, {"call": -1}, {"call": True}, {"call": 1.0}, {"call": 10**10},
        {"dtype": "F33"}, {"dtype": None}, {"dtype": ["F32"]}, {"shape": 3}, {"shape": [-1]}, {"shape": [True]},
        {"shape": [1.5]}, {"shape": [1] * 33}, {"shape": [2**63]}, {"digest": "0" * 31}, {"digest": "0" * 33},
        {"digest": "G" * 32}, {"digest": None}, {"samples": None}, {"samples": {"0": 1}}, {"samples": [1.0] * 65},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_sketch(wrong: dict[str, Any]) -> None:
    """One part of another form, and it is none."""
    assert answers.sketch({**GOOD, **wrong}) is None


def test_sketches() -> None:
    """Long names are cut; what is no number stands for none."""
    found = answers.sketch({**GOOD, "module": "x" * 10**5, "sum": "3", "mean": True, "samples": ["1", 2, None]})

    assert found is not None
    assert len(found.module) == 1024
    assert (found.sum, found.mean, found.absmax, found.samples) == (None, None, 0.0, (None, 2.0, None))
