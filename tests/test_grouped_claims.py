"""A claim by groups in a ``reprobundle.yaml``: what stands in files is read, and it reaches the record."""

from __future__ import annotations

import numpy as np
import pytest

from reprobundle.components import claims
from reprobundle.components.interface import Source, Stage
from reprobundle.errors import UsageError
from reprobundle.specification.resolving import Resolving
from reprobundle.store import Writer


def test_samples_and_groups_come_from_files(tmp_path):
    """Files of arrays are read for ``per_sample`` and for each named column; all else stays as it is written."""
    np.save(tmp_path / "right.npy", np.array([True, False, True]))
    np.save(tmp_path / "who.npy", np.array(["a", "b", "b"]))
    given = {"text": "accuracy", "per_sample": "right.npy", "group": {"who": "who.npy"}, "split": "test"}
    resolved = Resolving(tmp_path).claim("claims.0", given)
    (claim,) = claims.capture(
        Source(model=None, claims=(resolved,), splits={"test": None}), Stage(Writer(tmp_path))
    ).claims

    assert [(one.name, one.value, one.count) for one in claim.groups] == [("a", 1.0, 1), ("b", 0.5, 2)]
    assert (claim.value, claim.group, claim.split) == (2 / 3, "who", "test")
    assert Resolving(tmp_path).claim("claims.1", {"text": "x", "value": 1, "group": "who"}) == {
        "text": "x",
        "value": 1,
        "group": "who",
    }


FUNCTIONS = """
def bare():
    return [1, 0]


def right(model, path):
    return [1.0]


def whole(model):
    return [1.0]


def three(model, path, other):
    return [1.0]
"""


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """The name of a module with such functions, which can be imported."""
    name = f"functions_of_{request.node.name.partition('[')[0]}"
    (tmp_path / f"{name}.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


@pytest.mark.parametrize(("split", "function"), [("test", "right"), (None, "whole")])
def test_a_function_that_takes_what_an_entry_takes_stays_named(tmp_path, module, split, function):
    """It is called as an entry is, with the loaded model; one that takes nothing is called at once."""
    given = {
        "text": "accuracy",
        "value": 1,
        "per_sample": f"{module}:{function}",
        **({"split": split} if split else {}),
    }
    called = Resolving(tmp_path).claim("claims.0", {**given, "per_sample": f"{module}:bare"})

    assert Resolving(tmp_path).claim("claims.0", given) == given
    assert called["per_sample"] == [1, 0]


@pytest.mark.parametrize(("split", "function", "expected", "found"), [
    ("test", "three", "of nothing, or of model and path of the split", "three(model, path, other)"),
    ("test", "whole", "of nothing, or of model and path of the split", "whole(model)"),
    (None, "right", "of nothing, or of model", "right(model, path)"),
])  # fmt: skip
def test_a_function_that_cannot_be_called_says_what_is(tmp_path, module, split, function, expected, found):
    """What its definition takes stands beside what it would be given."""
    given = {
        "text": "accuracy",
        "value": 1,
        "per_sample": f"{module}:{function}",
        **({"split": split} if split else {}),
    }
    with pytest.raises(UsageError) as caught:
        Resolving(tmp_path).claim("claims.0", given)

    named = f"'{module}:{function}'"
    assert str(caught.value) == f"claims.0.per_sample: {named}: expected a function {expected}, found {found}"
    assert caught.value.hint == (
        "it is called with nothing, or as an entry is: with the model, and with the path of the split where one is named"
    )


def test_a_function_of_groups_takes_nothing(tmp_path, module):
    """No model is at hand where groups, inputs and splits are read: a function that wants something is not called."""
    with pytest.raises(UsageError) as caught:
        Resolving(tmp_path).claim("claims.0", {"text": "accuracy", "group": {"sex": f"{module}:right"}})

    named = f"'{module}:right'"
    assert str(caught.value) == (
        f"claims.0.group.sex: {named}: expected a function without arguments, found right(model, path)"
    )
    assert caught.value.hint == (
        "it is called without arguments: give each a default, or name a function that reads what it needs by itself"
    )
