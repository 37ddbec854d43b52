"""Where a report goes: never into the bundle it is about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drift_bundles import report_of
from reports import rich_report

from reprobundle import records, replaying, reporting, tensors
from reprobundle.clock import Clock
from reprobundle.errors import UsageError
from reprobundle.report import Report


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


def test_everything_that_was_found_is_kept(tmp_path: Path) -> None:
    """The report in each of its forms, and the arrays of other runs; of the same report the same bytes."""
    clock = Clock(stages=list(rich_report().stages))
    for name in ("one", "two"):
        reporting.keep(
            rich_report(), None, tmp_path / name, clock, drifts=[report_of()], beside={"probe": {"y": np.arange(3.0)}}
        )
    kept = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()}

    assert set(kept) == {"report.json", "report.html", "report.txt", "report.md", "badge.svg", "probe.safetensors"}
    assert records.from_bytes(Report, kept["report.json"], name="report.json") == rich_report()
    assert b"Data drift: split test" in kept["report.html"]
    assert tensors.read_arrays(tmp_path / "one" / "probe.safetensors")["y"].tolist() == [0.0, 1.0, 2.0]
    assert kept == {path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()}
