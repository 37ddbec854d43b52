"""Two bundles of different weights: which layers changed, and by how much, out of the files themselves."""

from __future__ import annotations

import json
import re
import tracemalloc

import ml_dtypes
import numpy as np
import pytest
from click.testing import CliRunner
from forging import forged
from tiny import DIGEST, tiny_bundle

from reprobundle import cli, tensors
from reprobundle.bundle import verify
from reprobundle.changes import WeightsFinding
from reprobundle.comparing import compare, weight_files, weights
from reprobundle.errors import RefusedInputError
from reprobundle.rendering import beside
from reprobundle.report import Grade, Status
from reprobundle.store import Writer, digest_bytes

WEIGHTS = "model.safetensors"


def _entry(name, array):
    digest = digest_bytes(repr((name, array.shape)).encode() + array.tobytes())
    return {"name": name, "dtype": tensors.dtype_name(array.dtype), "shape": list(array.shape), "xxh3_128": digest}


def _bundle(folder, state, *, split=(), **fields):
    """A bundle of these arrays; the names in `split` lie in a second file."""

    def edit(place, manifest):
        (place / WEIGHTS).unlink()
        files = {WEIGHTS: [name for name in state if name not in split], "more.safetensors": list(split)}
        stored = {
            path: [n for n in names if n not in fields.get("aliases", {})] for path, names in files.items() if names
        }
        for path, names in stored.items():
            tensors.write(Writer(place), path, {name: tensors.of_array(state[name]) for name in names})
        entries = [_entry(name, array) for name, array in state.items()]
        manifest["model"] |= {"files": sorted(stored), "tensors": entries, **fields}

    return forged(tiny_bundle(folder.with_name(f"{folder.name}-plain")), folder, edit)


def _told(first, second):
    return [item for item in compare(first, second) if item.status is Status.DIFFERS and item.kind == "model"]


def _pair(tmp_path, first, second, **fields):
    return _told(_bundle(tmp_path / "a", first, **fields), _bundle(tmp_path / "b", second, **fields))


def _f32(*values):
    return np.array(values, dtype=np.float32)


STATE = {
    "encoder.0.weight": _f32(1, 2, 3),
    "encoder.1.weight": _f32(4, 5, 6),
    "head.weight": _f32(3, 4).reshape(2, 1),
    "head.bias": _f32(0, 0),
    "head.seen": np.array(7),
}


def test_layers_are_told_with_numbers(tmp_path):
    """The tensor that moved is measured, its layer with all that belongs to it, and what stayed is one word."""
    (found,) = _pair(tmp_path, STATE, {**STATE, "head.weight": _f32(3, 4.5).reshape(2, 1), "head.seen": np.array(9)})
    (layer,) = found.layers
    seen, weight = sorted(layer.changes, key=lambda change: change.name)

    assert (found.message, found.grade) == ("2 of 5 tensors differ, in 1 of 3 layers", Grade.CRITICAL)
    assert found.unchanged == ("encoder.",)
    assert (layer.name, layer.tensors, layer.relative_l2, layer.max_absolute) == ("head", 3, 0.1, 2.0)
    assert layer.cosine == pytest.approx(27 / (5 * 29.25**0.5), rel=1e-15)
    assert (weight.elements, weight.relative_l2, weight.max_absolute, weight.worst) == (1, 0.1, 0.5, (1, 0))
    assert (weight.expected_value, weight.found_value) == ("4.0", "4.5")
    assert (weight.expected.norm, weight.found.norm) == (5.0, pytest.approx(29.25**0.5))
    assert (seen.elements, seen.max_absolute, seen.worst) == (1, 2.0, ())


def test_most_changed_layer_comes_first(tmp_path):
    """Layers are sorted by their relative change; one that was zero throughout comes before all."""
    grown = {
        "encoder.0.weight": _f32(1, 2, 3.1),
        "encoder.1.weight": _f32(8, 10, 12),
        "zero.weight": _f32(0.1, 0),
    }
    (found,) = _pair(tmp_path, {**STATE, "zero.weight": _f32(0, 0)}, {**STATE, **grown})

    assert [layer.name for layer in found.layers] == ["zero", "encoder.1", "encoder.0"]
    assert [layer.relative_l2 for layer in found.layers][:2] == [None, 1.0]


def test_another_dtype_is_compared_in_float64(tmp_path):
    """A model that was saved in half precision differs by its rounding, not by everything; both norms are told."""
    values = np.array([1.0, 1 / 3], dtype=np.float64)
    found, form = _pair(tmp_path, {"w": values}, {"w": values.astype(ml_dtypes.bfloat16)})
    (change,) = found.layers[0].changes

    assert form.message == "1 tensor is of another dtype or shape: 'w' (F64 (2,) → BF16 (2,))"
    assert (change.expected.dtype, change.found.dtype) == ("F64", "BF16")
    assert change.elements == 1
    assert 0 < change.relative_l2 < 2**-8
    assert change.expected.norm == pytest.approx(change.found.norm, rel=1e-2)


