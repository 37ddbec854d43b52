"""What was measured of the outputs is written, read strictly, and asked of a replay."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from answered import answered

from reprobundle import tensors
from reprobundle.comparison.policy import Policy, Tolerance
from reprobundle.components import outputs
from reprobundle.components.interface import Site
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import Calibration, Envelope, Section, SketchRecord, Tree
from reprobundle.errors import RefusedInputError
from reprobundle.records import from_bytes
from reprobundle.report import Rung
from reprobundle.store import Writer

STRUCTURE = {"kind": "tensor", "name": "y"}
RECORDED = np.linspace(1, 2, 1000, dtype=np.float32)


def asking(atol: float) -> Calibration:
    """A calibration that asks for a tolerance."""
    return Calibration(envelopes=(Envelope(output="y", rtol=1e-5, atol=atol, why="measured"),))


def bundle(folder: Path, calibration: Calibration) -> Section:
    """A folder with recorded outputs and such a document."""
    writer = Writer(folder)
    tensors.write(writer, "replay/expected.safetensors", {"y": tensors.of_array(RECORDED)})
    section = Section(inputs=None, expected=Tree(file="replay/expected.safetensors", structure=STRUCTURE))
    return documents.write(writer, section, calibration, ())


def replayed(folder: Path, produced: np.ndarray, policy: Policy | None = None, *, other_device: bool = False) -> Site:
    """A replay that gave something."""
    answer = answered(outputs=STRUCTURE, arrays={"y": produced})
    return Site(root=folder, answer=answer, policy=policy or Policy(), other_device=other_device)


def sketch(module: str) -> SketchRecord:
    """One of some 1.3 kB."""
    return SketchRecord(
        module=module, kind="Linear", call=0, dtype="F32", shape=(1, 64), digest="0" * 32, sum=1.0, absmax=1.0, mean=1.0,
        std=1.0, samples=tuple(0.123456789 + index for index in range(64)),
    )  # fmt: skip


def test_what_is_written_is_named_and_read_again(tmp_path: Path) -> None:
    """The section names the documents; without sketches there is no such file."""
    section = bundle(tmp_path, asking(1e-4))

    assert (section.calibration, section.sketches) == ("replay/tolerance.json", None)
    assert documents.calibration_of(section, tmp_path) == asking(1e-4)
    assert documents.sketches_of(section, tmp_path) is None


def test_sketches_are_read_again(tmp_path: Path) -> None:
    """Down to the last digit."""
    made = documents.write(Writer(tmp_path), Section(inputs=None, expected=None), Calibration(), (sketch("a"),))
    found = documents.sketches_of(made, tmp_path)

    assert found is not None
    assert (found.calls, found.left_out) == ((sketch("a"),), 0)


def test_sketches_of_a_large_model_are_thinned_out_to_some_room() -> None:
    """Evenly, with the first and the last call, and the number of the others."""
    thinned = documents.thinned([sketch(f"layer.{index:05d}") for index in range(3000)])

    assert len(json.dumps(thinned.model_dump(mode="json"), indent=2)) <= documents.SKETCH_BYTES
    assert thinned.calls[0].module == "layer.00000"
    assert thinned.calls[-1].module == "layer.02999"
    assert len(thinned.calls) + thinned.left_out == 3000
    assert len(thinned.calls) > 150


def test_without_an_envelope_the_default_counts(tmp_path: Path) -> None:
    """As before there was any calibration."""
    section = bundle(tmp_path, Calibration())
    (found,) = outputs.compare(section, replayed(tmp_path, RECORDED + np.float32(1e-4)))

    assert (found.rung is Rung.CLOSE, found.tolerance_from) == (False, "default")


def test_within_a_measured_envelope_outputs_are_close_and_loosened(tmp_path: Path) -> None:
    """What lets more through than the table is told."""
    section = bundle(tmp_path, asking(2e-4))
    (found,) = outputs.compare(section, replayed(tmp_path, RECORDED + np.float32(1e-4)))

    assert (found.rung, found.tolerance_from, found.loosened) == (Rung.CLOSE, "envelope", True)


def test_a_bundle_cannot_ask_for_more_than_the_cap(tmp_path: Path) -> None:
    """A stranger's tolerance of everything lets a thousandth through, and no more."""
    section = bundle(tmp_path, asking(1e6))
    (found,) = outputs.compare(section, replayed(tmp_path, RECORDED + np.float32(1e-2)))

    assert found.rung is not Rung.CLOSE


def test_a_reviewer_may_refuse_envelopes(tmp_path: Path) -> None:
    """Then the table counts."""
    section = bundle(tmp_path, asking(2e-4))
    site = replayed(tmp_path, RECORDED + np.float32(1e-4), Policy(envelopes=False))
    (found,) = outputs.compare(section, site)

    assert (found.rung is Rung.CLOSE, found.tolerance_from) == (False, "default")


def test_on_another_device_an_envelope_narrows_nothing(tmp_path: Path) -> None:
    """It was measured on one kind of device, and the table between devices is wider."""
    section = bundle(tmp_path, asking(1e-5))
    (found,) = outputs.compare(section, replayed(tmp_path, RECORDED * np.float32(1.00008), other_device=True))

    assert found.rung is Rung.CLOSE


def test_of_two_envelopes_for_one_output_the_narrower_counts() -> None:
    """A bundle gains nothing by asking twice."""
    wide, narrow = (Envelope(output="y", rtol=rtol, atol=atol, why="") for rtol, atol in ((1e-5, 1e-3), (1e-4, 1e-5)))

    assert documents.tolerances(Calibration(envelopes=(wide, narrow))) == {"y": Tolerance(1e-5, 1e-5)}


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b'{"calibration_schema": 2}', "replay/tolerance.json: calibration_schema: expected 1, found 2"),
        (
            b'{"envelopes": [{"output": "y", "rtol": -1, "atol": 0, "why": ""}]}',
            "replay/tolerance.json: envelopes[0].rtol: expected at least 0, found -1",
        ),
    ],
)
def test_a_document_that_breaks_its_form_is_refused(tmp_path: Path, content: bytes, fault: str) -> None:
    """A replay reads it as a stranger's: a tolerance below zero, or infinite, is none."""
    Writer(tmp_path).write("replay/tolerance.json", content)
    section = Section(inputs=None, expected=None, calibration="replay/tolerance.json")
    with pytest.raises(RefusedInputError) as caught:
        documents.calibration_of(section, tmp_path)

    assert str(caught.value) == fault


def test_the_document_of_an_older_form_without_later_fields_is_read() -> None:
    """Every field has a default."""
    assert from_bytes(Calibration, b"{}", name="replay/tolerance.json") == Calibration()


def test_outputs_beyond_those_that_are_read_are_one_row(tmp_path: Path) -> None:
    """However many a worker leaves, they are counted; with one of them nothing is reproduced."""
    section = bundle(tmp_path, asking(1e-4))
    answer = answered(outputs=STRUCTURE, arrays={"y": RECORDED, "x": RECORDED}, left_out=99_990)
    recorded, named, others = outputs.compare(section, Site(root=tmp_path, answer=answer))

    assert (recorded.name, recorded.rung) == ("y", Rung.BITWISE)
    assert (named.name, named.reason) == ("x", "was produced but is not recorded")
    assert (others.name, others.rung) == ("(others)", Rung.DIFFERENT)
    assert others.reason == "99,990 more outputs were produced but not recorded"
