"""Where a report goes: never into the bundle it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprobundle import replaying, reporting
from reprobundle.errors import UsageError


@pytest.mark.parametrize(
    ("here", "expected"), [(".", "."), ("beside", "beside"), ("bundle", "."), ("bundle/code/deep", ".")]
)
def test_a_replay_inside_a_bundle_reports_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str, expected: str
) -> None:
    """Elsewhere the report lies in the current folder."""
    for name in ("bundle/code/deep", "beside"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / here)
    found = reporting.default_folder(tmp_path / "bundle")

    assert found.parent == (tmp_path / expected).resolve() / "bundle.replay"


@pytest.mark.parametrize("folder", ["bundle", "bundle/report", "beside/../bundle/a/b"])
def test_a_report_inside_the_bundle_is_refused_before_anything_is_read(tmp_path: Path, folder: str) -> None:
    """A file more would make the bundle invalid."""
    (tmp_path / "beside").mkdir()
    with pytest.raises(UsageError) as caught:
        replaying.replay(tmp_path / "bundle", report=tmp_path / folder)

    assert str(caught.value) == f"report folder {str(tmp_path / folder)!r} lies inside the bundle"
