"""A capture never loses a training run, and what it seals was proven."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import NET, TRAIN, make_project, python

import reprobundle
from reprobundle.store import list_files

pytestmark = pytest.mark.slow

OWN_CLASS = TRAIN.replace("from net import Net, prepare\n", NET.replace('"""A perceptron."""', ""))
KILLS = 50


def manifest(folder: Path) -> reprobundle.Manifest:
    """A verified bundle's manifest."""
    return reprobundle.verify(folder).manifest


def notes(folder: Path) -> str:
    """All notes as text."""
    return "\n".join(f"{note.kind}: {note.message}" for note in manifest(folder).notes)


def test_a_class_of_the_script_itself_is_proven_by_its_file(tmp_path: Path) -> None:
    """``python train.py`` with the class in that same file: recorded as ``train:Net``, proven, replayed bitwise."""
    project = make_project(tmp_path / "project", train=OWN_CLASS)
    finished = python("train.py", str(tmp_path / "bundle"), cwd=project)
    shutil.rmtree(project)
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")

    assert finished.stdout == "bitwise\n", finished.stderr
    assert manifest(tmp_path / "bundle").model.entry == "train:Net"
    assert report.verdict.sentence == "reproduced, bitwise"


def test_a_script_without_a_main_guard_is_sealed_and_explained(tmp_path: Path) -> None:
    """Importing such a script would train again: no proof, and the note says what to write."""
    body = OWN_CLASS.replace('if __name__ == "__main__":', "if True:")
    project = make_project(tmp_path / "project", train=body)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)

    assert finished.stdout == "not run\n", finished.stderr
    assert "rebuilding the model would train again" in notes(tmp_path / "bundle")


def test_what_is_missing_becomes_a_note(tmp_path: Path) -> None:
    """No repository, a hyperparameter JSON cannot hold, inputs the model rejects: sealed, with the way out."""
    body = TRAIN.replace('"lr": 0.1}', '"lr": 0.1, "act": print}').replace("inputs=prepare(raw)", "inputs=raw[:, :2]")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "net.py").write_text(NET)
    (tmp_path / "project" / "train.py").write_text(body)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=tmp_path / "project")
    told = notes(tmp_path / "bundle")

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout != "bitwise\n"
    assert "repository" in told
    assert "act" in told
    assert "the model rejects the sample inputs: RuntimeError" in told


def test_a_model_that_cannot_be_named_is_sealed_with_its_weights(tmp_path: Path) -> None:
    """A class made inside a function has no name: weights and sections are kept, the note names the way out."""
    nested = "def make():\n" + "\n".join(f"    {line}" for line in NET.splitlines()) + "\n    return Net, prepare\n"
    body = TRAIN.replace("from net import Net, prepare", nested + "\nNet, prepare = make()")
    project = make_project(tmp_path / "project", train=body)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    sealed = manifest(tmp_path / "bundle")

    assert finished.stdout == "not run\n", finished.stderr
    assert sealed.model.entry is None
    assert len(sealed.model.tensors) == 4
    assert "cannot be made again by name" in notes(tmp_path / "bundle")


def test_an_existing_target_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    """A bundle is never overwritten."""
    with pytest.raises(reprobundle.UsageError) as caught:
        reprobundle.capture(tmp_path, model=lambda x: x)

    assert str(caught.value) == f"output folder {str(tmp_path)!r} exists; a bundle is never overwritten"


def test_two_captures_of_one_state_are_byte_identical(tmp_path: Path) -> None:
    """Same process, same model, two folders of one name: the same bytes in every file."""
    body = TRAIN.replace("        sys.argv[1],\n", "        target,\n").replace(
        "    captured = ", "    for target in sys.argv[1:]:\n     captured = "
    )
    project = make_project(tmp_path / "project", net=NET, train=body)
    finished = python("train.py", str(tmp_path / "a" / "bundle"), str(tmp_path / "b" / "bundle"), cwd=project)
    one, other = tmp_path / "a" / "bundle", tmp_path / "b" / "bundle"

    assert finished.returncode == 0, finished.stderr
    assert list_files(one) == list_files(other)
    assert [(one / found.path).read_bytes() for found in list_files(one)] == [
        (other / found.path).read_bytes() for found in list_files(other)
    ]


