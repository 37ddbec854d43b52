"""The lock for other platforms: what was imported, what that needs everywhere, and nothing that one platform needs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from reprobundle.components.environment.locking.portable import needed, write_portable
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.interface import Stage
from reprobundle.store import Writer

HERE = Path()


def one(name: str, *requires: str, version: str = "1.0", imported: bool = False, requested: bool = False) -> Installed:
    """An installed distribution that requires others."""
    return Installed(
        name=name, version=version, site=HERE, metadata=HERE, origin="index", imported=imported, requested=requested,
        requires=requires,
    )  # fmt: skip


def by_name(*found: Installed) -> Mapping[str, Installed]:
    """What is installed."""
    return {one.name: one for one in found}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An empty bundle."""
    return Stage(writer=Writer(tmp_path))


def written(stage: Stage) -> str:
    """The lock for other platforms."""
    return (stage.root / "environment" / "requirements.portable.txt").read_text()


def test_what_was_imported_and_what_it_needs_is_named() -> None:
    """What was installed beside and never used is not; a chain of requirements is followed to its end."""
    found = by_name(
        one("model", "first>=1", imported=True), one("first", "Second_Part"), one("second-part"), one("other")
    )

    assert needed(found) == ("first", "model", "second-part")


def test_what_a_replay_needs_is_named_without_being_imported() -> None:
    """The worker reads and writes tensors with it; where it is not installed, nothing can be named."""
    found = by_name(one("model", imported=True), one("safetensors"), one("xxhash"), one("numpy"))

    assert needed(found) == ("model", "numpy", "safetensors", "xxhash")


@pytest.mark.parametrize(
    "marker",
    [
        'sys_platform == "linux"',
        'platform_system == "Linux" and platform_machine == "x86_64"',
        'os_name == "posix"',
        'platform_python_implementation == "CPython"',
        'extra == "cuda" and sys_platform == "linux"',
    ],
)
def test_what_one_platform_needs_is_left_to_the_other_platform(marker: str) -> None:
    """Even if it was imported here: torch imports triton, which no machine without CUDA has."""
    found = by_name(one("torch", f"triton; {marker}", imported=True), one("triton", imported=True))

    assert needed(found) == ("torch",)


def test_what_a_person_asked_for_stays() -> None:
    """Somebody's own requirement counts more than that another library needs it on some platforms."""
    found = by_name(
        one("torch", 'triton; sys_platform == "linux"', imported=True), one("triton", imported=True, requested=True)
    )

    assert needed(found) == ("torch", "triton")


def test_a_word_in_quotes_is_no_variable() -> None:
    """A marker that compares with the name of a platform variable says nothing of the platform."""
    found = by_name(one("model", 'part; extra != "sys_platform"', imported=True), one("part"))

    assert needed(found) == ("model", "part")


def test_extras_are_honoured_where_they_were_asked_for() -> None:
    """What an extra needs is needed only by who asked for it, also when it is asked for late."""
    parts = (one("web", "tls; extra == 'secure'", "core"), one("core"), one("tls"))

    assert needed(by_name(one("model", "web", imported=True), *parts)) == ("core", "model", "web")
    assert needed(by_name(one("model", "web", "more", imported=True), one("more", "web[secure]"), *parts)) == (
        "core", "model", "more", "tls", "web",
    )  # fmt: skip


def test_markers_of_the_python_are_evaluated() -> None:
    """A replay on another platform has the same Python."""
    found = by_name(
        one("model", 'old; python_version < "3"', 'new; python_version >= "3"', imported=True), one("old"), one("new")
    )

    assert needed(found) == ("model", "new")


def test_a_version_that_somebody_forbids_is_left_out_unless_it_was_imported() -> None:
    """An installer that looks at requirements could not install both; what was imported is what the model ran with."""
    found = by_name(one("model", "pulled>=2", "used>=2", imported=True), one("pulled"), one("used", imported=True))

    assert needed(found) == ("model", "used")


def test_requirements_that_break_the_standard_are_passed_over() -> None:
    """Old releases hold some."""
    assert needed(by_name(one("model", "part (>=1", "=", imported=True), one("part"))) == ("model",)


def test_nothing_imported_gives_no_lock(stage: Stage) -> None:
    """There is nothing another platform would have to install."""
    assert write_portable([one("other"), one("numpy")], {}, frozenset(), stage) is False
    assert not (stage.root / "environment").exists()


def test_versions_are_public_and_without_hashes(stage: Stage) -> None:
    """A label names one build for one platform; an own wheel keeps its label, for it is that file."""
    found = [one("torch", version="2.13.0+cpu", imported=True), one("mine", version="1.0+lab", imported=True)]

    assert write_portable(found, {"mine": "mine-1.0+lab-py3-none-any.whl"}, frozenset(), stage)
    assert written(stage) == "mine==1.0+lab\ntorch==2.13.0\n"
    assert stage.notes == []


def test_what_no_other_platform_can_install_is_left_out_and_noted(stage: Stage) -> None:
    """A wheel of pure Python serves everywhere; another does not, and what could not be packed is nowhere to be had."""
    found = [one(name, imported=True) for name in ("gone", "native", "numpy", "pure")]
    own = {"native": "native-1.0-cp311-cp311-linux_x86_64.whl", "pure": "pure-1.0-py2.py3-none-any.whl"}

    assert write_portable(found, own, frozenset({"gone"}), stage)
    assert written(stage) == "numpy==1.0\npure==1.0\n"
    assert [note.message for note in stage.notes] == [
        "gone 1.0 is not in the lock for other platforms: no index offers it, and no wheel of it was made",
        "native 1.0 is not in the lock for other platforms: no index offers it, and its wheel fits this platform only",
    ]
