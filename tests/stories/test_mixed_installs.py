"""A training environment as people have them: editable, local, version control, source only, torch; rebuilt elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from projects import pyproject
from support import require

import reprobundle
from reprobundle.bundle import VerifiedBundle

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.timeout(1500)]

ROOT = Path(__file__).parents[2]
SOURCE_ONLY = "docopt==0.6.2"  # a release without any wheel
TRAIN = """
import sys

import docopt
import torch
from beside import shift
from editable_part import scale
from versioned import bend

import reprobundle


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(16, 4)

    def forward(self, x):
        return bend(shift(scale(self.first(x)))) + len(docopt.__version__)


if __name__ == "__main__":
    torch.manual_seed(5)
    captured = reprobundle.capture(
        sys.argv[1], model=Net(), inputs=torch.randn(3, 16), budget=300, vendor=sys.argv[2]
    )
    print(captured.proof.status)
"""
PARTS = {
    "editable_part": "import torch\n\ndef scale(x):\n    return torch.tanh(x) * 3\n",
    "beside": "def shift(x):\n    return x + 0.25\n",
    "versioned": "def bend(x):\n    return x * x\n",
}


def _part(folder: Path, name: str) -> Path:
    package = folder / name
    (package / name).mkdir(parents=True)
    (package / name / "__init__.py").write_text(PARTS[name])
    (package / "pyproject.toml").write_text(pyproject(name.replace("_", "-"), "1.2.3", back_end="hatchling"))
    return package


def _run(*argv: str | Path, cwd: Path, **variables: str) -> str:
    finished = subprocess.run(
        [str(part) for part in argv],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
        timeout=1200,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, VerifiedBundle]:
    """Captured twice, with the needed wheels and with all of them; then everything it was made from is deleted."""
    folder = tmp_path_factory.mktemp("mixed")
    parts = {name: _part(folder / "parts", name) for name in PARTS}
    for argv in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "A library"]):
        _run("git", *argv, cwd=parts["versioned"])
    _run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    python = folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-compile", "--constraint", ROOT / "constraints.txt"]
    _run(*pip, "--upgrade", "pip", "setuptools", "hatchling", "editables", cwd=folder)
    _run(
        *pip, f"{ROOT}[torch]", "numpy", parts["beside"], f"git+{parts['versioned'].as_uri()}", SOURCE_ONLY, cwd=folder
    )
    _run(*pip, "--editable", parts["editable_part"], cwd=folder)
    project = folder / "project"
    project.mkdir()
    (project / "train.py").write_text(TRAIN)
    for vendor in ("needed", "all"):
        assert _run(python, "-W", "ignore", "train.py", folder / vendor, vendor, cwd=project) == "bitwise\n"
    home = tmp_path_factory.mktemp("elsewhere")
    found = {vendor: reprobundle.verify((folder / vendor).rename(home / vendor)) for vendor in ("needed", "all")}
    shutil.rmtree(folder)
    return found


def test_every_kind_of_install_is_rebuilt_without_its_folder(
    bundles: dict[str, VerifiedBundle], tmp_path: Path
) -> None:
    """What no index offers travels in the bundle as a wheel, the rest comes from the lock; the outputs are the same bits."""
    require("bwrap")
    section = bundles["needed"].manifest.environment
    kinds = {one.name: one.origin.kind for one in section.distributions}
    report = reprobundle.replay(bundles["needed"].path, sandbox="bwrap", require="bitwise", report=tmp_path / "report")

    assert {kinds[name] for name in ("editable-part", "beside", "versioned")} == {"editable", "local", "vcs"}
    assert {path.rpartition("/")[2].partition("-")[0] for path in section.wheels} >= {*PARTS, "docopt", "reprobundle"}
    assert report.verdict.sentence == "reproduced, bitwise"
    assert report.environment is not None
    assert report.environment.hashes


def test_a_bundle_with_all_its_wheels_needs_no_network(bundles: dict[str, VerifiedBundle], tmp_path: Path) -> None:
    """In a namespace without any network, with an empty cache and no index configured, it is rebuilt and bitwise the same."""
    require("bwrap")
    require("unshare")
    command = [
        "unshare",
        "--map-root-user",
        "--net",
        sys.executable,
        "-m",
        "reprobundle",
        "replay",
        bundles["all"].path,
    ]
    nothing = {name: "" for name in os.environ if name.startswith(("PIP_", "UV_"))}
    apart = {"PIP_CONFIG_FILE": os.devnull, "REPROBUNDLE_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    told = _run(*command, "--sandbox", "bwrap", "--require", "bitwise", "--offline", "--report", tmp_path / "report",
                cwd=tmp_path, **{**nothing, **apart})  # fmt: skip

    assert told.startswith("REPRODUCED, bitwise")
