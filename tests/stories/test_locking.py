"""What a lock must not carry, and what it must: nothing of this machine, and code that no wheel could be made of."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import pyproject
from wheelhouse import Index, serving

from reprobundle.bundle import verify

pytestmark = pytest.mark.slow

TRAIN = """
import sys

import numpy as np
import side_project

import reprobundle


def model(x):
    return side_project.twice(x)


if __name__ == "__main__":
    captured = reprobundle.capture(
        sys.argv[1], model=model, inputs=np.ones((2, 3), "float32"), budget=float(sys.argv[2])
    )
    print(captured.proof.status, captured.proof.why)
"""
PLANTED = {
    "user": "planted-user",
    "home": "planted-home",
    "password": "planted-secret",
    "index": "index.planted.invalid",
    "variable": "planted-variable",
    "folder": "planted-folder",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """An index that knows nothing and wants a password."""
    (tmp_path / "offered").mkdir()
    with serving(tmp_path / "offered") as served:
        yield served


def project(folder: Path, *, back_end: str) -> dict[str, str]:
    """A training script in a git repository, an editable install beside it, and the variables that make them reachable."""
    work, side, site = folder / "work", folder / "side", folder / "site"
    for made in (work, side / "side_project", site / "side_project-1.0.dist-info"):
        made.mkdir(parents=True)
    (work / "train.py").write_text(TRAIN)
    (side / "pyproject.toml").write_text(pyproject("side-project", back_end=back_end))
    (side / "side_project" / "__init__.py").write_text("def twice(x):\n    return x * 2\n")
    metadata = site / "side_project-1.0.dist-info"
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: side-project\nVersion: 1.0\n")
    (metadata / "RECORD").write_text("side_project-1.0.dist-info/METADATA,,\n")
    (metadata / "direct_url.json").write_text(f'{{"url": "{side.as_uri()}", "dir_info": {{"editable": true}}}}')
    return {"PYTHONPATH": os.pathsep.join((str(site), str(side)))}


def captured(folder: Path, variables: dict[str, str], budget: str) -> str:
    """What the training script says of its bundle."""
    finished = subprocess.run(
        [sys.executable, "train.py", str(folder / "bundle"), budget],
        cwd=folder / "work", env={**os.environ, **variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.strip()


def bytes_of(content: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """A file, and each file in it if it is an archive."""
    yield name, content
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist():
                yield f"{name}: {member.filename}", member.filename.encode() + archive.read(member)


def test_nothing_of_this_machine_is_in_a_bundle(tmp_path: Path, index: Index) -> None:
    """No home, user, folder, index, password, remote's token or variable, in no file and in no wheel."""
    folder = tmp_path / PLANTED["folder"]
    variables = project(folder, back_end="setuptools")
    secret = f"{PLANTED['user']}:{PLANTED['password']}"
    remote = f"https://{secret}@forge.planted.invalid/work.git"
    for command in (
        ["init", "--quiet"],
        ["add", "."],
        ["commit", "--quiet", "-m", "x"],
        ["remote", "add", "origin", remote],
    ):
        subprocess.run(["git", *command], cwd=folder / "work", check=True)
    host = index.address.removeprefix("http://").removesuffix("/simple")
    (folder / "pip.conf").write_text(f"[global]\nextra-index-url = https://{secret}@{PLANTED['index']}/simple\n")
    (folder / PLANTED["home"]).mkdir()
    variables |= {
        "HOME": str(folder / PLANTED["home"]),
        "USER": PLANTED["user"],
        "LOGNAME": PLANTED["user"],
        "PIP_CONFIG_FILE": str(folder / "pip.conf"),
        "PIP_INDEX_URL": f"http://{secret}@{host}/simple",
        "PIP_FIND_LINKS": str(folder / PLANTED["home"]),
        "PIP_RETRIES": "0",
        "UV_HTTP_RETRIES": "0",
        "MY_TOKEN": PLANTED["variable"],
        "OMP_DISPLAY_ENV": PLANTED["variable"],
    }
    index.answers = {f"/simple/{name}/": (401, "text/plain", b"no") for name in ("numpy", "pip")}

    assert captured(folder, variables, "20") == "bitwise None"
    root = folder / "bundle"
    files = {place.relative_to(root): place.read_bytes() for place in root.rglob("*") if place.is_file()}
    words = [*PLANTED.values(), host, str(Path.home()), str(tmp_path)]
    found = [
        (word, name)
        for path, content in files.items()
        for name, whole in bytes_of(content, path.as_posix())
        for word in words
        if word.encode() in whole
    ]
    facts = verify(root).manifest.environment.lock
    assert facts is not None
    assert facts.why == "no package index was reached"
    assert "environment/wheels/side_project-1.0-py3-none-any.whl" in {path.as_posix() for path in files}
    assert found == []


def test_an_editable_install_without_its_back_end_travels_as_code(tmp_path: Path) -> None:
    """No wheel can be made of it, so its modules are in the bundle: the proof ran without the original folder."""
    variables = project(tmp_path, back_end="nobody-has-this")
    said = captured(tmp_path, {**variables, "PIP_NO_INDEX": "1"}, "0")
    manifest = verify(tmp_path / "bundle").manifest
    notes = [note.message for note in manifest.notes if note.message.startswith("side-project")]

    assert said == "bitwise None"
    assert [one.name for one in manifest.environment.left_out] == ["side-project"]
    assert "code/outside/side_project/__init__.py" in {module.path for module in manifest.code.modules}
    assert len(notes) == 2
    assert notes[0].endswith("; the modules of it that were imported travel in code/, its other files do not")
