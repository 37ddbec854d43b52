"""Other weights: clearly others, of the same form, few, and the same ones every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reprobundle import tensors
from reprobundle.calibrating.perturbing import MOST_BYTES, MOST_TENSORS, choose, overlay
from reprobundle.components.model.section import Section, TensorEntry
from reprobundle.store import Writer


def entry(name: str, *shape: int, dtype: str = "F32") -> TensorEntry:
    """A recorded tensor."""
    return TensorEntry(name=name, dtype=dtype, shape=shape, xxh3_128="0" * 32)


def recorded(folder: Path, **arrays: np.ndarray) -> Section:
    """A model whose weights stand in one file."""
    tensors.write(
        Writer(folder), "model.safetensors", {name: tensors.of_array(value) for name, value in arrays.items()}
    )
    entries = tuple(
        entry(name, *value.shape, dtype=tensors.dtype_name(value.dtype)) for name, value in sorted(arrays.items())
    )
    return section(*entries, files=("model.safetensors",))


def section(*entries: TensorEntry, loader: str = "for_torch", **more: object) -> Section:
    """A recorded model."""
    return Section(loader=loader, framework=None, entry="net:Net", init=None, tensors=entries, **more)


def changed(model: Section, folder: Path) -> dict[str, np.ndarray]:
    """The other values."""
    (folder / "work").mkdir()
    made = overlay(model, lambda path: folder / path, folder / "work")
    assert made is not None
    return tensors.read_arrays(made)


def test_values_change_by_about_half_of_their_size_and_stay_finite(tmp_path: Path) -> None:
    """In their own dtype."""
    weights = np.linspace(-1, 1, 5000, dtype=np.float32).reshape(50, 100)
    found = changed(recorded(tmp_path, weight=weights), tmp_path)["weight"]
    moved = np.sqrt(np.mean((found - weights) ** 2)) / np.sqrt(np.mean(weights**2))

    assert (found.dtype, found.shape) == (weights.dtype, weights.shape)
    assert 0.4 < moved < 0.6


def test_what_is_nowhere_below_zero_stays_so(tmp_path: Path) -> None:
    """A variance below zero would give NaN, which shows nothing."""
    found = changed(recorded(tmp_path, var=np.linspace(0, 1, 100, dtype=np.float32)), tmp_path)["var"]

    assert found.min() >= 0
    assert (found[1:] > np.linspace(0, 1, 100, dtype=np.float32)[1:]).all()


def test_zeros_become_something(tmp_path: Path) -> None:
    """A layer that starts at nothing is a layer all the same."""
    assert np.abs(changed(recorded(tmp_path, weight=np.zeros((4, 4), np.float32)), tmp_path)["weight"]).min() > 0


def test_the_same_weights_give_the_same_others(tmp_path: Path) -> None:
    """Two captures of one state must agree byte for byte."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    arrays = {"one": np.ones((3, 3), np.float32), "two": np.ones((3, 3), np.float32)}
    one, other = (changed(recorded(tmp_path / name, **arrays), tmp_path / name) for name in "ab")

    assert all((one[name] == other[name]).all() for name in arrays)
    assert (one["one"] != one["two"]).any()


def test_matrices_are_taken_before_vectors_from_first_to_last() -> None:
    """At most a few, spread over the model."""
    layers = [one for index in range(40) for one in (entry(f"{index}.bias", 8), entry(f"{index}.weight", 8, 8))]
    chosen = [one.name for one in choose(section(*layers))]

    assert len(chosen) == MOST_TENSORS
    assert (chosen[0], chosen[-1]) == ("0.weight", "39.weight")
    assert all(name.endswith("weight") for name in chosen)


def test_neither_huge_nor_whole_nor_shared_tensors_are_taken() -> None:
    """What is written is bounded, a counter is no weight, and a second name of a tensor is no second one."""
    huge, count = entry("huge", MOST_BYTES), entry("count", 3, dtype="I64")
    tied = section(huge, count, entry("head", 2, 2), entry("tied", 2, 2), aliases={"tied": "head"})

    assert [one.name for one in choose(tied)] == ["head"]
    assert overlay(section(huge, count), Path, Path()) is None


def test_a_model_of_another_form_gets_made_up_weights(tmp_path: Path) -> None:
    """Its tensors cannot be read here, but their names, dtypes and shapes are recorded."""
    model = section(entry("fc.weight", 3, 100, dtype="F16"), loader="for_torchscript", files=("model.pt",))
    found = changed(model, tmp_path)["fc.weight"]

    assert (found.dtype, found.shape) == (np.dtype(np.float16), (3, 100))
    assert 0.05 < float(np.std(found.astype(np.float32))) < 0.2
