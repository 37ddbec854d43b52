"""How much memory there is, as the system says it."""

from __future__ import annotations

from reprobundle import memory


def test_what_is_free_is_a_part_of_what_there_is() -> None:
    """Some mebibytes at least, or this test would not run."""
    free, total = memory.host_bytes(), memory.total_bytes()

    assert free is not None
    assert total is not None
    assert 2**20 < free <= total


def test_pages_of_files_are_not_in_use(tmp_path) -> None:
    """They count as used in a control group, and are given up for whoever needs memory."""
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 400\nactive_file 100\nfile 550\n")

    assert memory._limit(tmp_path) - memory._used(tmp_path) == 600


def test_a_group_without_a_limit(tmp_path) -> None:
    """It allows more than any machine has."""
    (tmp_path / "memory.max").write_text("max\n")

    assert memory._limit(tmp_path) - memory._used(tmp_path) > 2**60
