"""Files changed since they were installed: found, confirmed, told; what installers themselves do is no edit."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reprobundle.components.environment.snapshot.distributions import Installed, installed
from reprobundle.components.environment.snapshot.edited import with_edits
from reprobundle.components.interface import Stage
from reprobundle.store import Writer

LONG_AGO = 1_000_000_000


def digests(places: list[Path]) -> list[str]:
    """Digests as installers write them, found with the tool that a person would use."""
    told = subprocess.run([sys.executable, "-m", "pip", "hash", *places], capture_output=True, text=True, check=True)
    values = [bytes.fromhex(line.rpartition("sha256:")[2]) for line in told.stdout.splitlines() if "sha256:" in line]
    return [f"sha256={base64.urlsafe_b64encode(value).decode().rstrip('=')}" for value in values]


def install(site: Path, *, tool: str | None = "pip", name: str = "thing") -> Path:
    """Files as an installer leaves them; the list of them is written last."""
    files = {
        f"{name}/__init__.py": "VALUE = 1\n",
        f"{name}/data.json": "{}\n",
        f"{name}/native.so": "machine code\n",
        f"{name}/tests/test_it.py": "assert True\n",
        f"{name}/cacert.pem": "public\n",
        f"../../../bin/{name}": "#!/somewhere/python\n",
        f"{name}-1.dist-info/METADATA": f"Name: {name}\nVersion: 1\n",
    }
    if tool is not None:
        files[f"{name}-1.dist-info/INSTALLER"] = f"{tool}\n"
    for path, text in files.items():
        place = site / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        os.utime(place, (LONG_AGO, LONG_AGO))
    found = digests([site / path for path in files])
    lines = [f"{path},{digest},{len(files[path])}\n" for path, digest in zip(files, found, strict=True)]
    record = site / f"{name}-1.dist-info" / "RECORD"
    record.write_text("".join(lines) + f"{name}/__pycache__/__init__.pyc,,\n{record.relative_to(site)},,\n")
    os.utime(record, (LONG_AGO, LONG_AGO))
    return site


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with one distribution, to be copied."""
    folder = tmp_path_factory.mktemp("installed")
    install(folder / "lib" / "python3.11" / "site-packages")
    return folder


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """A copy of it whose times are the installer's."""
    shutil.copytree(wheel, tmp_path / "env")
    return tmp_path / "env" / "lib" / "python3.11" / "site-packages"


def look(site: Path) -> tuple[Installed, list[str]]:
    """The one distribution of a folder, and what is noted of it."""
    (site.parents[3] / "bundle").mkdir(exist_ok=True)
    stage = Stage(writer=Writer(site.parents[3] / "bundle"))
    (one,) = with_edits(installed([str(site)]), stage)
    return one, [note.message for note in stage.notes]


def test_an_untouched_install_is_not_edited(site: Path) -> None:
    """What is as its installer left it is neither marked nor noted, and no process is started to see it."""
    one, notes = look(site)

    assert (one.edited, one.missing, notes) == (None, (), [])


def test_another_size_is_an_edit(site: Path) -> None:
    """A longer file needs no digest, even where its time was set back."""
    (site / "thing" / "__init__.py").write_text("VALUE = 1_000\n")
    os.utime(site / "thing" / "__init__.py", (LONG_AGO - 9, LONG_AGO - 9))
    one, notes = look(site)

    assert one.edited is not None
    assert (one.edited.count, one.edited.paths) == (1, ("thing/__init__.py",))
    assert notes == ["1 file of thing 1 is not as installed, so what ran is no release: 'thing/__init__.py'"]


def test_the_same_size_is_an_edit_when_the_digest_differs(site: Path) -> None:
    """A file written after the list is only suspected until pip has digested it."""
    (site / "thing" / "__init__.py").write_text("VALUE = 2\n")
    (site / "thing" / "data.json").write_text("{}\n")
    one, _ = look(site)

    assert one.edited is not None
    assert one.edited.paths == ("thing/__init__.py",)


@pytest.mark.parametrize(
    "path",
    [
        "../../../bin/thing",
        "thing-1.dist-info/INSTALLER",
        "thing-1.dist-info/METADATA",
        "thing/__pycache__/__init__.pyc",
        "thing/tests/test_it.py",
        "thing/cacert.pem",
    ],
)
def test_what_never_computes_is_no_edit(site: Path, path: str) -> None:
    """Scripts, notes of the installer, compiled files, tests and certificates may change."""
    place = site / path
    place.parent.mkdir(exist_ok=True)
    place.write_text(
        "another content, longer than before\n" if "METADATA" not in path else "Name: thing\nVersion: 1\n\n"
    )
    one, notes = look(site)

    assert (one.edited, notes) == (None, [])


