"""What a capture tells a person: what was packed, and why it had to be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_manifest

from reprobundle.components.environment.section import (
    Distribution,
    Edited,
    Interpreter,
    Origin,
    OriginKind,
    Platform,
    Section,
)
from reprobundle.components.outputs.section import Calibration, Variant
from reprobundle.manifest import NAME
from reprobundle.report import Finding, StageTime, Status
from reprobundle.telling import (
    Told,
    card_words,
    describe,
    files_words,
    headline,
    packed_words,
    steady_words,
)


def distribution(name: str, kind: OriginKind = "index", **more: Any) -> Distribution:
    """One installed distribution."""
    origin = Origin(kind=kind, commit=more.pop("commit", None))
    return Distribution(name=name, version="1", origin=origin, imported=True, **more)


def section(*packed: str) -> Section:
    """A recorded environment with wheels of some of what is installed."""
    return Section(
        interpreter=Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
        platform=Platform(system="Linux", machine="x86_64", libc="glibc 2.36"),
        distributions=(
            distribution("git-scale", "vcs", commit="c4392fe0" * 5),
            distribution("helper", "editable"),
            distribution("tabulate", edited=Edited(count=1, paths=("tabulate.py",))),
            distribution("torch"),
        ),
        numerics={},
        lock=None,
        wheels=tuple(f"environment/wheels/{name}-1-py3-none-any.whl" for name in packed),
    )


OWN = "git-scale (git c4392fe), helper (editable), tabulate (edited since it was installed)"


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        ((), ()),
        (("helper",), ("1 package packed into the bundle, which no index has: helper (editable)",)),
        (
            ("git_scale", "helper", "tabulate"),
            (f"3 packages packed into the bundle, which no index has: {OWN}",),
        ),
        (
            ("git_scale", "helper", "tabulate", "torch"),
            (f"4 packages packed into the bundle, among them: {OWN}",),
        ),
        (("torch",), ("1 package packed into the bundle, as no index has a wheel of it, or as asked: torch (index)",)),
    ],
)
def test_what_was_packed_is_told_with_its_reason(packed: tuple[str, ...], told: tuple[str, ...]) -> None:
    """A person sees at once which of their packages travel because nobody else has them."""
    assert packed_words(section(*packed)) == told


def test_a_split_that_is_left_out_is_told_first() -> None:
    """Whoever trained on data that is not recorded sees it beside the other data, and before all other notes."""
    manifest = tiny_manifest()
    lost = Finding(
        kind="data", status=Status.NOTE, message="data split 'valid': is left out: no file or folder 'v.csv'"
    )
    other = Finding(kind="code", status=Status.NOTE, message="something else")
    recorded = manifest.data.model_copy(update={"left_out": ("valid",)})
    changed = manifest.model_copy(update={"data": recorded, "notes": (other, lost)})
    told = describe(Path("/b"), "0" * 32, changed, colour=False, width=100)

    assert "LEFT OUT: 'valid'" in told
    assert told.index("'valid': is LEFT OUT: no file or folder 'v.csv'") < told.index("something else")


def measured(word: str, **more: Any) -> Calibration:
    """What was measured: one run that moved, and half of the rows, which moved further."""
    ran = (
        Variant(name="float64", status="ran", distances={"y": 2e-6}, bitwise=False),
        Variant(name="half of the batch", status="ran", distances={"y": 0.4}, bitwise=False),
    )
    return Calibration(variants=ran, steadiness=word, **more)


def test_how_steady_the_outputs_are_is_told_in_two_lines() -> None:
    """Rows count only where they are a batch; whether the check can fail stands below."""
    assert steady_words(measured("bitwise", batched=False, sensitive=True)) == (
        "the same again, bit for bit, in 2 runs that each changed one thing; moved by at most 2e-06 of their size, with "
        "float64",
        "other weights give other outputs",
    )
    assert steady_words(measured("bitwise", batched=True))[0].endswith("0.4 of their size, with half of the batch")


def test_what_is_not_steady_or_not_sensitive_is_loud() -> None:
    """A person sees it without reading the notes."""
    assert steady_words(measured("random", sensitive=False)) == (
        "DRAWN AT RANDOM: another seed gives others, in 2 runs that each changed one thing",
        "OTHER WEIGHTS GIVE THE SAME",
    )


def test_without_a_calibration_nothing_is_told() -> None:
    """A capture that was given no time."""
    assert steady_words(None) == steady_words(Calibration()) == ()


def test_what_a_killed_capture_left_is_named(tmp_path: Path) -> None:
    """With the command that removes it, on a line of its own."""
    (tmp_path / ".a.partial-0123abcd").mkdir()
    said = describe(tmp_path / "b", "0" * 32, tiny_manifest(), colour=False, width=100)

    assert f"\n  rm -r {tmp_path / '.a.partial-0123abcd'}\n" in said


def test_how_far_the_card_is_answered_is_told(tmp_path: Path) -> None:
    """The card's line counts as the card itself does, and names what tells more."""
    answered, more = card_words(tmp_path / "b", tiny_manifest())

    assert answered == "40 of 42 questions of the card are answered"
    assert more == f"what is open or contradicts: reprobundle lint {tmp_path / 'b'}"


def test_the_first_line_says_that_no_replay_will_have_it(tmp_path: Path) -> None:
    """And the last ones how long it took, without what took no time."""
    proven = tiny_manifest()
    stages = (StageTime(name="lock", seconds=5.2, detail=""), StageTime(name="seal", seconds=0.01, detail=""))
    found = Told("the outputs do not depend on the weights", (), stages)
    shown = describe(tmp_path, "0" * 32, proven, found=found, colour=False, width=100)

    assert shown.startswith(f"{headline(proven, found)}\n")
    assert headline(proven, Told()) == "CAPTURED"
    assert headline(proven, found) == (
        "CAPTURED, BUT NO REPLAY WILL CALL IT REPRODUCED: the outputs do not depend on the weights"
    )
    assert "\ntime         5.2 s in all: lock 5.2 s\n" in shown


@pytest.mark.parametrize(
    ("paths", "told"),
    [
        (("a", "b", NAME, "signatures/me.sigstore.json"), "2 files, the manifest, 1 signature"),
        (("a", NAME), "1 file, the manifest"),
        (("signatures/a.sigstore.json", "signatures/b.sigstore.json"), "2 signatures"),
        ((), "0 files"),
    ],
)
def test_files_are_counted_as_the_manifest_lists_them(paths: tuple[str, ...], told: str) -> None:
    """The manifest and signatures are none of a bundle's files, wherever they are counted."""
    assert files_words(paths) == told
