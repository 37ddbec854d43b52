"""This program's own wheel is packed from its folder, and is the one that its back end would build."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reprobundle.components.environment.locking import kept_own, own_program, projects, wheels
from reprobundle.components.environment.snapshot import distributions
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.secrecy import Gate

pytestmark = pytest.mark.slow
SAYS_MORE = ("METADATA", "RECORD")  # of the project's README, which may have been written since it was installed


@pytest.fixture(scope="module")
def own() -> Installed:
    """This program as it is installed here."""
    found = next(one for one in distributions.survey(conda=()).found if one.name == own_program.PROGRAM)
    if found.origin != "editable" or found.folder != own_program.PACKAGE.parent:
        pytest.skip("it is not installed as editable from the folder that runs")
    return found


def _content(wheel: Path) -> dict[str, tuple[bytes, int]]:
    with zipfile.ZipFile(wheel) as archive:
        return {one.filename: (archive.read(one), one.external_attr) for one in archive.infolist()
                if not one.filename.endswith(SAYS_MORE)}  # fmt: skip


def test_it_is_what_its_back_end_builds(own: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File by file, with the same modes, under the same name; nothing is left out by name of either."""
    monkeypatch.setenv(kept_own.OFF, "1")
    for name in ("packed", "built", "source"):
        (tmp_path / name).mkdir()
    made = wheels.vendor(own, tmp_path / "packed", deadline=0.0)
    without = projects.build(own, tmp_path / "source" / "copy", tmp_path / "built", time.monotonic() + 300)
    (built,) = (tmp_path / "built").glob("*.whl")
    packed, expected = _content(made.wheel), _content(built)

    assert (made.wheel.name, made.without) == (built.name, ())
    assert not [path for path in without if path.startswith("reprobundle/")]
    assert {path: content for path, (content, _) in packed.items()} == {
        path: content for path, (content, _) in expected.items()
    }
    assert {path: mode >> 16 & 0o777 for path, (_, mode) in packed.items()} == {
        path: 0o755 if mode >> 16 & 0o100 else 0o644 for path, (_, mode) in expected.items()
    }


