"""Two records of data splits beside each other are told in words, from their listings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from splits import new_stage, take

from reprobundle import DataSplit
from reprobundle.comparing.splits import differences
from reprobundle.components import data

X = np.arange(20.0)
Y = np.arange(20) % 2


def told(tmp_path, first: Any, second: Any) -> list[str]:
    """What compare says of one split that was given twice."""
    stages = [new_stage(tmp_path / name) for name in ("a", "b")]
    sections = [take(stage, train=given) for stage, given in zip(stages, (first, second), strict=True)]
    found = differences(sections[0], sections[1], (stages[0].root, stages[1].root))
    return [finding.message for finding in found]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (X, []),
        (X[::-1], ["data split 'train': the same in another order"]),
        (np.append(X[2:], -1.0), ["data split 'train': other samples, 18 in both, "
                                    "2 only in the first (rows 0 to 1), 1 only in the second (row 18)"]),
        (X.astype(np.float32), ["data split 'train': of another form: 'value' is F32, F64 in the first"]),
        (DataSplit(X, licence="MIT"), ["splits['train'].provenance differs"]),
    ],
)  # fmt: skip
def test_splits_are_told_in_words(tmp_path, second, words) -> None:
    """How many samples are in both is told where the listings can say it."""
    assert told(tmp_path, X, second) == words


def graded(tmp_path, first: dict[str, Any], second: dict[str, Any]) -> list[tuple[str, str | None]]:
    """What compare says of several splits, with the grades."""
    stages = [new_stage(tmp_path / name) for name in ("a", "b")]
    sections = [take(stage, **given) for stage, given in zip(stages, (first, second), strict=True)]
    found = differences(sections[0], sections[1], (stages[0].root, stages[1].root))
    return [(finding.message, finding.grade and finding.grade.value) for finding in found]


def test_rows_and_columns_are_named(tmp_path) -> None:
    """One cell that changed is told with its row and its column, as a replay tells it."""
    table = {"age": np.arange(10.0), "height": np.arange(10.0) ** 2}
    other = {**table, "age": table["age"] + np.where(np.arange(10) == 7, 10.0, 0.0)}

    assert graded(tmp_path, {"train": table}, {"train": other}) == [
        (
            "data split 'train': other samples, 9 in both, 1 changed in place (row 7), "
            "with other statistics of 'age' (mean 5.5, 4.5 in the first) only",
            "high",
        )
    ]


def test_every_difference_has_a_grade(tmp_path) -> None:
    """Other samples weigh more than another order, and that more than what is only said of them."""
    first = {"a": X, "b": X, "c": X, "d": X, "e": X}
    second = {
        "a": X + 1,
        "b": X[::-1],
        "c": DataSplit(X, source="a book"),
        "d": DataSplit(X, private=tmp_path / "s"),
        "f": Y,
    }
    found = dict(graded(tmp_path, first, second))

    assert (
        found["data split 'a': other samples, 19 in both, 1 only in the first (row 0), 1 only in the second (row 19)"]
        == "high"
    )
    assert found["data split 'b': the same in another order"] == "medium"
    assert found["splits['c'].provenance differs"] == "low"
    assert found["data split 'd': private in one of the two, so that its samples cannot be compared"] == "medium"
    assert found["data split 'e' is not in both"] == found["data split 'f' is not in both"] == "high"
    assert set(found.values()) == {"high", "medium", "low"}


def test_a_split_that_was_renamed_is_recognised(tmp_path) -> None:
    """The same samples under another name are one split, told once."""
    assert graded(tmp_path, {"train": X, "test": X[:5]}, {"train": X, "valid": X[:5]}) == [
        ("data split 'test' is called 'valid' in the second", "low")
    ]


def test_other_leakage_is_told(tmp_path) -> None:
    """How many samples two splits share, where one of them has changed."""
    found = graded(tmp_path, {"train": X, "test": X[:5]}, {"train": X, "test": X[:5] + 1000})

    assert found[1:] == [("leakage: samples of data split 'train' that stand in 'test', too", "medium")]


def test_samples_drawn_anew_are_not_compared(tmp_path) -> None:
    """Their digests hold for one read only."""
    section = take(new_stage(tmp_path / "a"), train=X)
    drawn = [
        data.Section(splits=(section.splits[0].model_copy(update={"random": True, "ordered": digit * 32}),))
        for digit in "12"
    ]

    assert [finding.message for finding in differences(*drawn, None)] == [
        "data split 'train': drawn anew at each read, so that their samples cannot be compared"
    ]


def test_other_classes_are_told(tmp_path) -> None:
    """Where both have labels, the classes that grew or shrank are named."""
    assert told(tmp_path, (X, Y), (X[1:], Y[1:])) == [
        "data split 'train': other samples, 19 in both, 1 only in the first (row 0), other classes: 0 has 9, 10 in the first"
    ]


def test_private_splits_are_compared_under_one_salt(tmp_path) -> None:
    """Under one salt the listings say what is shared; under two nothing can be said."""
    mine, other = tmp_path / "mine.salt", tmp_path / "other.salt"
    one = told(tmp_path / "1", DataSplit(X, private=mine), DataSplit(X[1:], private=mine))
    two = told(tmp_path / "2", DataSplit(X, private=mine), DataSplit(X, private=other))
    three = told(tmp_path / "3", DataSplit(X, private=mine), X)

    assert one == ["data split 'train': other samples, 19 in both, 1 only in the first (row 0)"]
    assert two == ["data split 'train': salted with different salts, so that their samples cannot be compared"]
    assert three[0] == "data split 'train': private in one of the two, so that its samples cannot be compared"


def test_files_are_compared_by_their_content(tmp_path) -> None:
    """A file that was renamed is in both."""
    for name, content in {"a/1": "x", "a/2": "y", "b/1": "x", "b/3": "y", "b/4": "z"}.items():
        (tmp_path / "given" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "given" / name).write_text(content)

    assert told(tmp_path, tmp_path / "given/a", tmp_path / "given/b") == [
        "data split 'train': other files, 2 in both, '2' is called '3', '4' is only in the second"
    ]


def test_a_split_that_only_one_has(tmp_path) -> None:
    """It is named."""
    stages = [new_stage(tmp_path / name) for name in ("a", "b")]
    first, second = take(stages[0], train=X, test=Y), take(stages[1], train=X)
    found = [finding.message for finding in differences(first, second, None)]

    assert found == ["data split 'test' is not in both"]
