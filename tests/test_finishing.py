"""What capture had no network for is done later, in a new bundle, or not at all."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import pytest
from tiny import tiny_manifest
from wheelhouse import Index, make_wheel, serving, sha256

from reprobundle import bundle as bundles
from reprobundle import captures, cli, finishing
from reprobundle.bundle import verify
from reprobundle.components import environment
from reprobundle.components.environment.section import Distribution, Interpreter, LockFacts, Origin, Platform
from reprobundle.components.interface import Site
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.report import Finding, Status
from reprobundle.store import Writer, staging

NOTES = (
    Finding(kind="code", status=Status.NOTE, message="no git repository"),
    Finding(kind="environment", status=Status.NOTE, message="the lock has no hashes: there was no network"),
)


def unlocked(folder: Path, *, lock: LockFacts | None) -> Path:
    """A bundle captured by this very Python, whose lock names two small distributions without hashes."""
    section = tiny_manifest().environment.model_copy(
        update={
            "interpreter": Interpreter(
                implementation=sys.implementation.name, version=platform.python_version(), build="", cache_tag=None
            ),
            "platform": Platform(system=platform.system(), machine=platform.machine(), libc=None),
            "distributions": tuple(
                Distribution(name=name, version="1.0", origin=Origin(kind="index"), imported=True)
                for name in ("alpha", "beta")
            ),
            "lock": lock,
        }
    )
    with staging(folder) as place:
        writer = Writer(place)
        manifest = tiny_manifest(environment=section, notes=NOTES)
        from tiny import WEIGHTS

        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        if lock is not None:
            writer.write(lock.path, b"alpha==1.0\nbeta==1.0\n")
        for split in manifest.data.splits:
            writer.write(split.listing, b"\n")
        bundles.seal(writer, manifest)
    return folder


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Such a bundle, the person's pip settings out of the way and a capture log of its own."""
    for name in ("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    return unlocked(tmp_path / "model", lock=LockFacts(hashes="none", why="there was no network", by="none"))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bare: Path) -> Index:
    """A real index on loopback that offers both distributions."""
    for name in ("alpha", "beta"):
        make_wheel(tmp_path / "house", name)
    with serving(tmp_path / "house") as served:
        monkeypatch.setenv("PIP_INDEX_URL", served.address)
        yield served


def test_a_complete_lock_needs_nothing(tmp_path, monkeypatch, capsys):
    """Nothing is made, nothing is asked, and the answer is 0."""
    bundle = unlocked(tmp_path / "model", lock=LockFacts(hashes="complete", why=None, by="uv"))
    monkeypatch.chdir(tmp_path)

    assert finishing.lock(bundle) is None
    assert cli.main(["lock", "model"]) == 0
    assert capsys.readouterr().out == "nothing is missing in the lock of model; nothing was made\n"
    assert cli.main(["lock", "model", "--json"]) == 0
    assert '"path": null' in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_without_a_lock_there_is_nothing_to_complete(tmp_path):
    """A bundle in which nothing could be pinned says so."""
    with pytest.raises(UnavailableError) as caught:
        finishing.lock(unlocked(tmp_path / "model", lock=None))

    assert str(caught.value) == (
        "the bundle has no lock that could be completed: nothing that was installed could be pinned"
    )


def test_an_existing_target_is_refused_before_any_index_is_asked(bare, tmp_path, index):
    """The default is NAME-locked beside NAME, and nothing is overwritten."""
    (tmp_path / "model-locked").mkdir()
    with pytest.raises(UsageError):
        finishing.lock(bare)

    assert index.asked == []


@pytest.mark.slow
def test_hashes_are_added_in_a_new_bundle(bare, tmp_path, index, capsys):
    """The lock has the index's hashes, the note is taken back, and the new bundle names the old one."""
    before = verify(bare)
    code = cli.main(["lock", str(bare)])
    printed = capsys.readouterr()
    made = verify(tmp_path / "model-locked")
    lock = (made.path / "environment" / "requirements.txt").read_text()

    assert code == 0, printed.err
    assert printed.out.startswith(f"LOCKED\nbundle       {tmp_path / 'model-locked'}\n             {made.id}\n")
    assert f"made from    {before.id}\n" in printed.out
    assert made.manifest.previous == (before.id,)
    assert made.manifest.environment.lock is not None
    assert made.manifest.environment.lock.hashes == "complete"
    for name in ("alpha", "beta"):
        wheel = tmp_path / "house" / f"{name}-1.0-py3-none-any.whl"
        assert f"{name}==1.0 \\\n    --hash=sha256:{sha256(wheel)}\n" in lock
    assert [note.message for note in made.manifest.notes if note.message.startswith("the lock has no")] == []
    assert (made.path / "model.safetensors").stat().st_ino == (bare / "model.safetensors").stat().st_ino
    assert verify(bare).id == before.id
    assert index.address.split("/")[2] not in "".join(path.read_text("latin-1") for path in made.path.rglob("*.*"))


@pytest.mark.slow
def test_all_wheels_can_be_packed(bare, tmp_path, index):
    """With ``--vendor all`` every pin has its wheel in the bundle, and asking again finds nothing missing."""
    made = finishing.lock(bare, out=tmp_path / "whole", vendor="all")

    assert made is not None
    assert made.manifest.environment.wheels == (
        "environment/wheels/alpha-1.0-py3-none-any.whl",
        "environment/wheels/beta-1.0-py3-none-any.whl",
    )
    assert finishing.lock(made.path, vendor="all") is None


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--vendor", "all"]])
def test_what_cannot_be_completed_makes_nothing(bare, tmp_path, capsys, options):
    """Without an index in reach: 3, the reason in one line, and no folder."""
    code = cli.main(["lock", str(bare), "--budget", "20", *options])
    complaint = capsys.readouterr().err

    assert code == 3
    assert complaint.startswith("reprobundle: the lock could not be completed: ")
    assert "hint: pip config list shows which indexes were asked" in complaint
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "state") == ["model"]


