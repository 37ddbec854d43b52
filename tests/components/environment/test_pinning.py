"""Hashes for pins: those of wheels alone, and the same whichever tool is asked."""

from __future__ import annotations

import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from reprobundle.components.environment.installers import Configuration, find_uv
from reprobundle.components.environment.lock import Pin, pin
from reprobundle.components.environment.locking import asking_uv, pinning
from reprobundle.components.environment.locking.asking import NoHashesError
from reprobundle.components.environment.locking.hashing import hashes_of

FOREIGN = "cp27-cp27m-win32"
FITTING = "py3-none-any"
REAL = ("bagit==1.9.0", "pytz==2016.10", "numpy==2.2.0", "xxhash==3.5.0", "docopt==0.6.2")
PYLOCK = """
lock-version = "1.0"
[[packages]]
name = "both"
version = "1"
sdist = {{ upload-time = {time}, url = "https://x/both-1.tar.gz", hashes = {{ sha256 = "ab" }} }}
wheels = [{{ url = "https://x/both-1%2Bcpu-py3-none-any.whl", hashes = {{ sha256 = "cd" }} }}]
[[packages]]
name = "source"
version = "1"
sdist = {{ upload-time = {time}, url = "https://x/source-1.tar.gz", hashes = {{ sha256 = "ef" }} }}
[[packages]]
name = "foreign"
version = "1"
wheels = [{{ name = "foreign-1-cp27-cp27m-win32.whl", url = "https://x/0" }}]
[[packages]]
name = "wheel"
version = "1"
wheels = [{{ path = "wheel-1-py3-none-any.whl", hashes = {{ sha256 = "12" }} }}]
"""
reads_pylock = pytest.mark.skipif(sys.version_info < (3, 11), reason="uv's answer is read by Python 3.11 and later")


