"""The course, run as its README says: every lesson trains, saves, loads, captures; each bundle is replayed and published."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import reprobundle

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "lesson"
CURRENT = ("--env", "current")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example, in a clone's place: the course's Hub is the tests' own."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    clone = tmp_path_factory.mktemp("clone")
    (clone / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "hub_server.py", clone / "tests")
    return shutil.copytree(EXAMPLE, clone / "examples" / "lesson", ignore=shutil.ignore_patterns("out", "__pycache__"))


def _run(folder: Path, *argv: str) -> str:
    finished = subprocess.run(
        [sys.executable, *argv], cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def local(project: Path) -> str:
    """What the first lesson printed with the course around it."""
    return _run(project, "course.py", "local-out", "--only", "local", *CURRENT)


@pytest.fixture(scope="module")
def mixin(project: Path) -> str:
    """What the second lesson printed."""
    pytest.importorskip("huggingface_hub")
    return _run(project, "course.py", "mixin-out", "--only", "mixin", *CURRENT)


def _accuracy(printed: str) -> float:
    return float(printed.partition("test accuracy ")[2].split()[0])


def test_local_lesson_is_kept(project: Path, local: str) -> None:
    """A state dict and a JSON file do for today; the bundle is proven, replayed, published, pulled and replayed bitwise."""
    assert _accuracy(local) >= 0.96
    assert "saved and loaded: same outputs, on this machine, today\n" in local
    assert "captured: proof bitwise\nreplayed: bitwise\npublished, pulled and replayed: bitwise" in local
    assert (project / "local-out" / "local" / "model.pth").is_file()


def test_reports_of_the_course_fit_their_schema(project: Path, local: str) -> None:
    """Both replays left a report that says bitwise, of one bundle: what was pulled is what was published."""
    reports = [
        json.loads((project / "local-out" / name / "report.json").read_text("utf-8"))
        for name in ("local-replay", "local-pulled-replay")
    ]
    for report in reports:
        jsonschema.validate(report, json.loads((ROOT / "schemas" / "report.schema.json").read_text("utf-8")))

    assert [report["verdict"]["rung"] for report in reports] == ["bitwise", "bitwise"]
    assert reports[0]["bundle_id"] == reports[1]["bundle_id"]


def test_mixin_lesson_is_kept(project: Path, mixin: str) -> None:
    """The mixin's three methods work here and on the Hub; its bundle is replayed bitwise before and after its journey."""
    assert _accuracy(mixin) >= 0.96
    assert "\nsaved and loaded: same outputs\n" in mixin
    assert "\npushed and loaded: same outputs\n" in mixin
    assert "captured: proof bitwise\nreplayed: bitwise\npublished, pulled and replayed: bitwise" in mixin


def test_bundle_of_the_mixin_is_what_its_class_reads(project: Path, mixin: str) -> None:
    """The pulled bundle is a model: its class loads it as it loads what it saved itself, with the same weights."""
    code = (
        "import torch; from hub_model import MyHubModel; "
        "both = [MyHubModel.from_pretrained(f'mixin-out/{name}', strict=True) for name in ('mixin', 'mixin-pulled')]; "
        "x = torch.arange(128.).reshape(2, 64) / 128; print(torch.equal(*(model(x) for model in both)))"
    )

    assert _run(project, "-c", code).splitlines()[-1] == "True"


def test_two_lessons_have_the_same_weights(project: Path, local: str, mixin: str) -> None:
    """The course's two perceptrons were trained alike: comparing their bundles finds no tensor that differs."""
    found = reprobundle.compare(project / "local-out" / "local-bundle", project / "mixin-out" / "mixin-bundle")
    told = [item.message for item in found if item.kind == "model" and item.status is reprobundle.Status.DIFFERS]

    assert "entry differs" in told
    assert not [message for message in told if "tensor" in message]
