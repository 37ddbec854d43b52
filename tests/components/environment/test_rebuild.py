"""Rebuilding: from a real environment with local, editable and version-control installs, under every installer and wall."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from projects import pyproject
from rebuilds import HASHED, HERE, build, paths, said_by, section, walls, with_lock
from wheelhouse import lock_of, make_wheel

import reprobundle
from reprobundle import sandbox
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.rebuilding import interpreters, rebuild, syncing
from reprobundle.components.environment.rebuilding.cache import VARIABLE
from reprobundle.components.environment.rebuilding.fetching import check_house
from reprobundle.components.environment.rebuilding.places import python_of
from reprobundle.components.environment.section import PORTABLE_PATH, Interpreter, Section
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.records import from_bytes

TABLES = """
[project.scripts]
{name}-run = "{name}_pkg:word"
[tool.hatch.build.targets.wheel]
packages = ["src/{name}_pkg"]
"""
CAPTURE = """
import sys, time
sys.path.append(sys.argv[2])
import edit_pkg
from pathlib import Path
from reprobundle.components import environment
from reprobundle.components.interface import Source, Stage
from reprobundle.records import to_bytes
from reprobundle.store import Writer
out, budget = Path(sys.argv[1]), float(sys.argv[3])
stage = Stage(writer=Writer(out), deadline=time.monotonic() + budget)
section = environment.capture(Source(model=None, budget=budget), stage)
(out / "section.json").write_bytes(to_bytes(section))
(out / "notes.txt").write_text("".join(note.message + chr(10) for note in stage.notes))
"""
NEEDED = ("pydantic", "xxhash", "packaging", "pip-tools", "wheel", "hatchling", "editables", "safetensors")
USE = "import edit_pkg, local_pkg, vcs_pkg, sys; print(edit_pkg.word(), local_pkg.word(), vcs_pkg.word(), sys.version_info[:2])"


def project(folder: Path, name: str) -> Path:
    """A small installable project."""
    package = folder / name / "src" / f"{name}_pkg"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"def word():\n    return {name!r}\n")
    tables = TABLES.format(name=name)
    (folder / name / "pyproject.toml").write_text(pyproject(f"{name}-pkg", "1.2", back_end="hatchling", more=tables))
    return folder / name


def run(*argv: object, cwd: Path | None = None) -> str:
    """A command that must succeed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(part) for part in argv]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test's own."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir(mode=0o700)


def test_a_bundle_without_lock_says_the_way_out(tmp_path: Path) -> None:
    """Nothing to rebuild from is told, with the other way to replay."""
    with pytest.raises(UnavailableError) as caught:
        build(tmp_path, section(lock=None))

    assert str(caught.value) == "the bundle has no lock to rebuild its environment from"
    assert caught.value.hint == "replay in an environment of your own: --env current"


def test_a_python_that_is_not_here_is_named(tmp_path: Path) -> None:
    """Locked wheels fit one minor version only."""
    other = Interpreter(implementation="cpython", version="3.99.1", build="", cache_tag=None)

    with pytest.raises(UnavailableError, match=r"^cpython 3\.99 is not here, and the locked packages fit no other"):
        build(with_lock(tmp_path / "b", b"alpha==1\n"), section(interpreter=other))


@pytest.mark.parametrize(
    ("content", "changes", "message"),
    [
        (b"-e .\n", {}, "environment/requirements.txt: line 1: expected 'name==version', found '-e'"),
        (b"alpha==1 --hash=sha256:" + b"0" * 64, {}, "hashes: the manifest says 'none', the lock has 'complete'"),
        (b"alpha==1\n", {"wheels": ("environment/wheels/evil-1-py3-none-any.whl",)}, "is not a wheel of any pin"),
        (b"alpha==1\n", {"wheels": ("environment/wheels/alpha-2-py3-none-any.whl",)}, "is not a wheel of any pin"),
        (b"alpha==1\n", {"wheels": ("environment/wheels/alpha.whl",)}, "is not a wheel of any pin"),
        (
            b"alpha==1\n",
            {"wheels": ("environment/wheels/alpha-1-py3-none-any.whl", "environment/wheels/alpha-1-py2-none-any.whl")},
            "is a second wheel of 'alpha'",
        ),
    ],
)
def test_a_hostile_environment_is_refused_before_anything_runs(
    tmp_path: Path, content: bytes, changes: dict[str, object], message: str
) -> None:
    """A lock or a wheel's name that breaks a rule never reaches an installer."""
    with pytest.raises(RefusedInputError) as caught:
        build(with_lock(tmp_path / "b", content), section(**changes))

    assert message in str(caught.value)
    assert not list((tmp_path / "cache").rglob("*"))