def test_no_path_of_this_machine_is_in_the_bundle(perceptron: Path) -> None:
    """Neither the home folder, the project's folder nor the interpreter's prefix stands in any byte."""
    places = [str(Path.home()), str(perceptron.parent), sys.prefix, sys.base_prefix]
    found = [
        (path.path, place)
        for path in list_files(perceptron)
        for place in places
        if len(place) > 3 and place.encode() in (perceptron / path.path).read_bytes()
    ]

    assert found == []


def test_begin_tells_what_changed_during_training(tmp_path: Path) -> None:
    """A source file and a split that changed between begin and capture are named."""
    body = TRAIN.replace(
        "    raw = ",
        "    run = reprobundle.begin(splits={'train': torch.zeros(3)})\n"
        "    open('net.py', 'a').write('# edited\\n')\n    raw = ",
    ).replace("budget=0,", "budget=0, run=run,")
    project = make_project(tmp_path / "project", net=NET, train=body)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    told = notes(tmp_path / "bundle")

    assert finished.returncode == 0, finished.stderr
    assert "net.py" in told
    assert "'train'" in told


def test_random_generators_are_left_as_they_were(tmp_path: Path) -> None:
    """Training that goes on after a capture draws the numbers it would have drawn."""
    body = TRAIN.replace("    captured = ", "    before = torch.get_rng_state()\n    captured = ").replace(
        "print(captured.proof.status)", "print(bool((before == torch.get_rng_state()).all()))"
    )
    project = make_project(tmp_path / "project", net=NET, train=body)
    finished = python("train.py", str(tmp_path / "bundle"), cwd=project)

    assert finished.stdout == "True\n", finished.stderr


def test_a_yaml_file_captures_without_touching_the_training_code(perceptron: Path, tmp_path: Path) -> None:
    """``reprobundle capture reprobundle.yaml --out DIR`` from saved weights: proven like any other."""
    project = make_project(tmp_path / "project", net=NET)
    shutil.copy(perceptron / "model.safetensors", project / "weights.safetensors")
    shutil.copy(perceptron / "replay" / "inputs.safetensors", project / "inputs.safetensors")
    text = (
        "model:\n  factory: net:Net\n  init: {hidden: 8}\n  weights: weights.safetensors\n"
        "inputs: inputs.safetensors\nhyperparameters: {hidden: 8, lr: 0.1}\n"
    )
    (project / "reprobundle.yaml").write_text(text)
    argv = ("capture", "reprobundle.yaml", "--out", str(tmp_path / "bundle"), "--budget", "0")
    finished = python("-m", "reprobundle", *argv, cwd=project)

    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert manifest(tmp_path / "bundle").proof.status == "bitwise"


def test_a_notebook_class_is_captured_proven_and_replayed(tmp_path: Path) -> None:
    """A class defined in a cell is written with what it needs, proven and replayed bitwise."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    body = TRAIN.replace("from net import Net, prepare\n", "").replace('if __name__ == "__main__":', "if True:")
    body = body.replace("sys.argv[1]", repr(str(tmp_path / "bundle")))
    cells = [NET, "unused = 3", body]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    folder = tmp_path / "notebooks"
    folder.mkdir()
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}}
    ).execute()
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")

    assert manifest(tmp_path / "bundle").model.entry == "notebook_main:Net"
    assert manifest(tmp_path / "bundle").proof.status == "bitwise"
    assert report.verdict.sentence == "reproduced, bitwise"


FORKING = """
import os, sys, torch
sys.path.insert(0, {project!r})
from net import Net
import reprobundle
torch.set_num_threads(1)  # threads do not survive a fork
model, inputs = Net(8), torch.ones(2, 4)

def capture(target):
    reprobundle.capture(target, model=model, inputs=inputs, budget=0, proof=False)

capture(sys.argv[1])  # which loads all that the children need
print("ready", flush=True)
for line in sys.stdin:
    target, kind = line.split()
    child = os.fork()
    if child == 0:
        if kind == "lean":
            sys.path[:] = [*(place for place in sys.path if "site-packages" not in place), {site!r}]
        capture(target)
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


