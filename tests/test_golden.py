"""Bundles of every version of the format, made once and never touched again: they must be read for ever."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

import reprobundle
from reprobundle.records import strict_json
from reprobundle.store import digest_bytes

GOLDEN = Path(__file__).parent / "golden"
IDS = {"bundle-v1": "1061693fcccc1787a7400b5ff2943744"}
SCHEMA = Path(__file__).parent.parent / "schemas" / "manifest.schema.json"


def test_every_golden_bundle_is_known() -> None:
    """A new version adds a folder and its id here."""
    assert {folder.name for folder in GOLDEN.iterdir()} == set(IDS)


@pytest.mark.parametrize("name", IDS)
def test_a_golden_bundle_verifies_and_keeps_its_id(name: str) -> None:
    """Nobody edited it, and this version of the program reads it whole."""
    verified = reprobundle.verify(GOLDEN / name)

    assert verified.id == IDS[name]
    assert verified.manifest.proof.status == "bitwise"
    assert verified.manifest.model.entry == "net:Net"


def test_the_newest_golden_bundle_fits_the_published_schema() -> None:
    """What people validate with is the schema, not this program."""
    content = (GOLDEN / "bundle-v1" / "manifest.json").read_bytes()
    jsonschema.validate(strict_json(content, name="manifest"), strict_json(SCHEMA.read_bytes(), name="schema"))

    assert digest_bytes(content) == IDS["bundle-v1"]


@pytest.mark.slow
def test_a_golden_bundle_still_gives_its_outputs(tmp_path: Path) -> None:
    """Replayed in today's environment it is at least close."""
    pytest.importorskip("torch")
    report = reprobundle.replay(
        GOLDEN / "bundle-v1", env="current", sandbox="none", require="close", report=tmp_path / "report"
    )

    assert report.verdict.reproduced, report.verdict.sentence