def test_a_second_wheel_of_a_pin_is_refused_for_other_platforms_too(tmp_path: Path) -> None:
    """Which of two would be installed is nothing to guess."""
    wheels = [f"environment/wheels/alpha-1-{tag}-none-any.whl" for tag in ("py2", "py3")]
    bundle = with_lock(tmp_path / "b", b"alpha==1\n")
    (bundle / PORTABLE_PATH).write_bytes(b"alpha==1\n")
    recorded = section(portable=PORTABLE_PATH, wheels=tuple(wheels))
    with pytest.raises(RefusedInputError) as caught:
        build(bundle, recorded, portable=True)

    assert str(caught.value) == f"{wheels[1]}: is a second wheel of 'alpha'"


def test_a_sync_is_done_without_walls_only(tmp_path: Path) -> None:
    """It starts the reviewer's environment outside, with what the bundle's author chose: that has to be typed."""
    bundle = with_lock(tmp_path / "b", b"alpha==1\n")
    with pytest.raises(UnavailableError) as caught:
        syncing.sync(
            section(),
            bundle,
            tmp_path / "python",
            sandbox=sandbox.Sandbox("bwrap"),
            options=rebuild.Options(),
            say=print,
        )

    assert str(caught.value) == (
        "a sync lets what the bundle's author chose run outside the walls, whenever that environment is used"
    )


def test_a_pin_that_nobody_offers_is_named(tmp_path: Path) -> None:
    """One line says which requirement fails and how to offer it."""
    with pytest.raises(UnavailableError) as caught:
        build(with_lock(tmp_path / "b", b"no-such-thing-of-ours==1.0+cu128\n"), section(), offline=True)

    assert str(caught.value) == "no-such-thing-of-ours==1.0+cu128: no wheel of it is offered that fits this machine"
    assert "--find-links FOLDER" in str(caught.value.hint)
    assert not [place for place in (tmp_path / "cache" / "environments").iterdir() if place.is_dir()]


def test_another_build_than_the_pin_is_refused(tmp_path: Path) -> None:
    """What a version specifier would accept is not enough: the file's own version decides."""
    (tmp_path / "torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl").write_bytes(b"")

    with pytest.raises(
        RefusedInputError, match=r"^torch==2\.13\.0: expected a wheel of exactly this build, found 'torch-2"
    ):
        check_house([Pin("torch", "2.13.0")], tmp_path)


def test_the_folders_of_an_interpreter_hold_no_virtual_environment() -> None:
    """Behind walls a rebuilt environment sees its base interpreter, not the reviewer's own packages."""
    found = interpreters.find_interpreter(HERE)

    assert not any((folder / "pyvenv.cfg").exists() for folder in found.folders)
    if sys.prefix != sys.base_prefix:
        assert Path(sys.prefix) not in found.folders
        assert Path(sys.prefix) in interpreters.interpreter_folders(Path(sys.executable))


