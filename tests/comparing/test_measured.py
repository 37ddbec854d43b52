"""What was measured of a model's outputs is compared in words, and other seeds are told in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_manifest

from reprobundle.comparing import compare_manifests, measured
from reprobundle.components import hyperparameters
from reprobundle.components.outputs.section import Calibration, Envelope, Sketches, SketchRecord, Variant
from reprobundle.records import Record, to_bytes
from reprobundle.report import Status


def worded(folder: Path, path: str, first: Record, second: Record) -> str | None:
    """What is told of two documents."""
    for name, document in (("a", first), ("b", second)):
        place = folder / name / path
        place.parent.mkdir(parents=True)
        place.write_bytes(to_bytes(document))
    return measured.in_words(path, (folder / "a", folder / "b"))


def calibration(atol: float = 1e-5, moved: float = 0.0, **more: Any) -> Calibration:
    """One output, one run."""
    return Calibration(
        variants=(Variant(name="again", status="ran", distances={"y": moved}),),
        envelopes=(Envelope(output="y", rtol=1e-5, atol=atol, why="the default"),),
        **more,
    )


def sketch(module: str, digest: str, **more: Any) -> SketchRecord:
    """What one module gave."""
    return SketchRecord(
        module=module, kind="Linear", call=0, dtype="F32", shape=(1,), digest=digest, sum=0.0, absmax=0.0, mean=0.0,
        std=0.0, samples=(0.0,), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("second", "told"),
    [
        (calibration(atol=2e-5), "tolerance 'y' 1e-05 → 2e-05"),
        (calibration(moved=0.5), "other distances with 'again'"),
        (calibration(steadiness="random"), "the outputs were not known, now random"),
        (Calibration(), "tolerance 'y' 1e-05 → none; 1 run, now 0"),
        (calibration(batched=True), "only in how it is told"),
    ],
)
def test_tolerances_are_told_in_words(tmp_path: Path, second: Calibration, told: str) -> None:
    """Not by the digests of their file."""
    assert worded(tmp_path, "replay/tolerance.json", calibration(), second) == f"what was measured differs: {told}"


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ((sketch("a", "0"), sketch("b", "1")), "1 of 2 calls of modules gave something else, first 'b'"),
        ((sketch("a", "0"),), "1 call in one of the two only, first 'b'"),
        (
            (sketch("a", "0", envelope=0.5), sketch("b", "0")),
            "every module gave the same, and how far it moved between runs differs",
        ),
        ((sketch("a", "0"), sketch("b", "0")), "the sketches of the modules differ only in how it is told"),
    ],
)
def test_sketches_are_told_in_words(tmp_path: Path, second: tuple[SketchRecord, ...], told: str) -> None:
    """How many modules, and the first of them in the order of the calls."""
    first = Sketches(calls=(sketch("a", "0"), sketch("b", "0")))

    assert worded(tmp_path, "replay/probes.json", first, Sketches(calls=second, left_out=1)) == told


def test_no_other_file_is_told_so(tmp_path: Path) -> None:
    """It is compared as any file is."""
    assert measured.in_words("replay/expected.safetensors", (tmp_path, tmp_path)) is None


def test_other_seeds_are_one_line() -> None:
    """What stands in several places of the section is said once; other differences stay as they are."""
    first, second = (
        tiny_manifest(
            hyperparameters=hyperparameters.Section(
                values={"lr": seed}, seeds={"torch": seed, "a": seed}, seeds_at_begin={"torch": seed, **only}
            )
        )
        for seed, only in ((1, {}), (2, {"PYTHONHASHSEED": 0}))
    )
    found = [one.message for one in compare_manifests(first, second) if one.status is Status.DIFFERS]

    assert found == ["values.lr differs", "other seeds: torch 1 → 2, a 1 → 2, PYTHONHASHSEED none → 0"]
