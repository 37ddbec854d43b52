"""Everything hostile code might try, inside the walls and outside: blocked inside, and outside it works, else it proves nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import support
from probes import PROBES, Probe

import reprobundle
from reprobundle.sandbox import limits, usual, walls

pytestmark = pytest.mark.slow
NOBODY = "65534"
PARTS = 8
ROOTS_OWN = {"--cap-drop ALL", "--remount-ro /proc"}
SHOWN = {"--bind", "--chdir", "--tmpfs", "--ro-bind", "--ro-bind-try", "--setenv", "--share-net", "--symlink"}
NAMESPACES = {"ipc", "pid", "net", "uts"}
TOOLS = {"--unshare-all", "--unshare-user", "--hostname", "--"}
Told = Mapping[str, list[str]]


@pytest.fixture(scope="module", params=["root", "user"])
def told(request: pytest.FixtureRequest, of_all_workers: Path) -> tuple[str, Told]:
    """What came of every probe, for one kind of user: inside, outside, and inside with one wall away."""
    support.require("bwrap")
    root = request.param == "root"
    if root and os.getuid() != 0:
        pytest.skip("only root can be root")
    start, python = [], sys.executable
    if not root and os.getuid() == 0:
        start, python = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"], "/usr/bin/python3"
        _require_system_python(python)
    kept = of_all_workers / f"probes-{request.param}.json"
    with support.one_at_a_time(kept):
        if not kept.exists():
            kept.write_text(_run(start, python))
    return request.param, json.loads(kept.read_text())


def _require_system_python(python: str) -> None:
    code = "import sys; sys.exit(sys.version_info < (3, 10))"
    if not os.path.exists(python) or subprocess.run([python, "-I", "-c", code]).returncode != 0:
        pytest.skip("there is no Python of the system's that another user could start")


def _run(start: list[str], python: str) -> str:
    """In a folder that the other user can read, whatever stands above this repository."""
    with tempfile.TemporaryDirectory(prefix="reprobundle-probes-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        package = Path(reprobundle.__file__).parent
        shutil.copytree(package, folder / "reprobundle", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("probes.py", "probing.py"):
            shutil.copy(Path(__file__).parents[1] / name, folder)
        subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
        parts = [[probe.name for probe in PROBES[number::PARTS]] for number in range(PARTS)]
        with ThreadPoolExecutor(PARTS) as pool:
            found = list(pool.map(lambda number: _part(folder, [*start, python], number, parts[number]), range(PARTS)))
    together = {name: came for part in found for name, came in part.items()}
    return json.dumps(together)


def _part(folder: Path, start: list[str], number: int, names: list[str]) -> dict[str, list[str]]:
    """Some of the probes, most of which wait, beside the others and on a machine of their own."""
    machine = folder / f"machine-{number}"
    machine.mkdir()
    if "setpriv" in start:
        os.chown(machine, int(NOBODY), int(NOBODY))
    env = {"PYTHONPATH": str(folder), "PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    argv = [*start, folder / "probing.py", machine, *names]
    finished = subprocess.run(argv, env=env, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    came: dict[str, list[str]] = json.loads(finished.stdout)
    return came


def _worth(probe: Probe, user: str) -> bool:
    return user == "root" or not probe.root


def test_an_honest_program_runs(told: tuple[str, Told]) -> None:
    """The walls let through what does no harm, else every probe would be blocked for the wrong reason."""
    assert told[1]["honest"] == ["done"]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_probe(told: tuple[str, Told], probe: Probe) -> None:
    """Inside it is blocked. Outside it gets through, for whoever has the right; root can do more."""
    user, came = told
    inside, outside, _ = came[probe.name]

    assert inside != "done"
    assert outside == "done" or not _worth(probe, user)


@pytest.mark.parametrize(
    "probe", [probe for probe in PROBES if probe.argument], ids=lambda probe: f"{probe.argument} {probe.name}"
)
def test_each_wall_is_needed(told: tuple[str, Told], probe: Probe) -> None:
    """With the one wall away that is in its way, a probe gets through: the wall is there for a reason, and is tested."""
    user, came = told
    if user != "root" and probe.argument in ROOTS_OWN:
        pytest.skip("an ordinary user has no such right that could be taken away")

    assert came[probe.name][2] == "done"


def test_no_argument_is_without_a_probe() -> None:
    """Whatever stands before a command, to bound what it sees or uses, is in the way of some probe."""
    most = replace(usual(), cpu_seconds=1)
    before = walls.words(
        "bwrap", [Path("/opt/x")], [Path("/opt/y")], {"A": "b"}, network=True, cwd=Path("/"), limits=most, filters=(3,)
    )
    after = limits.words(most)
    options = {word.partition("=")[0] for word in (*before, *after) if word.startswith("--")}
    probed = {word for probe in PROBES for word in probe.argument.split()[:1]}

    assert {"--ro-bind", "--tmpfs"} <= probed
    assert options - SHOWN - TOOLS == {word for word in probed if word.startswith("--")} - SHOWN
    assert probed >= NAMESPACES
    assert {"watch", "time", "output"} <= probed


def test_there_are_enough_probes() -> None:
    """Each threat of a list that is longer than thirty is tried, under a name of its own."""
    assert len({probe.name for probe in PROBES}) == len(PROBES) >= 70


def test_the_page_tells_of_every_probe() -> None:
    """The table of the threat model has a row for each attempt, in the same order, and no other."""
    page = Path(__file__).parents[2] / "docs" / "threat-model.md"
    table = page.read_text(encoding="utf-8").partition("## What was tried")[2].partition("## What does not hold")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| ")][1:]

    assert [(row[1].strip(), row[3].strip()) for row in rows] == [
        (probe.name, "root" if probe.root else "anybody") for probe in PROBES
    ]
