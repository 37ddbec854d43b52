from __future__ import annotations

import json

import pytest
from reports import bitwise_report, different_report

from reprobundle import cli, demo


@pytest.mark.parametrize(("report", "code"), [(bitwise_report(), 0), (different_report(), 1)])
def test_the_demo_ends_in_the_verdict(report, code, tmp_path, monkeypatch, capsys):
    """Training, bundle, report: where each is, and the verdict as the exit code."""
    shown = demo.Shown(tmp_path / "bundle", tmp_path / "report", report, "accuracy 97.8 % after 9 s")
    monkeypatch.setattr(demo, "run", lambda folder, say: shown)

    assert cli.main(["demo", "--folder", str(tmp_path / "new")]) == code
    printed = capsys.readouterr().out
    assert printed.startswith(f"trained      accuracy 97.8 % after 9 s\nbundle       {tmp_path / 'bundle'}\n\n")
    assert printed.endswith(f"report       {tmp_path / 'report' / 'report.html'}\n")
    assert cli.main(["demo", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["bundle_name"] == "digits"
    assert cli.main(["demo", "--quiet"]) == code
    assert capsys.readouterr().out == ""


def test_the_demo_refuses_a_folder_that_exists(tmp_path, capsys):
    """Nothing of the person's is overwritten."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    code = cli.main(["demo", "--folder", str(tmp_path)])

    assert code == 2
    assert capsys.readouterr().err.startswith("reprobundle: ")
