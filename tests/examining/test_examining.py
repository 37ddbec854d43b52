"""What of a bundle can be replayed on this machine."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from forging import forged
from support import require
from tiny import tiny_bundle, tiny_manifest

import reprobundle
from reprobundle import memory, records
from reprobundle import sandbox as sandboxes
from reprobundle.components import model, outputs
from reprobundle.components.environment.rebuilding.interpreters import find_interpreter
from reprobundle.components.environment.section import Edited, Interpreter, LockFacts
from reprobundle.errors import RefusedInputError
from reprobundle.examining import Examination, machine, packages
from reprobundle.manifest import Proof
from reprobundle.store import digest_bytes

TREE = outputs.Tree(file="replay/inputs.safetensors", structure={})
LOCK = b"numpy==2.3.5\nplain==1.0+mine\ntorch==2.13.0+cpu\n"
SMI = """#!/bin/sh
echo "NVIDIA H200, {driver}, {free}"
"""


def bundle(folder: Path, **changed: Any) -> Path:
    """A bundle that can be run in this Python, with a lock without hashes."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    here = Interpreter(implementation=sys.implementation.name, version=version, build="", cache_tag=None)
    environment = tiny_manifest().environment.model_copy(
        update={
            "interpreter": here,
            "lock": LockFacts(hashes="none", why="no index", by="none"),
            "index_hints": {"torch": "pytorch/cpu"},
            **changed.pop("environment", {}),
        }
    )
    plain = tiny_bundle(folder.with_name(f"{folder.name}-plain"), environment=environment, **changed)

    def edit(place: Path, manifest: dict[str, Any]) -> None:
        (place / "environment" / "requirements.txt").write_bytes(LOCK)
        (place / "replay").mkdir()
        for name in ("inputs", "expected"):
            shutil.copy(place / "model.safetensors", place / "replay" / f"{name}.safetensors")
            manifest["outputs"][name] = {"file": f"replay/{name}.safetensors", "structure": {}}

    return forged(plain, folder, edit)


def told(found: Examination, subject: str) -> list[tuple[str, str]]:
    """Outcome and message of each check on a subject."""
    return [(check.outcome, check.message) for check in found.checks if check.subject == subject]


def test_a_bundle_that_can_be_replayed_has_no_block(tmp_path: Path) -> None:
    """Each thing a replay needs is named with what was found; weak spots are warnings, and each has a way out."""
    require("bwrap")
    found = reprobundle.examine(bundle(tmp_path / "x"))

    assert found.exit_code == 0
    assert found.of("blocks") == ()
    assert told(found, "bundle") == [("ok", "intact, UNSIGNED: 7 files as the manifest lists them")]
    assert told(found, "lock") == [("warning", "3 packages WITHOUT HASHES (no index)")]
    assert told(found, "index") == [
        ("warning", "plain==1.0+mine is a build of its own, which the public index does not offer"),
        ("ok", "torch==2.13.0+cpu: where your own index has it not, PyTorch's public one is asked (pytorch/cpu)"),
    ]
    assert told(found, "device") == [("ok", "the model was captured on the processor")]
    assert {check.subject for check in found.checks} == {
        "bundle", "model", "sandbox", "python", "platform", "lock", "packages", "index", "disk", "device", "memory"
    }  # fmt: skip
    assert [check.subject for check in found.of("warning") if not check.hint] == []


def test_the_document_reads_back(tmp_path: Path) -> None:
    """The answer is a document like every other."""
    found = reprobundle.examine(bundle(tmp_path / "x"))

    assert records.from_bytes(Examination, records.to_bytes(found), name="doctor") == found


def test_what_a_killed_capture_left_is_named(tmp_path: Path) -> None:
    """It is in nobody's way, so nothing is worse for it; the hint removes it."""
    place = bundle(tmp_path / "b")
    left = tmp_path / ".b.partial-0123abcd"
    left.mkdir()
    found = reprobundle.examine(place)

    assert told(found, "remains") == [("ok", "1 folder of killed captures beside it: .b.partial-0123abcd")]
    assert found.checks[-1].hint == f"rm -r {left}"