def test_a_lock_without_hashes_is_never_silent(bare, capsys):
    """``show`` and ``verify`` say it, with the way out."""
    cli.main(["show", str(bare)])
    shown = capsys.readouterr().out
    cli.main(["verify", str(bare)])
    verified = capsys.readouterr().out

    assert "lock: WITHOUT HASHES: there was no network; reprobundle lock BUNDLE adds them" in shown
    assert "lock         WITHOUT HASHES: there was no network; reprobundle lock BUNDLE adds them" in verified


def test_a_replay_says_that_the_lock_has_no_hashes(bare):
    """Whatever the model was run in, the finding is there, and gone once there are hashes."""
    section = verify(bare).manifest.environment
    complete = section.model_copy(update={"lock": LockFacts(hashes="complete", why=None, by="uv")})
    (found,) = [finding for finding in environment.check(section, Site(root=bare)) if "hashes" in finding.message]

    assert found.message == (
        "the lock has no hashes (there was no network): what it installs is whatever an index serves under those names"
    )
    assert found.hint == "reprobundle lock BUNDLE adds them"
    assert [finding for finding in environment.check(complete, Site(root=bare)) if "hashes" in finding.message] == []


@pytest.mark.parametrize(("own", "packable"), [(True, None), (False, frozenset({"alpha"}))])
def test_only_ones_own_capture_takes_from_this_environment_unasked(bare, monkeypatch, own, packable):
    """For a stranger's bundle what may be packed has to be named."""
    asked = []

    def completed(_section, _stage, _root, _vendor, packable):
        asked.append(packable)
        raise UnavailableError("enough")

    monkeypatch.setattr(finishing, "_completed", completed)
    if own:
        captures.remember((bare / "manifest.json").read_bytes(), bare)
    with pytest.raises(UnavailableError):
        finishing.lock(bare, pack=("Alpha",))

    assert asked == [packable]


def test_what_the_lock_does_not_name_cannot_be_packed(bare):
    """A slip of the pen is told before any index is asked."""
    with pytest.raises(UsageError) as caught:
        finishing.lock(bare, pack=("alpah",))

    assert str(caught.value) == "pack: expected names of distributions that the bundle names, found 'alpah'"
