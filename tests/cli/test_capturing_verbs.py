from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reprobundle import cli
from reprobundle.bundle import verify

MODEL = '''
import numpy as np

print("a line of the person's own code")


def predict(x):
    """Twice."""
    return x * 2


def inputs():
    """Four numbers."""
    return np.arange(4, dtype=np.float32)
'''
SPECIFICATION = """\
model:
  function: doubling:predict
inputs: doubling:inputs
hyperparameters:
  lr: 1e-3
documentation:
  title: Doubling
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder with a function that is a model, and the file that names it; the capture log stays out of the home."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "doubling.py").write_text(MODEL)
    (folder / "reprobundle.yaml").write_text(SPECIFICATION)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


def _call(project, *argv):
    command = [sys.executable, "-m", "reprobundle", "capture", *argv]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_capture_seals_proves_and_tells(project):
    """The bundle is there and proven; what the file says oddly and what is missing stands in the words."""
    finished = _call(project, "--out", "../bundle", "--budget", "0")
    verified = verify(project.parent / "bundle")
    lines = finished.stdout.splitlines()

    assert finished.returncode == 0, finished.stderr
    assert lines[0] == "CAPTURED"
    assert lines[1] == f"bundle       {verified.path}"
    assert lines[2].strip() == verified.id
    assert lines[3] == "proof        proven at capture, bitwise: a fresh process reloaded it and gave the same outputs"
    assert lines[4] == "code         from no git repository: only the modules that were loaded"
    assert lines[5].startswith("lock         WITHOUT HASHES: ")
    assert "In the specification" in lines
    assert "Worth knowing" in lines
    assert lines[-1] == f"replay it    reprobundle replay {verified.path.resolve()}"
    assert finished.stderr == "a line of the person's own code\n"


@pytest.mark.slow
def test_capture_gives_a_document(project):
    """With ``--json`` the document stands alone, whatever the person's own code prints."""
    finished = _call(project, "--out", "../bundle", "--budget", "0", "--no-proof", "--json")
    document = json.loads(finished.stdout)
    verified = verify(project.parent / "bundle")

    assert finished.returncode == 0, finished.stderr
    assert document["path"] == str(verified.path)
    assert document["bundle_id"] == verified.id
    assert document["proof"] == {"status": "not run", "why": "it was switched off"}
    assert len(document["warnings"]) == 1
    assert {"kind", "status", "message", "expected", "found", "hint"} <= set(document["notes"][0])


@pytest.mark.slow
@pytest.mark.parametrize("how", ["relative", "linked"])
def test_the_program_itself_is_never_captured(project, how):
    """Started by a relative path or a link, as ``../v/bin/reprobundle capture``: the project is the file's folder."""
    program = Path(sys.executable).parent / "reprobundle"
    if not program.is_file():
        pytest.skip("the program's script is not installed beside this interpreter")
    if how == "linked":
        (project.parent / "bin").mkdir()
        (project.parent / "bin" / "reprobundle").symlink_to(program)
        program = project.parent / "bin" / "reprobundle"
    command = [os.path.relpath(program, project), "capture", "--budget", "0", "--no-proof"]
    finished = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False)
    manifest = verify(project / "doubling").manifest

    assert finished.returncode == 0, finished.stderr
    assert [module.name for module in manifest.code.modules] == ["doubling"]
    assert [entry.path for entry in manifest.files if entry.path.startswith("code/")] == ["code/source/doubling.py"]


def test_what_is_there_is_refused_before_any_code_is_imported(project, monkeypatch, capsys):
    """The default target is the file's name, else its title; if it exists nothing of the person's runs."""
    monkeypatch.chdir(project)
    (project / "doubling").mkdir()
    code = cli.main(["capture"])
    printed = capsys.readouterr()

    assert (code, printed.out) == (2, "")
    assert printed.err.splitlines()[0].endswith("/doubling' exists; a bundle is never overwritten")
    assert "doubling" not in sys.modules


@pytest.mark.slow
def test_a_dry_run_keeps_nothing(project):
    """What would be packed is shown, largest first, and no bundle is left anywhere."""
    finished = _call(project, "--dry-run")
    document = json.loads(_call(project, "--dry-run", "--json").stdout)
    assert "the lock has no hashes" not in finished.stdout  # they are left to the capture itself, as it says

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.startswith(f"WOULD PACK {len(document['files'])} files, ")
    assert "Missing, or worth knowing" in finished.stdout
    assert "code/source/doubling.py" in {file["path"] for file in document["files"]}
    assert list(project.parent.rglob("manifest.json")) == []


@pytest.mark.slow
def test_a_failed_proof_ends_with_1(project):
    """A bundle whose proof fails is sealed, said to be unproven, and the exit code is 1."""
    broken = MODEL.replace("x * 2", "x * 2 if __import__('os').environ.get('REPROBUNDLE_WORKER') is None else x")
    (project / "doubling.py").write_text(broken)
    finished = _call(project, "--out", "../bundle", "--budget", "0")

    assert finished.returncode == 1, finished.stderr
    assert finished.stdout.startswith("CAPTURED, UNPROVEN\n")
    assert "UNPROVEN, the reload at capture failed" in finished.stdout
    assert verify(project.parent / "bundle").manifest.proof.status == "failed"


def test_capture_refuses_a_missing_file(tmp_path, monkeypatch, capsys):
    """Without a specification there is one line, 2, and nothing written."""
    monkeypatch.chdir(tmp_path)
    code = cli.main(["capture", "--out", "bundle"])
    printed = capsys.readouterr()

    assert (code, printed.out) == (2, "")
    assert printed.err.startswith("reprobundle: ")
    assert list(tmp_path.iterdir()) == []
