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