@pytest.fixture
def wheels_only(tmp_path: Path) -> tuple[Path, Section]:
    """A bundle of one own wheel, which needs no index."""
    wheel = make_wheel(tmp_path / "own", "local_pkg")
    bundle = with_lock(tmp_path / "bundle", lock_of(wheel), [wheel])
    return bundle, section(lock=HASHED, wheels=paths(wheel))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["none", "bwrap"])
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_own_wheels_alone_rebuild_without_any_index(
    wheels_only: tuple[Path, Section], kind: sandbox.Kind, installer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle whose every distribution is its own wheel installs offline, hashes checked, and the second time at once."""
    uv = find_uv()
    if installer == "uv" and uv is None:
        pytest.skip("uv is not installed")
    monkeypatch.setattr(rebuild, "find_uv", lambda: uv if installer == "uv" else None)
    built = build(*wheels_only, kind, offline=True)
    again = build(*wheels_only, kind, offline=True)

    assert (built.packages, built.vendored, built.hashes, built.cached, again.cached) == (1, 1, True, False, True)
    assert built.installer.startswith(installer)
    assert said_by(built, "import local_pkg; print(local_pkg.WORD)", kind) == "local_pkg\n"
    assert again.python == built.python


@pytest.mark.slow
def test_another_manifest_never_shares_own_wheels(wheels_only: tuple[Path, Section]) -> None:
    """An environment with wheels of a bundle is kept for that bundle alone."""
    first = build(*wheels_only)
    other = build(*wheels_only, identity=b"another manifest")

    assert other.python != first.python
    assert other.cached is False


@pytest.mark.slow
def test_without_hashes_another_wheel_is_never_taken_for_the_first(
    wheels_only: tuple[Path, Section], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Digests find accidents only: where they agree, under one manifest, the wheels' own bytes still decide."""
    bundle, recorded = wheels_only
    (bundle / "environment" / "requirements.txt").write_bytes(b"local-pkg==1.0\n")
    unhashed = section(wheels=recorded.wheels)
    monkeypatch.setattr(rebuild, "digest_file", lambda path: ("0" * 32, 1))
    first, again = build(bundle, unhashed), build(bundle, unhashed)
    with zipfile.ZipFile(bundle / recorded.wheels[0], "a") as archive:
        archive.comment = b"other bytes"
    other = build(bundle, unhashed)

    assert (again.cached, again.python) == (True, first.python)
    assert (other.cached, other.python == first.python) == (False, False)


@pytest.mark.slow
@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_a_wheel_that_does_not_match_its_hash_is_not_installed(
    wheels_only: tuple[Path, Section], installer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash in the lock guards the bundle's own wheels too; what was built so far stands apart and is named."""
    uv = find_uv()
    monkeypatch.setattr(rebuild, "find_uv", lambda: uv if installer == "uv" else None)
    bundle, recorded = wheels_only
    (bundle / "environment" / "requirements.txt").write_bytes(b"local-pkg==1.0 --hash=sha256:" + b"0" * 64 + b"\n")
    failed = tmp_path / "cache" / "failed" / "environment"
    with pytest.raises(RefusedInputError) as caught:
        build(bundle, recorded)

    assert str(caught.value) == "local-pkg==1.0: the archive offered does not match any hash in the lock"
    assert str(caught.value.hint).endswith(f"what was built so far is kept in {str(failed)!r}")
    assert (failed / "log.txt").read_text()
    assert not [place for place in (tmp_path / "cache" / "environments").iterdir() if place.is_dir()]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, float], Path]:
    """A real environment with one install of each origin, to be captured by a script that runs in it."""
    folder = tmp_path_factory.mktemp("online")
    venv = folder / "venv"
    run(sys.executable, "-m", "venv", venv)
    python = python_of(venv)
    for name in ("edit", "local", "vcs"):
        project(folder, name)
    for words in (("init", "-q"), ("add", "."), ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")):
        run("git", *words, cwd=folder / "vcs")
    run(python, "-m", "pip", "install", "-q", *NEEDED)
    own = ("-e", folder / "edit", folder / "local", f"git+file://{folder / 'vcs'}")
    run(python, "-m", "pip", "install", "-q", "--no-build-isolation", *own)

    def capture(name: str, budget: float) -> Path:
        out = folder / name
        out.mkdir()
        script = venv / "capture.py"
        script.write_text(CAPTURE)
        run(python, script, out, Path(reprobundle.__file__).parent.parent, budget, cwd=venv)
        return out

    return capture


@pytest.mark.slow
@pytest.mark.network
def test_every_origin_is_captured_and_rebuilt(
    captured: Callable[[str, float], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Index, editable, local and version control: locked with hashes, rebuilt by both installers, behind walls and not."""
    bundle, later = captured("first", 120), captured("second", 0)
    recorded = from_bytes(Section, (bundle / "section.json").read_bytes(), name="section")
    origins = {one.name: one.origin.kind for one in recorded.distributions if one.origin.kind != "index"}

    assert origins == {"edit-pkg": "editable", "local-pkg": "local", "vcs-pkg": "vcs"}
    assert recorded.lock is not None
    assert (recorded.lock.hashes, recorded.lock.why, recorded.left_out) == ("complete", None, ())
    assert [one.name for one in recorded.distributions if one.imported and one.origin.kind != "index"] == ["edit-pkg"]
    for path in recorded.wheels:
        assert (later / path).read_bytes() == (bundle / path).read_bytes()
    assert "they were not looked up, as no time was given for it" in (later / "notes.txt").read_text()
    here = str(bundle.parent).encode()
    assert [place for place in bundle.rglob("*") if place.is_file() and here in place.read_bytes()] == []

    uv = find_uv()
    for tool in (None, uv) if uv else (None,):
        for kind in ("none", "bwrap"):
            monkeypatch.setenv(VARIABLE, str(tmp_path / f"{kind}-{tool is None}"))
            monkeypatch.setattr(rebuild, "find_uv", lambda tool=tool: tool)
            built = build(bundle, recorded, kind)
            said = walls(kind).run([built.python, "-I", "-c", USE], reads=built.reads, writes=(), env={}, timeout=60)

            assert said.text == f"edit local vcs {sys.version_info[:2]}\n"
            assert built.packages == len(recorded.distributions)