def test_another_shape_has_no_numbers(tmp_path):
    """Tensors of two shapes are named with both."""
    found, form = _pair(tmp_path, {"w": _f32(1, 2)}, {"w": _f32(1, 2, 3)})
    (change,) = found.layers[0].changes

    assert form.message == "1 tensor is of another dtype or shape: 'w' (F32 (2,) → F32 (3,))"
    assert (change.expected.shape, change.found.shape, change.elements, change.max_absolute) == ((2,), (3,), None, None)


def test_numbers_that_are_none_are_counted(tmp_path):
    """NaN and infinities are counted on each side and left out of the norms."""
    (found,) = _pair(tmp_path, {"w": _f32(1, 2, np.inf, 4)}, {"w": _f32(1, np.nan, np.inf, 5)})
    (change,) = found.layers[0].changes

    assert (change.expected.nan, change.expected.infinite) == (0, 1)
    assert (change.found.nan, change.found.infinite) == (1, 1)
    assert (change.elements, change.max_absolute, change.worst) == (2, 1.0, (3,))
    assert change.relative_l2 == pytest.approx(1 / 17**0.5)


def test_equal_values_of_other_bits_differ(tmp_path):
    """A negative zero is another tensor, with no element of another value."""
    (found,) = _pair(tmp_path, {"w": _f32(0, 1)}, {"w": _f32(-0.0, 1)})
    (change,) = found.layers[0].changes

    assert (change.elements, change.max_absolute, change.relative_l2) == (0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("first", "second", "largest"),
    [
        (np.array([True, False]), np.array([True, True]), 1.0),
        (np.array([-128, 5], dtype=np.int8), np.array([127, 5], dtype=np.int8), 255.0),
        (np.array([0, 5], dtype=np.uint64), np.array([2**64 - 1, 5], dtype=np.uint64), 2.0**64),
        (np.array([2**62, -1]), np.array([2**62 + 1, -1]), 1.0),
        (np.array([1 + 1j], dtype=np.complex64), np.array([1 - 2j], dtype=np.complex64), 3.0),
        (np.array([1e300]), np.array([-1e300]), 2e300),
    ],
)
def test_every_dtype_is_measured(tmp_path, first, second, largest):
    """Booleans, integers, complex numbers and huge ones give their distance, and nothing wraps or overflows aloud."""
    (found,) = _pair(tmp_path, {"w": first}, {"w": second})

    assert found.layers[0].max_absolute == largest
    assert found.layers[0].changes[0].elements == 1


def test_weights_spread_over_other_files_are_the_same(tmp_path):
    """One file or several: where every tensor is the same, that is a small difference of its own."""
    first, second = _bundle(tmp_path / "a", STATE), _bundle(tmp_path / "b", STATE, split=("head.bias", "head.seen"))
    (found,) = _told(first, second)

    assert (found.message, found.grade) == ("every tensor is the same, in other files", Grade.LOW)
    assert (found.expected, found.found) == ("model.safetensors", "model.safetensors, more.safetensors")


def test_tied_weights_are_counted_once(tmp_path):
    """A tensor that two names share in both bundles is one tensor."""
    state = {"embed.weight": _f32(1, 2), "head.weight": _f32(1, 2)}
    grown = {"embed.weight": _f32(1, 3), "head.weight": _f32(1, 3)}
    (found,) = _pair(tmp_path, state, grown, aliases={"head.weight": "embed.weight"})

    assert found.message == "1 of 1 tensors differs, in 1 of 1 layers"


def test_files_are_compared_and_not_what_a_manifest_says_of_them(tmp_path):
    """Manifests that name equal digests for other bytes, or other digests for equal bytes, deceive nobody."""

    def lie(place, manifest):
        manifest["model"]["tensors"][0]["xxh3_128"] = DIGEST

    first, second = _bundle(tmp_path / "a", {"w": _f32(1)}), _bundle(tmp_path / "b", {"w": _f32(2)})
    liars = [forged(one, tmp_path / f"lying-{one.name}", lie) for one in (first, second)]
    (hidden,), (invented,) = _told(*liars), _told(first, liars[0])

    assert hidden.message == "1 of 1 tensors differs, in 1 of 1 layers"
    assert invented.message == "1 tensor is the same in both files, but the manifests give two digests: 'w'"


def test_files_that_hold_something_else_are_refused(tmp_path):
    """A manifest that names a tensor of another shape than its file holds is refused by that name."""

    def lie(place, manifest):
        manifest["model"]["tensors"][0]["shape"] = [2]

    first = _bundle(tmp_path / "a", {"w": _f32(1)})
    with pytest.raises(RefusedInputError) as caught:
        compare(first, forged(first, tmp_path / "lying", lie))

    assert str(caught.value) == "tensor 'w': the manifest names F32 (2,), the files hold F32 (1,)"


