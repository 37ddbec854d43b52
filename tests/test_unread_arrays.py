"""Tensors that are read when they are asked for: their forms are known before, and nobody keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reprobundle import tensors
from reprobundle.errors import RefusedInputError
from reprobundle.store import Writer
from reprobundle.tensors import UnreadArrays, forms_of


def unread(folder: Path, **arrays: np.ndarray) -> UnreadArrays:
    tensors.write(Writer(folder), "x.safetensors", {name: tensors.of_array(one) for name, one in arrays.items()})
    path = folder / "x.safetensors"
    return UnreadArrays(lambda: path.open("rb"), tensors.read_places(path), path.name)


def test_each_is_read_when_it_is_asked_for(tmp_path):
    """What the file holds by then is given, another object each time."""
    found = unread(tmp_path, a=np.arange(3, dtype="i8"), b=np.ones((2, 2), "f4"))

    assert (len(found), set(found), "a" in found, "c" in found) == (2, {"a", "b"}, True, False)
    assert found["a"].tolist() == [0, 1, 2]
    assert found["a"] is not found["a"]
    assert found.get("c") is None


def test_forms_are_known_without_reading(tmp_path):
    """They are those of the arrays, and the file need not be there any more."""
    arrays = {"a": np.arange(3, dtype="i8"), "b": np.ones((2, 2), "f4"), "c": np.array(True)}
    found = unread(tmp_path, **arrays)
    (tmp_path / "x.safetensors").unlink()

    assert forms_of(found) == forms_of(arrays) == {"a": ("<i8", (3,)), "b": ("<f4", (2, 2)), "c": ("|b1", ())}


def test_what_breaks_its_form_is_refused_then(tmp_path):
    """A Boolean that is none is found when it is read."""
    found = unread(tmp_path, a=np.zeros(3, bool))
    path = tmp_path / "x.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\2")

    with pytest.raises(RefusedInputError) as refused:
        found["a"]

    assert str(refused.value) == "x.safetensors: tensor 'a': a Boolean is neither 0 nor 1"