def test_what_is_no_bundle_is_refused(tmp_path: Path) -> None:
    """An altered file ends the examination: nothing more can be said of it."""
    place = bundle(tmp_path / "x")
    (place / "model.safetensors").write_bytes(b"x" * 94)

    with pytest.raises(RefusedInputError):
        reprobundle.examine(place)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"entry": None}, "it cannot be run at all: the model has no name that can be imported"),
        ({"init": None}, "it cannot be run at all: the arguments of the model's constructor are not known"),
    ],
)
def test_a_model_that_cannot_be_run_blocks(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    """No machine helps where the bundle itself lacks what a replay needs."""
    section = tiny_manifest().model.model_copy(update=changed)
    found = reprobundle.examine(bundle(tmp_path / "x", model=section))

    assert found.exit_code == 3
    assert told(found, "model") == [("blocks", message)]


def test_an_unproven_bundle_is_a_warning(tmp_path: Path) -> None:
    """The person learns that a failure may not be this machine's."""
    found = reprobundle.examine(bundle(tmp_path / "x", proof=Proof(status="failed", why="at load: no")))

    assert told(found, "model") == [("warning", "it was not proven at capture: at load: no")]


def test_a_missing_interpreter_blocks(tmp_path: Path) -> None:
    """Its version is named, and how to come by it."""
    missing = Interpreter(implementation="cpython", version="3.99.1", build="", cache_tag=None)
    found = reprobundle.examine(bundle(tmp_path / "x", environment={"interpreter": missing}))
    (check,) = (check for check in found.checks if check.subject == "python")

    assert found.exit_code == 3
    assert check.outcome == "blocks"
    assert check.message.startswith("cpython 3.99 is not here")
    assert "--env current" in (check.hint or "")


def test_no_sandbox_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's bundle needs walls; how to get them, or how to do without, is the way out."""
    monkeypatch.setattr(sandboxes.walls, "PROGRAM_FOLDERS", str(tmp_path))
    (check,) = (check for check in reprobundle.examine(bundle(tmp_path / "x")).checks if check.subject == "sandbox")

    assert (check.outcome, check.hint) == ("blocks", sandboxes.HOW_TO_GET_ONE)


def test_an_edit_that_did_not_come_along_is_a_warning(tmp_path: Path) -> None:
    """What an index offers is not what ran, and no screen may say that all is well."""
    distributions = tiny_manifest().environment.distributions
    changed = distributions[0].model_copy(update={"edited": Edited(count=1, paths=("a.py",))})
    found = reprobundle.examine(bundle(tmp_path / "x", environment={"distributions": (changed, *distributions[1:])}))
    label = f"{changed.name} {changed.version}"

    assert told(found, "edited") == [
        ("warning", f"{label} was edited at capture, and the bundle does not bring it as it was")
    ]


def test_a_bundle_without_a_lock_blocks(tmp_path: Path) -> None:
    """There is nothing to rebuild from."""
    place = tiny_bundle(tmp_path / "x", environment=tiny_manifest().environment.model_copy(update={"lock": None}))
    found = reprobundle.examine(place)

    assert told(found, "lock") == [("blocks", "the bundle has no lock to rebuild its environment from")]


def test_wheels_of_another_platform_block(tmp_path: Path) -> None:
    """A wheel in the bundle that this Python cannot install is named."""
    wheels = [f"environment/wheels/plain-1.0+mine-{tag}.whl" for tag in ("cp311-cp311-win_amd64", "py3-none-any")]
    outcomes = []
    for number, path in enumerate(wheels):

        def edit(place: Path, manifest: dict[str, Any], path: str = path) -> None:
            (place / "environment" / "wheels").mkdir()
            (place / path).write_bytes(b"")
            manifest["environment"]["wheels"] = [path]

        place = forged(bundle(tmp_path / f"x{number}"), tmp_path / f"y{number}", edit)
        outcomes += told(reprobundle.examine(place), "wheels")

    assert outcomes == [
        (
            "blocks",
            "wheels of the bundle itself do not fit this Python or system: plain-1.0+mine-cp311-cp311-win_amd64.whl",
        ),
        ("ok", "1 wheel of the bundle itself, all of which fit here"),
    ]


def test_another_minor_version_has_tags_of_its_own() -> None:
    """Wheels are judged by the Python that would install them, not by the one that runs this program."""
    found = find_interpreter(
        Interpreter(
            implementation="cpython", version=f"{sys.version_info[0]}.{sys.version_info[1]}.0", build="", cache_tag=None
        )
    )
    other = type(found)(**{**vars(found), "version": "3.99.0"})

    assert {tag.interpreter for tag in packages.fitting_tags(other)} >= {"cp399", "py3", "py399"}
    assert "cp399" not in {tag.interpreter for tag in packages.fitting_tags(found)}


@pytest.mark.parametrize(
    ("platform", "message"),
    [
        ({"system": "Windows"}, "captured on Windows "),
        ({"machine": "riscv64"}, " riscv64, here is "),
        ({"libc": "glibc 9.99"}, "captured with glibc 9.99, here is "),
        ({"libc": "musl 1.2"}, "captured with musl 1.2, here is "),
    ],
)
def test_another_system_is_a_warning(tmp_path: Path, platform: dict[str, str], message: str) -> None:
    """A newer C library or another machine may not take the locked wheels; the portable lock may help."""
    import platform as here

    if "libc" in platform and not any(here.libc_ver()):
        pytest.skip("this system has no C library to compare")
    own = tiny_manifest().environment.platform.model_copy(
        update={"system": here.system(), "machine": here.machine(), **platform}
    )
    (check,) = machine.platform_checks(tiny_manifest().environment.model_copy(update={"platform": own}))

    assert check.outcome == "warning"
    assert message in check.message
    assert check.hint == machine.PORTABLE


def tool(folder: Path, monkeypatch: pytest.MonkeyPatch, *, driver: str = "580.65", free: str = "140000") -> None:
    """A program in the place of NVIDIA's, which says what that one would."""
    place = folder / "bin" / "nvidia-smi"
    place.parent.mkdir()
    place.write_text(SMI.format(driver=driver, free=free))
    place.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{place.parent}{os.pathsep}{os.environ['PATH']}")


def on_cuda(size: int = 2) -> Any:
    """A manifest of a model that was captured on a graphics processor of NVIDIA."""
    manifest = tiny_manifest()
    entry = model.TensorEntry(name="w", dtype="F32", shape=(size,), xxh3_128="0" * 32)
    section = manifest.model.model_copy(update={"device": "cuda", "tensors": (entry,)})
    environment = manifest.environment.model_copy(update={"numerics": {"torch.cuda": "12.8"}})
    return manifest.model_copy(update={"model": section, "environment": environment})


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a shell script")
@pytest.mark.parametrize(
    ("told_by_tool", "size", "expected"),
    [
        ({}, 2, ("ok", "NVIDIA H200 is here, driver 580.65")),
        ({"driver": "520.10"}, 2, ("warning", "CUDA 12.8 needs a driver from 525 on, here is 520.10")),
        (
            {"free": "1"},
            10**6,
            ("warning", "NVIDIA H200 is here, but the model needs about 5.2 MB of its memory, 1.0 MB are free"),
        ),
        ({"free": "[N/A]"}, 10**6, ("ok", "NVIDIA H200 is here, driver 580.65")),
    ],
)
def test_a_graphics_processor_is_asked_by_its_own_tool(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told_by_tool: dict[str, str],
    size: int,
    expected: tuple[str, str],
) -> None:
    """No framework is loaded to learn its name, the driver's age and the free memory."""
    tool(tmp_path, monkeypatch, **told_by_tool)
    (check,) = machine.device_checks(on_cuda(size))

    assert (check.outcome, check.message) == expected


def test_no_graphics_processor_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model then runs on the processor, which proves less."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (check,) = machine.device_checks(on_cuda())

    assert (check.outcome, check.message) == ("warning", "captured on a graphics processor of NVIDIA, and none is here")


def test_a_model_that_does_not_fit_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before the load fails."""
    monkeypatch.setattr(memory, "host_bytes", lambda: 1000)
    (check,) = machine.memory_checks(on_cuda(size=1000))

    assert (check.outcome, check.message) == ("warning", "about 400.0 MB are needed, 1.0 kB are free")


def _key_of(place: Path, section: Any, walls: sandboxes.Sandbox, options: Any) -> bytes:
    """The key under which a rebuild would keep it."""
    from reprobundle.components.environment.rebuilding import rebuild
    from reprobundle.components.environment.rebuilding.wanted import read_wanted

    wanted, python = read_wanted(section, place, portable=False), find_interpreter(section.interpreter)
    identity = (place / "manifest.json").read_bytes()
    return rebuild._key(wanted, python, identity=identity, sandbox=walls, options=options)


def test_an_environment_that_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the very same one was rebuilt before, neither an index nor room is needed."""
    require("bwrap")
    from reprobundle.components.environment.rebuilding import cache, rebuild

    place = bundle(tmp_path / "x")
    opened = reprobundle.verify(place)
    section, walls = opened.manifest.environment, sandboxes.Sandbox("bwrap")
    options = rebuild.Options()
    arguments = {"bundle": place, "identity": opened.bundle.content, "sandbox": walls, "options": options}
    assert not rebuild.is_cached(section, **arguments)
    seen: list[Path] = []
    monkeypatch.setattr(cache, "is_complete", lambda place, key, beside=(): seen.append(place) is None)
    digest = digest_bytes(_key_of(place, section, walls, options))
    (cache.folder() / digest).mkdir()
    found = reprobundle.examine(place)

    (cache.folder() / digest).rmdir()

    assert [place.name for place in seen] == [digest]
    assert told(found, "packages") == [("ok", "the environment was rebuilt here before and is used again")]
    assert told(found, "disk") == []
