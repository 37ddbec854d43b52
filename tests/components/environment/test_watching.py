"""How far a long step has come, told in one line that changes only when there is news."""

from __future__ import annotations

from pathlib import Path

from reprobundle.components.environment.rebuilding.watching import (
    Passing,
    Unpacked,
    installed,
    told,
    watch,
    wheels_below,
)


def test_a_line_is_said_only_when_it_is_new() -> None:
    """Nothing while there is nothing to tell, and no line twice; each may be written over by the next."""
    lines = iter(["", "fetched 1 of 2 packages", "fetched 1 of 2 packages", "fetched 2 of 2 packages"])
    said: list[str] = []
    look = watch(said.append, lambda: next(lines))
    for _ in range(4):
        look()

    assert said == ["fetched 1 of 2 packages", "fetched 2 of 2 packages"]
    assert all(isinstance(line, Passing) for line in said)


def test_numbers_are_told_as_a_person_says_them() -> None:
    """Packages of how many, where that is known, and megabytes once there is one."""
    assert told("fetched", 0, 36) == ""
    assert told("fetched", 12, 36, 190_400_000) == "fetched 12 of 36 packages, 190 MB"
    assert told("installed", 3, None) == "installed 3 packages"


def test_what_installers_leave_is_counted(tmp_path: Path) -> None:
    """Metadata folders, wheels on their way, and what uv unpacks since the start; folders that are not there count as none."""
    cache = tmp_path / "cache"
    (cache / "archive-v0" / "old").mkdir(parents=True)
    unpacked = Unpacked(cache)
    new = cache / "archive-v0" / "new"
    new.mkdir()
    (new / "a.py").write_bytes(b"x" * 10)
    under_way = cache / ".tmpAB"
    under_way.mkdir()
    (under_way / "b").write_bytes(b"x" * 5)
    (tmp_path / "site" / "a-1.dist-info").mkdir(parents=True)
    (tmp_path / "pip" / "unpack").mkdir(parents=True)
    (tmp_path / "pip" / "unpack" / "a.whl").write_bytes(b"xyz")

    assert (unpacked.look(), unpacked.count) == (15, 1)
    assert (installed(tmp_path / "site"), installed(tmp_path / "missing")) == (1, 0)
    assert wheels_below(tmp_path / "pip") == (1, 3)
    assert Unpacked(tmp_path / "missing").look() == 0
