"""Two records of data splits beside each other are told in words, from their listings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from splits import new_stage, take

from reprobundle import DataSplit
from reprobundle.comparing.splits import differences

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
        (np.append(X[2:], -1.0), ["data split 'train': other samples, 18 in both, 2 only in the first, 1 only in the second"]),
        (X.astype(np.float32), ["data split 'train': of another form: 'value' is F32, recorded F64"]),
        (DataSplit(X, licence="MIT"), ["splits['train'].provenance differs"]),
    ],
)  # fmt: skip
def test_splits_are_told_in_words(tmp_path, second, words) -> None:
    """How many samples are in both is told where the listings can say it."""
    assert told(tmp_path, X, second) == words


def test_other_classes_are_told(tmp_path) -> None:
    """Where both have labels, the classes that grew or shrank are named."""
    assert told(tmp_path, (X, Y), (X[1:], Y[1:])) == [
        "data split 'train': other samples, 19 in both, 1 only in the first, other classes: 0 has 9, expected 10"
    ]


def test_private_splits_are_compared_under_one_salt(tmp_path) -> None:
    """Under one salt the listings say what is shared; under two nothing can be said."""
    mine, other = tmp_path / "mine.salt", tmp_path / "other.salt"
    one = told(tmp_path / "1", DataSplit(X, private=mine), DataSplit(X[1:], private=mine))
    two = told(tmp_path / "2", DataSplit(X, private=mine), DataSplit(X, private=other))
    three = told(tmp_path / "3", DataSplit(X, private=mine), X)

    assert one == ["data split 'train': other samples, 19 in both, 1 only in the first"]
    assert two == ["data split 'train': salted with different salts, so that their samples cannot be compared"]
    assert three[0] == "data split 'train': private in one of the two, so that its samples cannot be compared"


def test_files_are_compared_by_their_content(tmp_path) -> None:
    """A file that was renamed is in both."""
    for name, content in {"a/1": "x", "a/2": "y", "b/1": "x", "b/3": "y", "b/4": "z"}.items():
        (tmp_path / "given" / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / "given" / name).write_text(content)

    assert told(tmp_path, tmp_path / "given/a", tmp_path / "given/b") == [
        "data split 'train': other files, 2 in both, 1 only in the second"
    ]


def test_a_split_that_only_one_has(tmp_path) -> None:
    """It is named."""
    stages = [new_stage(tmp_path / name) for name in ("a", "b")]
    first, second = take(stages[0], train=X, test=Y), take(stages[1], train=X)
    found = [finding.message for finding in differences(first, second, None)]

    assert found == ["splits['test'] is not in both"]