def test_memory_does_not_grow_with_a_tensor(tmp_path, monkeypatch):
    """Both files are read piece by piece; the place of the largest change is counted over all pieces."""
    monkeypatch.setattr(weight_files, "PIECE", 1000)
    first = np.zeros((500, 1000), dtype=np.float32)
    second = first.copy()
    second[499, 998] = 1
    pair = [_bundle(tmp_path / name, {"w": array}) for name, array in (("a", first), ("b", second))]
    manifests = [verify(one).manifest for one in pair]
    tracemalloc.start()
    (found,) = weights.differences(*manifests, (pair[0], pair[1]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found.layers[0].changes[0].worst == (499, 998)
    assert peak < first.nbytes


def test_command_shows_layers_and_gives_the_numbers(tmp_path):
    """A person reads a table, a program all numbers; no file is told a second time."""
    grown = {**STATE, "head.weight": _f32(3, 4.5).reshape(2, 1), "head.bias": _f32(np.nan, 0)}
    argv = ["compare", str(_bundle(tmp_path / "a", STATE)), str(_bundle(tmp_path / "b", grown))]
    shown, document = (CliRunner().invoke(cli.cli, [*argv, *more]).output for more in ((), ("--json",)))
    told = next(item for item in json.loads(document) if item["kind"] == "model")

    assert "model           1 difference (1 critical)" in shown
    assert shown[shown.index("\nmodel\n") :] == (
        "\nmodel\n"
        "  critical: 2 of 5 tensors differ, in 1 of 3 layers\n"
        "  layer  changed         relative L2  cosine  largest change\n"
        "  head   2 of 3 tensors  0.1          0.9985  weight[1, 0]: 4 → 4.5\n"
        "         bias: 1 NaN in b\n"
        "  unchanged: encoder.\n"
    )
    assert told["layers"][0]["changes"][0]["name"] == "head.bias"
    assert isinstance(WeightsFinding.model_validate_json(json.dumps(told)), WeightsFinding)


TIED = {f"t.{number}": np.ones(4, np.float32) for number in range(300)}


def test_names_tied_to_another_tensor_are_one_finding(tmp_path, monkeypatch):
    """However many names lead to two tensors, these are read once, and what the names lead to is told in one line."""
    state = {"j": _f32(1, 2, 3, 4), "k": _f32(5, 6, 7, 8)}
    first = _bundle(tmp_path / "a", {**state, **TIED}, aliases=dict.fromkeys(TIED, "j"))
    second = _bundle(tmp_path / "b", {**state, **TIED}, aliases=dict.fromkeys(TIED, "k"))
    read = []
    plain = weight_files.WeightFiles.bytes_of
    monkeypatch.setattr(weight_files.WeightFiles, "bytes_of", lambda *given: read.append(given[1]) or plain(*given))
    ties, found = _told(first, second)

    assert (ties.grade, ties.message.partition(":")[0]) == (Grade.CRITICAL, "300 names are tied to another tensor")
    assert ties.message.endswith(" and 290 more")
    assert "'t.0' ('j' → 'k')" in ties.message
    assert found.message == "300 of 302 tensors differ, in 1 of 2 layers"
    assert {change.name for change in found.layers[0].changes} == set(TIED)
    assert found.layers[0].changes[0].max_absolute == 4.0
    assert len(read) <= 8


def test_a_tie_on_one_side_only_is_told(tmp_path):
    """A name that is a tensor of its own in the other bundle."""
    state = {"a": _f32(1, 2), "b": _f32(1, 2)}
    first, second = (
        _bundle(tmp_path / name, state, **fields) for name, fields in (("x", {"aliases": {"b": "a"}}), ("y", {}))
    )

    assert (
        next(item.message for item in _told(first, second)) == "1 name is tied to another tensor: 'b' ('a' → its own)"
    )


@pytest.mark.parametrize(
    "changed",
    [_f32(1, np.nan, 3), _f32(np.inf, 2, 3), _f32(1, 2), np.array([1, 2, 3], np.float32).reshape(3, 1)],
    ids=["NaN", "Inf", "fewer", "shape"],
)
def test_a_layer_of_which_nothing_was_measured_has_no_numbers(tmp_path, changed):
    """Where all that changed is no number, or has another shape, the rest says nothing of the change."""
    state = {"a.weight": _f32(1, 2, 3), "a.bias": _f32(1, 1)}
    found = _pair(tmp_path, state, {**state, "a.weight": changed})[0]
    (layer,) = found.layers

    assert (layer.relative_l2, layer.cosine, layer.max_absolute) == (None, None, None)
    shown = beside.render([found], ("a", "b"), colour=False, width=100)
    assert re.search(r"^  a +1 of 2 tensors +- +- +-$", shown, re.MULTILINE), shown


def test_what_was_measured_beside_a_number_that_is_none_is_told(tmp_path):
    """One element that is no number does not hide the change of the others."""
    (found,) = _pair(tmp_path, {"a.weight": _f32(3, 4, 5)}, {"a.weight": _f32(3, 8, np.nan)})

    assert found.layers[0].relative_l2 == pytest.approx(4 / 5)