def release(index: Path, name: str, *tags: str, source: bool = True) -> dict[str, str]:
    """One release on an index of files; the hash of each of its wheels by tag."""
    folder = index / name
    folder.mkdir(parents=True)
    if source:
        with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz"):
            pass
    for tag in tags:
        with zipfile.ZipFile(folder / f"{name}-1.0-{tag}.whl", "w") as wheel:
            metadata = f"{name}-1.0.dist-info"
            wheel.writestr(f"{metadata}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{metadata}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
            wheel.writestr(f"{metadata}/RECORD", "")
    files = sorted(folder.iterdir())
    hashes = hashes_of(files)
    links = [f'<a href="{file.name}#{hashes[file.name].replace(":", "=")}">{file.name}</a>' for file in files]
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{'<br>'.join(links)}</body></html>")
    return {tag: hashes[f"{name}-1.0-{tag}.whl"] for tag in tags}


def use(monkeypatch: pytest.MonkeyPatch, *, uv: bool) -> None:
    """Have one of the two tools asked; the one that is not installed skips the test."""
    found = find_uv()
    if uv and found is None:
        pytest.skip("uv is not installed")
    monkeypatch.setattr(pinning, "find_uv", lambda: found if uv else None)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one place where pip looks: an empty index of files."""
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {(tmp_path / 'index').as_uri()}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "index"


@pytest.mark.slow
@pytest.mark.parametrize("uv", [False, True], ids=["pip-tools", "uv"])
def test_only_wheels_are_hashed_and_what_has_none_that_fits_is_dropped(
    index: Path, monkeypatch: pytest.MonkeyPatch, *, uv: bool
) -> None:
    """Both tools end in the same pins: every wheel of a release with one that fits, and nothing of the others."""
    use(monkeypatch, uv=uv)
    hashes = {
        "alone": release(index, "alone", FITTING, source=False),
        "both": release(index, "both", FITTING, FOREIGN),
    }
    release(index, "foreign", FOREIGN)
    release(index, "source")
    pins = [pin(name, "1.0") for name in ("source", "both", "foreign", "alone")]
    found = pinning.with_hashes(pins, droppable=frozenset({"source", "foreign"}), deadline=time.monotonic() + 120)

    assert found.why is None
    assert found.by == ("uv" if uv and sys.version_info >= (3, 11) else "pip-tools")
    assert {one.name: one.hashes for one in found.pins} == {
        name: tuple(sorted(by_tag.values())) for name, by_tag in hashes.items()
    }
    assert [one.requirement for one in found.dropped] == ["foreign==1.0", "source==1.0"]


@pytest.mark.slow
@pytest.mark.parametrize("uv", [False, True], ids=["pip-tools", "uv"])
def test_what_cannot_be_dropped_leaves_the_lock_without_hashes(
    index: Path, monkeypatch: pytest.MonkeyPatch, *, uv: bool
) -> None:
    """A release without a wheel that cannot be packed either is named, as one is that no index knows."""
    use(monkeypatch, uv=uv)
    release(index, "alone", FITTING)
    release(index, "source")
    pins = (pin("alone", "1.0"), pin("source", "1.0"))
    found = pinning.with_hashes(pins, droppable=frozenset({"alone"}), deadline=time.monotonic() + 120)

    assert (found.pins, found.by, found.dropped) == (pins, "none", ())
    assert found.why == "no package index in use offers a wheel of source==1.0 that fits this machine"


READS = sys.version_info >= (3, 11)


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (Configuration(index_url="https://x"), READS),
        (Configuration(extra_index_urls=("https://x",)), READS),
        (Configuration(find_links=("/",)), READS),
        (Configuration(find_links=("https://x/page.html",)), False),
        (Configuration(find_links=("/nowhere/at/all",)), False),
        (Configuration(no_index=True), False),
    ],
)
def test_uv_is_asked_where_its_places_can_be_told_apart(configuration: Configuration, *, expected: bool) -> None:
    """A page of archives cannot be told apart from the indexes, so that a lock would depend on the tool."""
    assert asking_uv.can_tell(configuration) is expected


@reads_pylock
@pytest.mark.parametrize(
    ("year", "expected"),
    [("2024-01-01T00:00:00Z", {"both": {"sha256:ab"}, "wheel": set()}), ("2016-01-01T00:00:00Z", {"wheel": set()})],
)
def test_uv_vouches_for_releases_with_a_wheel_that_fits(year: str, expected: dict[str, set[str]]) -> None:
    """Of an old release uv may name one source archive among several; pip-compile is asked for that one."""
    found = asking_uv._fitting(PYLOCK.format(time=year).encode())

    assert {name: one.sources for name, one in found.items()} == expected
    assert found["wheel"].files == {"sha256:12": "wheel-1-py3-none-any.whl"}


@reads_pylock
@pytest.mark.parametrize("content", [b"", b"packages = 3", b"packages = [3]", b"[[packages]]\nwheels = 1", b"\xff"])
def test_an_answer_of_another_form_is_told(content: bytes) -> None:
    """pip-compile is asked when uv changes what it writes."""
    with pytest.raises(NoHashesError, match=r"^uv wrote a lock of another form$"):
        asking_uv._fitting(content)


@pytest.mark.slow
@pytest.mark.network
def test_both_tools_find_the_same_hashes_on_the_real_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real releases: source alone, several sources beside a wheel, many wheels."""
    (tmp_path / "pip.conf").write_text("")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    pins = [pin(*text.split("==")) for text in REAL]
    answers: list[tuple[tuple[Pin, ...], tuple[Pin, ...]]] = []
    for uv in (False, True):
        use(monkeypatch, uv=uv)
        found = pinning.with_hashes(pins, droppable=frozenset({"bagit", "docopt"}), deadline=time.monotonic() + 120)
        answers.append((found.pins, found.dropped))

    assert answers[0] == answers[1]
    assert [one.requirement for one in answers[0][1]] == ["bagit==1.9.0", "docopt==0.6.2"]
    assert [len(one.hashes) for one in answers[0][0] if one.name == "pytz"] == [1]
