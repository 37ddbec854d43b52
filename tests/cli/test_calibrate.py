"""``reprobundle calibrate``: what a person reads, and what becomes of a bundle that cannot be calibrated."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_bundle

from reprobundle import cli, finishing
from reprobundle.bundle import verify
from reprobundle.cli.calibrate import tolerances
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import Calibration, Envelope, Variant
from reprobundle.manifest import Manifest
from reprobundle.resealing import Resealed, reseal

MEASURED = Calibration(
    variants=(
        Variant(name="again", status="ran", distances={"y": 0.0}, bitwise=True),
        Variant(name="float64", status="ran", distances={"y": 2e-6}, bitwise=False),
        Variant(name="batch of 1", status="failed", why="ValueError: too few"),
        Variant(name="MKL_CBWR=COMPATIBLE", status="not run", why="budget"),
    ),
    envelopes=(Envelope(output="y", rtol=1e-5, atol=1e-5, why="the default"),),
    steadiness="bitwise",
    sensitive=True,
)
WORDS = """\
CALIBRATED
bundle       {path}
             {id}
made from    {previous}
             which stays as it is
outputs      the same again, bit for bit, in 2 runs that each changed one thing; moved by at most
             2e-06 of their size, with float64
             other weights give other outputs
             again: bitwise
             float64: within 2e-06 of the outputs' root mean square
             batch of 1: failed: ValueError: too few
             MKL_CBWR=COMPATIBLE: not run: budget
tolerance    'y': 1e-05: the default
"""


@pytest.fixture
def calibrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Resealed:
    """A bundle that was resealed with such measurements, as the verb will find it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")

    def change(manifest: Manifest, stage: Any) -> Manifest:
        section = documents.write(stage.writer, manifest.outputs, MEASURED, ())
        return manifest.model_copy(update={"outputs": section})

    made = reseal(verify(tiny_bundle(tmp_path / "tiny")), tmp_path / "b", change)
    calibrate: Callable[..., Resealed] = lambda *_, **__: made  # noqa: E731  one line
    monkeypatch.setattr(finishing, "calibrate", calibrate)
    return made


def test_every_run_and_every_tolerance_is_shown(calibrated: Resealed, capsys: pytest.CaptureFixture[str]) -> None:
    """First in two lines, then run by run."""
    assert cli.main(["calibrate", "tiny"]) == 0
    shown = capsys.readouterr().out

    assert shown.startswith(WORDS.format(path=calibrated.path, id=calibrated.id, previous=calibrated.previous))


def test_of_what_is_drawn_no_tolerance_is_told() -> None:
    """A number would be taken for one that means something."""
    drawn = MEASURED.model_copy(update={"steadiness": "random"})

    assert tolerances(drawn) == ("no tolerance means anything here: the outputs are drawn at random",)
    assert tolerances(MEASURED) == ("'y': 1e-05: the default",)
    assert tolerances(None) == ()


def test_the_document_holds_the_calibration(calibrated: Resealed, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone on standard output."""
    assert cli.main(["calibrate", "tiny", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert document["calibration"] == MEASURED.model_dump(mode="json")
    assert (document["bundle_id"], document["previous"]) == (calibrated.id, calibrated.previous)


def test_a_bundle_without_inputs_cannot_be_calibrated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """There is nothing to run the model on; nothing is made."""
    bundle = tiny_bundle(tmp_path / "tiny")

    assert cli.main(["calibrate", str(bundle)]) == 3
    assert capsys.readouterr().err == (
        "reprobundle: the bundle cannot be calibrated: no sample inputs are recorded\nhint: capture again\n"
    )
    assert not (tmp_path / "tiny-calibrated").exists()


def test_a_folder_that_exists_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Found out before the model is run."""
    bundle = tiny_bundle(tmp_path / "tiny")
    (tmp_path / "tiny-calibrated").mkdir()

    assert cli.main(["calibrate", str(bundle)]) == 2
    assert "exists; a bundle is never overwritten" in capsys.readouterr().err