def test_killed_at_any_moment_a_capture_leaves_nothing_or_everything(tmp_path: Path) -> None:
    """``kill -9`` at 50 random moments: at the target stands no bundle or a whole one, never a part.

    Most captures are lean: with one library to look at, most of the moments fall where files are written and sealed.
    """
    project = make_project(tmp_path / "project", net=NET)
    metadata = tmp_path / "site" / "reprobundle-0.1.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: reprobundle\nVersion: 0.1\n")
    (tmp_path / "run.py").write_text(FORKING.format(project=str(project), site=str(tmp_path / "site")))
    generator = random.Random(11)
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "first")],
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        kinds = ["full" if attempt % 10 == 0 else "lean" for attempt in range(KILLS)]
        duration = {kind: _capture_killed_after(process, tmp_path / kind, kind, None) for kind in ("full", "lean")}
        targets = [tmp_path / f"target-{attempt}" for attempt in range(KILLS)]
        for target, kind in zip(targets, kinds, strict=True):
            _capture_killed_after(process, target, kind, generator.uniform(0, 1.05 * duration[kind]))
        process.kill()
    whole = [target for target in targets if target.exists()]
    for target in [tmp_path / "full", tmp_path / "lean", *whole]:
        assert reprobundle.verify(target).manifest.outputs.expected is not None

    assert len(whole) < KILLS


def _capture_killed_after(process: subprocess.Popen[str], target: Path, kind: str, seconds: float | None) -> float:
    """Let the process capture in a child and kill that child after some seconds; gives how long it lived."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{target} {kind}\n")
    process.stdin.flush()
    child = int(process.stdout.readline())
    started = time.monotonic()
    if seconds is not None:
        time.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):  # it may be done by then
            os.kill(child, signal.SIGKILL)
    assert process.stdout.readline() == "ended\n"
    return time.monotonic() - started


@pytest.mark.parametrize(
    ("size", "message"),
    [("600k", "the weights need 1.1 MB on the disk, "), ("1068k", "cannot be written: the disk is full")],
    ids=["said before", "found out"],
)
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path, size: str, message: str) -> None:
    """On a file system with no room left, capture ends with UnavailableError and an empty folder."""
    if os.getuid() != 0 and shutil.which("unshare") is None:
        pytest.skip("needs the right to mount a small file system")
    small = tmp_path / "small"
    small.mkdir()
    script = (
        "import sys, os, torch, reprobundle\n"
        "from torch import nn\n"
        "try:\n"
        "    reprobundle.capture(sys.argv[1], model=nn.Linear(512, 512), inputs=torch.ones(1, 512), budget=0)\n"
        "except reprobundle.UnavailableError as error:\n"
        "    print(error.exit_code, os.listdir(os.path.dirname(sys.argv[1])), error)\n"
    )
    (tmp_path / "run.py").write_text(script)
    shell = f"mount -t tmpfs -o size={size} none {small} && exec {sys.executable} run.py {small}/bundle"
    finished = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", shell], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
    )
    if "mount" in finished.stderr or "unshare" in finished.stderr:
        pytest.skip(f"cannot mount here: {finished.stderr.strip()}")

    assert finished.stdout.startswith("3 [] "), finished.stderr
    assert message in finished.stdout


def test_show_prints_the_manifest_as_json(perceptron: Path) -> None:
    """``show --json`` is the manifest itself."""
    finished = python("-m", "reprobundle", "show", str(perceptron), "--json", cwd=perceptron.parent)

    assert json.loads(finished.stdout) == json.loads((perceptron / "manifest.json").read_bytes())


def test_a_preprocessing_that_draws_random_numbers_is_still_compared(tmp_path: Path) -> None:
    """The function runs from one seed at capture, proof and replay, so its record can be met."""
    noisy = NET.replace("/ 10\n", "/ 10 + torch.randn(raw.shape)\n")
    project = make_project(tmp_path / "project", net=noisy, train=TRAIN)
    python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")
    found = [finding for finding in report.findings if finding.kind == "preprocessing"]

    assert [finding.status for finding in found] == [reprobundle.Status.SAME]