def test_missing_files_are_told_apart_from_edits(site: Path) -> None:
    """An environment that was made smaller still runs its release: said, but the index has the same."""
    (site / "thing" / "data.json").unlink()
    one, notes = look(site)

    assert (one.edited, one.missing) == (None, ("thing/data.json",))
    assert notes == ["1 file of thing 1 that its installer wrote is gone: 'thing/data.json'"]


def test_missing_files_count_beside_edits(site: Path) -> None:
    """The record of an edited distribution names both."""
    (site / "thing" / "data.json").unlink()
    (site / "thing" / "native.so").write_text("other code\n")
    one, _ = look(site)

    assert one.edited is not None
    assert (one.edited.count, one.edited.paths) == (2, ("thing/data.json", "thing/native.so"))


@pytest.mark.parametrize("tool", ["conda\n", None])
def test_other_package_managers_change_files_of_their_own(site: Path, tool: str | None) -> None:
    """conda patches libraries and Debian leaves files out after the list is written; newer source code is an edit."""
    installer = site / "thing-1.dist-info" / "INSTALLER"
    installer.write_text(tool) if tool else installer.unlink()
    (site / "thing" / "native.so").write_text("patched machine code\n")
    (site / "thing" / "data.json").unlink()
    untouched = look(site)
    (site / "thing" / "__init__.py").write_text("VALUE = 3\n")
    edited = look(site)

    assert (untouched[0].edited, untouched[0].missing, untouched[1]) == (None, (), [])
    assert edited[0].edited is not None
    assert edited[0].edited.paths == ("thing/__init__.py",)


def test_a_copied_environment_is_not_edited(site: Path) -> None:
    """Files whose times are all new are as they were, says their digest."""
    for place in site.rglob("*"):
        os.utime(place, (2 * LONG_AGO, 2 * LONG_AGO))
    os.utime(site / "thing-1.dist-info" / "RECORD", (LONG_AGO, LONG_AGO))
    one, notes = look(site)

    assert (one.edited, notes) == (None, [])


def test_suspects_without_an_answer_are_counted(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are too many to digest, one line says how many were not compared; none is called edited."""
    monkeypatch.setattr("reprobundle.components.environment.snapshot.edited.MAX_SUSPECTS", 1)
    for name in ("__init__.py", "data.json", "native.so"):
        os.utime(site / "thing" / name, (2 * LONG_AGO, 2 * LONG_AGO))
    one, notes = look(site)

    assert one.edited is None
    assert notes == ["2 installed files are newer than their installation and were not compared with its digests"]


def test_names_that_are_no_text_are_spelt_out(site: Path) -> None:
    """A name in another encoding than UTF-8 reaches no document as it is."""
    record = site / "thing-1.dist-info" / "RECORD"
    record.write_bytes(record.read_bytes() + b"thing/\xff.py,sha256=x,1\n")
    os.utime(record, (LONG_AGO, LONG_AGO))
    one, _ = look(site)

    assert one.missing == ("thing/\\udcff.py",)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_real_installers_leave_nothing_that_looks_edited(tmp_path: Path, tool: str) -> None:
    """A fresh environment with scripts, compiled code and data is as installed; one edit in it is found."""
    environment = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    command = [sys.executable, "-m", *(("pip", "--python", python, "install") if tool == "pip" else ())]
    if tool == "uv":
        pytest.importorskip("uv", reason="uv is not installed")
        command += ["uv", "pip", "install", "--python", python]
    subprocess.run([*command, "-q", "markupsafe", "jinja2"], check=True, capture_output=True)
    (site,) = environment.glob("lib/python*/site-packages")
    (tmp_path / "bundle").mkdir()
    stage = Stage(writer=Writer(tmp_path / "bundle"))
    before = with_edits(installed([str(site)]), stage)
    place = site / "jinja2" / "utils.py"
    content = place.read_text()
    place.unlink()  # another file with the same name: uv's cache keeps its own
    place.write_text(content.replace("True", "not 0", 1).replace("#", "# ", 1))
    after = with_edits(installed([str(site)]), stage)

    assert [(one.name, one.edited, one.missing) for one in before] == [("jinja2", None, ()), ("markupsafe", None, ())]
    assert [one.name for one in after if one.edited] == ["jinja2"]
