"""What an index answers that is no list of packages: one clear line each, and never a word of what a tool printed."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wheelhouse import Index, lock_of, make_wheel, serving

from reprobundle.components.environment.installers import Configuration, default_index, find_uv
from reprobundle.components.environment.lock import Pin, pin, read_lock
from reprobundle.components.environment.locking import asking, asking_uv, pinning

PINS = (pin("alone", "1.0"), pin("thing", "1.0"))
UNKNOWN = "no package index in use offers thing==1.0"
GARBAGE = "a package index answered with something that is no list of packages"
JSON = "application/vnd.pypi.simple.v1+json"
ANSWERS = {
    "not there": (404, "text/plain", b"nothing here", UNKNOWN),
    "not there, as some clouds say it": (403, "text/plain", b"no", UNKNOWN),
    "no links": (200, "text/html", b"<html>hello</html>", UNKNOWN),
    "cut off": (200, JSON, b'{"files": [', GARBAGE),
    "a picture": (200, "image/png", b"\x89PNG", GARBAGE),
    "broken": (503, "text/plain", b"no", "a package index failed to answer"),
    "closed": (
        401,
        "text/plain",
        b"no",
        "a package index refuses to answer: it asks for credentials, or refused those it was given",
    ),
}
reads_pylock = pytest.mark.skipif(sys.version_info < (3, 11), reason="uv's answer is read by Python 3.11 and later")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The one place where pip and uv look: an index on loopback with two packages."""
    for name in ("alone", "thing"):
        make_wheel(tmp_path / "offered", name)
    with serving(tmp_path / "offered") as served:
        (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {served.address}\n")
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
        for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        yield served


def found(*, uv: bool, monkeypatch: pytest.MonkeyPatch) -> pinning.Pinned:
    """The pins, as one of the two tools finds them; the one that is not installed skips the test."""
    tool = find_uv()
    if uv and tool is None:
        pytest.skip("uv is not installed")
    monkeypatch.setattr(pinning, "find_uv", lambda: tool if uv else None)
    return pinning.with_hashes(PINS, droppable=frozenset(), deadline=time.monotonic() + 60)


@pytest.mark.slow
@pytest.mark.parametrize("case", ANSWERS)
def test_a_bad_answer_is_one_clear_line(index: Index, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Pins stay without hashes and say why, without the address that was asked."""
    status, kind, body, expected = ANSWERS[case]
    index.answers["/simple/thing/"] = (status, kind, body)
    pinned = found(uv=False, monkeypatch=monkeypatch)

    assert (pinned.pins, pinned.by, pinned.why) == (PINS, "none", expected)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["not there", "cut off"])
def test_uv_leads_to_the_same_line(index: Index, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """Whichever tool is there, a person reads the same."""
    status, kind, body, expected = ANSWERS[case]
    index.answers["/simple/thing/"] = (status, kind, body)

    assert found(uv=True, monkeypatch=monkeypatch).why == expected


@pytest.mark.slow
@pytest.mark.parametrize("uv", [False, True], ids=["pip-tools", "uv"])
def test_a_yanked_release_is_pinned_and_told(index: Index, monkeypatch: pytest.MonkeyPatch, *, uv: bool) -> None:
    """What was installed is what is locked; that its index advises against it is for the person to know."""
    index.yanked.add("thing-1.0-py3-none-any.whl")
    pinned = found(uv=uv, monkeypatch=monkeypatch)

    assert pinned.why is None
    assert pinned.yanked == ("thing",)
    assert pinned.pins == read_lock(lock_of(*index.folder.glob("*.whl")))


@pytest.mark.slow
def test_an_index_that_is_not_there_is_told(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster without a network gives pins without hashes."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    pinned = found(uv=False, monkeypatch=monkeypatch)

    assert pinned.why == "no package index was reached"


def test_without_room_for_temporary_files_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine stops a capture."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))

    with pytest.raises(asking.NoHashesError, match=r"^no temporary file could be written: No such file or directory$"):
        asking.ask("tool", [sys.executable], PINS, deadline=time.monotonic() + 10, variables={})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OSError: [Errno 28] No space left on device: '/home/me/x'", "the disk is full"),
        ("error: Failed to write\n  Caused by: No space left on device (os error 28)", "the disk is full"),
        ("Temporary failure in\nname resolution", "no package index was reached"),
        ("HTTP error 500 Server Error: oh", "a package index failed to answer"),
        ("something else", None),
    ],
)
def test_what_a_tool_printed_is_put_in_our_words(text: str, expected: str | None) -> None:
    """It may name addresses, folders and persons."""
    assert asking.reason(text) == expected


@pytest.mark.slow
@reads_pylock
def test_what_several_places_offer_is_joined_and_the_same_from_both_tools(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip takes the archives of all places together; uv is asked with each of them first, and folders are left to pip."""
    other, folder = tmp_path / "other", tmp_path / "folder"
    make_wheel(other, "thing", files={"thing.py": "another build"})
    make_wheel(folder, "alone", files={"alone.py": "a third build"})
    with serving(other) as extra:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", extra.address)
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        by_pip, by_uv = (found(uv=uv, monkeypatch=monkeypatch) for uv in (False, True))

    assert (by_pip.by, by_uv.by) == ("pip-tools", "uv")
    assert by_pip.pins == by_uv.pins
    assert by_pip.files == by_uv.files
    assert {one.name: len(one.hashes) for one in by_uv.pins} == {"alone": 2, "thing": 2}


def test_only_what_may_lie_in_a_second_place_is_asked_for_again() -> None:
    """uv says where it took a pin from: the places before that one offer nothing of it."""
    lock = b"a==1 \\\n    --hash=sha256:00\n    # from https://one/simple\nb==1\n    # from https://two/simple/\n"

    assert asking_uv.taken_from(
        lock, [Pin("a", "1"), Pin("b", "1")], ["https://two/simple", "https://one/simple/"]
    ) == {
        "a": "https://one/simple/",
        "b": "https://two/simple",
    }


def test_a_pin_from_nowhere_is_not_believed() -> None:
    """Where uv has changed what it writes, pip-compile is asked."""
    with pytest.raises(asking.NoHashesError, match=r"^uv did not say where it found what$"):
        asking_uv.taken_from(b"a==1\n    # from https://three\n", [Pin("a", "1")], ["https://two", "https://one"])


def test_passwords_are_no_part_of_what_places_are_compared_by(tmp_path: Path) -> None:
    """uv prints addresses without them."""
    configuration = Configuration(index_url="https://me:secret@one/simple", extra_index_urls=("https://two/simple",))
    inquiry = asking_uv._Inquiry(tmp_path, configuration, 0.0)

    assert inquiry.places == ("https://two/simple", "https://one/simple")
    assert (
        inquiry._variables(inquiry.order("https://one/simple"))["UV_EXTRA_INDEX_URL"] == "https://me:secret@one/simple"
    )


def test_a_further_index_stands_before_the_one_that_pip_asks_anyway(tmp_path: Path) -> None:
    """Where only further indexes are configured, the main one is pip's own default."""
    inquiry = asking_uv._Inquiry(tmp_path, Configuration(extra_index_urls=("https://two/simple",)), 0.0)

    assert inquiry.places == ("https://two/simple", default_index())


def test_without_a_known_main_index_uv_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock made from a part of the indexes would depend on the tool, so pip-compile is left to tell."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    inquiry = asking_uv._Inquiry(tmp_path, Configuration(extra_index_urls=("https://two/simple",)), 0.0)

    with pytest.raises(asking.NoHashesError, match=r"^pip does not say which index it asks$"):
        _ = inquiry.places


@pytest.mark.slow
def test_one_index_of_several_that_is_not_there_is_told(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the others do not offer may well be there; what they offer is found."""
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "http://127.0.0.1:9/simple")
    complete = found(uv=False, monkeypatch=monkeypatch)
    (index.folder / "thing-1.0-py3-none-any.whl").unlink()
    pinned = found(uv=False, monkeypatch=monkeypatch)

    assert complete.why is None
    assert pinned.why == "one of the package indexes was not reached"
