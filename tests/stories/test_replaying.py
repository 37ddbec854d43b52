"""A replay tells reproduced from not reproduced, whatever was done to the bundle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forging import forged

import reprobundle
from reprobundle import tensors
from reprobundle.report import Report, Rung, Status
from reprobundle.store import Writer

pytestmark = pytest.mark.slow


def replay(bundle: Path, folder: Path, **options: Any) -> Report:
    """Replay in this interpreter, without walls."""
    return reprobundle.replay(bundle, env="current", sandbox="none", report=folder / "report", **options)


def rewrite(folder: Path, path: str, change: Any) -> None:
    """Change the arrays of a safetensors file."""
    arrays = tensors.read_arrays(folder / path)
    change(arrays)
    (folder / path).unlink()
    tensors.write(Writer(folder), path, {name: tensors.of_array(array) for name, array in arrays.items()})


def redigest(folder: Path, manifest: dict[str, Any]) -> None:
    """Recompute the digests of the tensors, as an attacker would."""
    import torch

    from reprobundle.worker import tensor_bytes

    arrays = tensors.read_arrays(folder / "model.safetensors")
    for entry in manifest["model"]["tensors"]:
        entry["xxh3_128"] = tensor_bytes.digest(entry["name"], torch.from_numpy(arrays[entry["name"]].copy()))


def scale_first(arrays: dict[str, Any]) -> None:
    """Change the weights of one layer by one per cent."""
    arrays["first.weight"] = arrays["first.weight"] * np.float32(1.01)


def test_an_honest_bundle_is_reproduced_bitwise(perceptron: Path, tmp_path: Path) -> None:
    """Without its project, the bundle gives the same bits, and the report says so in every rendering."""
    report = replay(perceptron, tmp_path, require="bitwise")

    assert report.verdict.sentence == "reproduced, bitwise"
    assert report.verdict.reproduced
    assert report.diagnosis is None
    assert {path.name for path in (tmp_path / "report").iterdir()} == {
        "report.json", "report.html", "report.txt", "report.md", "badge.svg", "log.txt", "produced.safetensors"
    }  # fmt: skip
    assert not [finding for finding in report.findings if finding.status is Status.DIFFERS]


def test_changed_weights_are_different_although_all_digests_fit(perceptron: Path, tmp_path: Path) -> None:
    """One layer changed by one per cent, every digest recomputed: no longer close, and the computation is named."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        rewrite(folder, "model.safetensors", scale_first)
        redigest(folder, manifest)

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path, search_seconds=0)

    assert not report.verdict.rung.reaches(Rung.CLOSE)
    assert not report.verdict.reproduced
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "computation"


def test_wrong_weights_are_named(perceptron: Path, tmp_path: Path) -> None:
    """Weights that are not the recorded ones are told apart from other numerics, by the tensor's name."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        rewrite(folder, "model.safetensors", scale_first)

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path)

    assert report.diagnosis is not None
    assert report.diagnosis.stage == "weights"
    assert report.diagnosis.evidence[0] == "model: 1 of 4 tensors after load differ: 'first.weight' (other bytes)"


def test_one_row_of_one_tensor_is_enough(perceptron: Path, tmp_path: Path) -> None:
    """A row changed by a hair, the files' digests recomputed: the tensor is named, and the right ones are not."""

    def nudge(arrays: dict[str, Any]) -> None:
        arrays["second.weight"] = arrays["second.weight"].copy()
        arrays["second.weight"][1] += np.float32(1e-6)

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        rewrite(folder, "model.safetensors", nudge)

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path, require="bitwise")
    wrong = [found for found in report.findings if found.kind == "model" and found.status is Status.DIFFERS]

    assert not report.verdict.reproduced
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "weights"
    assert [found.message for found in wrong] == ["1 of 4 tensors after load differ: 'second.weight' (other bytes)"]
    assert wrong[0].expected is not None
    assert wrong[0].expected.startswith("F32 (3, 8) ")
    assert (tmp_path / "report" / "report.txt").read_text().count("'second.weight'") == 2