def test_two_wheels_of_it_are_the_same_bytes_and_keep_to_what_is_withheld(
    own: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever they are made; a private split that lies in the package stays out."""
    monkeypatch.setenv(kept_own.OFF, "1")
    made = []
    for name, withheld in (("a", ()), ("b", ()), ("c", (own_program.PACKAGE / "demo",))):
        (tmp_path / name).mkdir()
        made.append(wheels.vendor(own, tmp_path / name, deadline=0.0, withheld=withheld).wheel)

    assert made[0].read_bytes() == made[1].read_bytes()
    assert "reprobundle/demo/__init__.py" in _content(made[0])
    assert not [path for path in _content(made[2]) if path.startswith("reprobundle/demo/")]


def test_another_folder_of_that_name_is_built_as_any_other(own: Installed, tmp_path: Path) -> None:
    """Only the folder that runs is known to be what is installed."""
    assert own_program.is_own(own)
    assert not own_program.is_own(replace(own, folder=tmp_path))
    assert not own_program.is_own(replace(own, origin="local"))
    assert not own_program.is_own(replace(own, name="other"))


def _make(own: Installed, folder: Path, **options: Any) -> Path:
    folder.mkdir()
    return wheels.vendor(own, folder, deadline=0.0, **options).wheel


@pytest.fixture(scope="module")
def kept(own: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the files that were searched are kept, in a cache of its own; what was made of them lies beside the cache."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(kept_own.FOLDER, str(folder / "cache"))
        _make(own, folder / "first")
        (place,) = (folder / "cache" / "own").iterdir()
        yield place


class _Counting(Gate):
    """A gate that counts how often it is asked."""

    asked = 0

    def search(self, *arguments: Any, **options: Any) -> Any:
        """Count, and look."""
        self.asked += 1
        return super().search(*arguments, **options)


def test_the_files_of_an_unchanged_program_are_not_searched_again(own: Installed, kept: Path, tmp_path: Path) -> None:
    """The wheel is packed of them as it was the first time, and what is kept stays as it is."""
    before, gate = kept.stat(), _Counting()
    made = _make(own, tmp_path / "second", gate=gate)

    assert gate.asked == 0
    assert made.read_bytes() == (kept.parents[2] / "first" / "made" / made.name).read_bytes()
    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_whatever_stands_in_the_cache_gets_into_no_wheel(own: Installed, kept: Path, tmp_path: Path) -> None:
    """Bytes that are not those of the files cost a search, and are replaced."""
    whole = kept.read_bytes()
    first = (kept.parents[2] / "first" / "made").glob("*.whl")
    expected = next(first).read_bytes()
    for number, content in enumerate(
        (b"", whole[:-1], whole + b"more", whole.replace(b"\0644\0", b"\0755\0", 1), expected)
    ):
        kept.write_bytes(content)
        gate = _Counting()
        made = _make(own, tmp_path / str(number), gate=gate)

        assert (gate.asked > 0, made.read_bytes(), kept.read_bytes()) == (True, expected, whole)


def test_files_of_another_wheel_are_not_taken_for_these(own: Installed, kept: Path, tmp_path: Path) -> None:
    """What is withheld is in no wheel, and what is kept then is not taken for the whole."""
    whole = kept.read_bytes()
    less = _make(own, tmp_path / "less", withheld=(own_program.PACKAGE / "demo",))

    assert not [path for path in _content(less) if path.startswith("reprobundle/demo/")]
    assert kept.read_bytes() != whole
    assert "reprobundle/demo/__init__.py" in _content(_make(own, tmp_path / "whole"))
    assert kept.read_bytes() == whole


FIRST, SECOND = kept_own.File(b"one", 0o644), kept_own.File(b"two", 0o644)
FILES = {"a.py": FIRST, "b.py": SECOND}


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": FIRST, "b.py": FIRST},
        {"a.py": FIRST, "b.py": kept_own.File(b"two", 0o755)},
        {**FILES, "c.py": FIRST},
        {"a.py": FIRST},
        {"a.py": FIRST, "c.py": SECOND},
        {"a.py": kept_own.File(b"oneb.py\000644\0003\0two", 0o644)},
        {},
    ],
)
def test_each_byte_name_and_mode_of_the_files_counts(tmp_path: Path, files: dict[str, kept_own.File]) -> None:
    """Of all files as they are packed now, nothing may differ from what was searched."""
    kept_own.keep(tmp_path / "kept", FILES)

    assert kept_own.are_kept(tmp_path / "kept", dict(reversed(FILES.items())))
    assert not kept_own.are_kept(tmp_path / "kept", files)


def test_what_is_kept_counts_only_where_nobody_else_can_write_it(tmp_path: Path) -> None:
    """Open to others, a link or not there, it is as good as none, and nothing is raised."""
    place, elsewhere = tmp_path / "kept", tmp_path / "elsewhere"
    kept_own.keep(place, FILES)
    place.chmod(0o666)

    assert not kept_own.are_kept(place, FILES)
    place.replace(elsewhere)
    elsewhere.chmod(0o600)
    assert not kept_own.are_kept(place, {})
    place.symlink_to(elsewhere)
    assert kept_own.are_kept(elsewhere, FILES)
    assert not kept_own.are_kept(place, FILES)


def test_files_are_searched_where_other_rules_count(own: Installed, kept: Path, tmp_path: Path) -> None:
    """What is kept says that nothing was met by this program's own rules."""
    inode, gate = kept.stat().st_ino, _Counting(further=[lambda _: ()])
    _make(own, tmp_path / "further", gate=gate)

    assert gate.asked > 0
    assert kept.stat().st_ino == inode
