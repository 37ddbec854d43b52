"""What the worker imports: its own modules, the environment, the bundle's source; never the original's."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from workers import WORKER, Project

pytestmark = pytest.mark.slow  # each starts an interpreter of its own


@pytest.fixture
def project(tmp_path) -> Project:
    """An empty project."""
    return Project(tmp_path)


@pytest.mark.parametrize("name", ["tree", "importing", "for_torch", "for_callable", "numerics", "readings", "__main__"])
def test_bundle_cannot_shadow_the_worker(project, name):
    """A module of the bundle that is called like one of the worker's is the bundle's own, and the worker keeps its."""
    project.write(f"{name}.py", "WHOSE = 'the bundle'\n")
    project.write(
        "net.py",
        f"import importlib.util\nspec = importlib.util.find_spec({name!r})\n"
        f"def model(x):\n    assert spec.origin.startswith({str(project.source)!r}), spec.origin\n    return x\n"
        if name != "__main__"
        else "def model(x):\n    return x\n",
    )
    left = project.run()

    assert (left.result["stage"], left.result["error"]) == ("done", None)


@pytest.mark.parametrize("name", ["json", "numpy", "safetensors", "random", "os", "sitecustomize", "usercustomize"])
def test_bundle_cannot_shadow_the_environment(project, name):
    """A module of the bundle that is called like the standard library's or an installed one is never taken for it."""
    project.write(f"{name}.py", "raise RuntimeError('the bundle came first')\n")
    project.write("net.py", "import json, numpy, random\ndef model(x):\n    return numpy.array(x)\n")

    assert project.run().result["stage"] == "done"


def test_bundle_is_not_found_through_the_current_folder(project):
    """Neither the current folder nor the worker's own is searched for modules."""
    cwd = project.folder / "cwd"
    project.write("net.py", "def model(x):\n    return x\n", cwd)
    left = project.run(cwd=cwd)

    assert left.result["error"] == "ModuleNotFoundError: No module named 'net'"


def test_worker_named_by_a_relative_path(project):
    """However the worker is named on the command line, its folder is not searched for modules."""
    project.write("net.py", "try:\n    import for_torch\nexcept ImportError:\n    def model(x):\n        return x\n")
    shutil.copytree(WORKER, project.folder / "out2" / "worker")
    for worker in ("worker", "./worker/", "../out2/worker"):
        left = project.run(worker=worker, cwd=project.folder / "out2")

        assert (left.result.get("stage"), left.result.get("error")) == ("done", None), left.log


def test_roots_are_searched_in_order(project):
    """Of two import roots the first wins."""
    other = project.folder / "other"
    project.write("net.py", "from part import WHICH\ndef model(x):\n    return WHICH\n")
    project.write("part.py", "WHICH = 1\n", other)
    project.write("part.py", "WHICH = 2\n")
    project.job["roots"] = [str(other), str(project.source)]

    assert project.run().result["outputs"] == {"kind": "plain", "value": 1}


HIDDEN = {
    "at import": "import sys\nsys.path.insert(0, {hidden!r})\nimport helper\ndef model(x):\n    return x\n",
    "in the call": "def model(x):\n    import sys\n    sys.path.insert(0, {hidden!r})\n    import helper\n    return x\n",
    "by file": "import importlib.util\nspec = importlib.util.spec_from_file_location('helper', {hidden!r} + '/helper.py')\n"
    "import sys\nsys.modules['helper'] = importlib.util.module_from_spec(spec)\ndef model(x):\n    return x\n",
}


@pytest.mark.parametrize("source", HIDDEN.values(), ids=HIDDEN)
def test_hidden_source_is_refused(project, source):
    """A module that comes from the original source, however it got there, means that the bundle is not enough."""
    hidden = project.folder / "original"
    project.write("helper.py", "", hidden)
    project.write("net.py", source.format(hidden=str(hidden)))
    free = project.run()
    project.job["hidden"] = [str(hidden)]
    left = project.run()

    assert free.result["stage"] == "done"
    assert left.result["stage"] in {"build", "run"}
    assert (
        left.result["error"] == "HiddenSource: module 'helper' came from the original source, it is not in the bundle"
    )


def test_bundle_within_the_hidden_folder_is_enough(project):
    """A bundle that is made inside the project can be proven there."""
    project.write("net.py", "def model(x):\n    return x\n")
    project.job["hidden"] = [str(project.folder)]

    assert project.run().result["stage"] == "done"


@pytest.fixture
def environment(project) -> Path:
    """The interpreter of a fresh environment that sees this one's packages too, and its site-packages."""
    folder = project.folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip())
    (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return site


FINDER = """
import importlib.util, sys
class EditableFinder:
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name == "helper":
            return importlib.util.spec_from_file_location(name, {place!r})
sys.meta_path.append(EditableFinder)
"""


@pytest.mark.parametrize("kind", ["path", "finder"])
def test_editable_install_of_the_original_is_hidden(project, environment, kind):
    """What an editable install would find in the original source is not found at a proof, be it a path or a finder."""
    hidden = project.folder / "original"
    place = project.write("helper.py", "", hidden)
    if kind == "path":
        (environment / "editable.pth").write_text(f"{hidden}\n")
    else:
        (environment / "__editable___helper_finder.py").write_text(FINDER.format(place=str(place)))
        (environment / "editable.pth").write_text("import __editable___helper_finder\n")
    project.write("net.py", "import helper\ndef model(x):\n    return x\n")
    python = project.folder / "env" / "bin" / "python"
    free = project.run(python=python)
    project.job["hidden"] = [str(hidden)]
    left = project.run(python=python)

    assert (free.result["stage"], free.result["error"]) == ("done", None)
    assert (left.result["stage"], left.result["error"]) == ("build", "ModuleNotFoundError: No module named 'helper'")
    project.write("helper.py", "")
    assert project.run(python=python).result["stage"] == "done"


def test_environment_within_the_hidden_folder_is_used(project, environment):
    """An environment that lies inside the project, as it often does, is no original source."""
    project.write("net.py", "import inner\ndef model(x):\n    return x\n")
    (environment / "inner.py").write_text("")
    project.job["hidden"] = [str(project.folder)]

    assert project.run(python=project.folder / "env" / "bin" / "python").result["stage"] == "done"