def test_equal_outputs_of_another_model_are_not_reproduced(perceptron: Path, tmp_path: Path) -> None:
    """A record that names other tensors than those loaded is not reproduced, whatever the outputs say."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        for entry in manifest["model"]["tensors"][:2]:
            entry["xxh3_128"] = "0" * 32

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path)

    assert (report.verdict.rung, report.verdict.reproduced, report.verdict.exit_code) == (Rung.BITWISE, False, 1)
    assert report.verdict.sentence == (
        "not reproduced: the outputs agree, bitwise, but 2 tensors of the model are not the recorded ones"
    )
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "weights"
    assert report.diagnosis.paragraph.startswith(
        "The weights that were loaded are not the recorded ones. The outputs agree all"
    )
    for name in ("report.txt", "report.html"):
        assert "NOT REPRODUCED: the outputs agree, bitwise, but 2" in (tmp_path / "report" / name).read_text()


def test_wrong_preprocessing_is_told_apart(perceptron: Path, tmp_path: Path) -> None:
    """Another preprocessing function and other outputs: the preprocessing is named, not the model."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        net = folder / "code" / "source" / "net.py"
        net.write_text(net.read_text().replace("/ 10", "/ 11").replace("torch.tanh(", "torch.relu("))

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path)

    assert report.verdict.rung is Rung.DIFFERENT
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "preprocessing"


def test_a_nan_in_the_expected_outputs_is_never_reproduced(perceptron: Path, tmp_path: Path) -> None:
    """A record that holds NaN proves nothing."""

    def plant(arrays: dict[str, Any]) -> None:
        arrays["value"] = arrays["value"].copy()
        arrays["value"][0, 0] = np.nan

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        rewrite(folder, "replay/expected.safetensors", plant)

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path)

    assert not report.verdict.reproduced
    assert report.outputs[0].reason == "the recorded output holds NaN in 1 of 48 elements"


def test_an_output_too_few_is_different(perceptron: Path, tmp_path: Path) -> None:
    """An output that is recorded but not produced is a difference."""

    def add(arrays: dict[str, Any]) -> None:
        arrays["more"] = np.ones(3, np.float32)

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        rewrite(folder, "replay/expected.safetensors", add)

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path, search_seconds=0)

    assert report.verdict.sentence == "not reproduced: different: output 'more' is recorded but was not produced"


def test_a_model_that_stops_is_not_run_and_says_where(perceptron: Path, tmp_path: Path) -> None:
    """A failing forward pass is no verdict on the numbers: not run, with the error."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        net = folder / "code" / "source" / "net.py"
        net.write_text(net.read_text().replace("return self.second", "raise ValueError('boom'); return self.second"))

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path)

    assert report.verdict.rung is Rung.NOT_RUN
    assert report.diagnosis is not None
    assert report.diagnosis.paragraph == (
        "The model stopped at the stage 'run': ValueError: boom. It came from code/source/net.py:16 in forward: raise "
        "ValueError('boom'); return self.second(torch.tanh(self.first(x))). The log has the whole message."
    )


def test_a_bundle_that_lies_about_its_outputs_in_print_gains_nothing(perceptron: Path, tmp_path: Path) -> None:
    """What the model prints, and exiting early with status 0, prove nothing."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        net = folder / "code" / "source" / "net.py"
        text = net.read_text().replace("return self.second", "print('reproduced'); __import__('os')._exit(0)")
        net.write_text(text)

    report = replay(forged(perceptron, tmp_path / "forged", edit), tmp_path)

    assert not report.verdict.reproduced
    assert report.verdict.rung is Rung.NOT_RUN


def test_the_report_folder_must_be_new(perceptron: Path, tmp_path: Path) -> None:
    """A report never overwrites anything."""
    (tmp_path / "report").mkdir()

    with pytest.raises(reprobundle.UsageError, match="exists"):
        replay(perceptron, tmp_path)


def test_the_report_stands_as_json(perceptron: Path, tmp_path: Path) -> None:
    """The JSON rendering is the report itself."""
    report = replay(perceptron, tmp_path)
    read = json.loads((tmp_path / "report" / "report.json").read_bytes())

    assert read["verdict"] == report.verdict.model_dump(mode="json")
    assert read["bundle_id"] == reprobundle.Bundle.open(perceptron).id
