"""Without this program: the six commands of a bundle's own page, typed by bash where no reprobundle is."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from forging import forged
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from reprobundle.bundle import verify
from reprobundle.components.environment.lock import read_lock, write_lock
from reprobundle.components.environment.section import LOCK_PATH
from reprobundle.components.interface import Stage
from reprobundle.exports.by_hand import PAGE
from reprobundle.manifest import Manifest
from reprobundle.resealing import reseal
from reprobundle.store import list_files

pytestmark = [
    pytest.mark.slow,
    pytest.mark.network,
    pytest.mark.skipif(os.name == "nt", reason="the page's commands are those of a POSIX shell"),
]
NEEDED = ("torch", "numpy", "safetensors", "xxhash")
IMPORTABLE = "import importlib.util, sys; sys.exit(importlib.util.find_spec('reprobundle') is not None)"

Finished = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Stranger:
    """Somebody who has a bundle, Python, pip and nothing else.

    Attributes:
        bundle: The bundle, alone in its folder before the first command.
        variables: What their terminal has set.
        said: What came of the six commands, in their order.
    """

    bundle: Path
    variables: Mapping[str, str]
    said: tuple[Finished, ...]

    def types(self, bundle: Path, numbers: slice) -> list[Finished]:
        """Some of the commands of another bundle's page, in its folder beside the first."""
        shutil.rmtree(self.bundle.parent / "by-hand" / "out", ignore_errors=True)
        return [typed(line, bundle, self.variables) for line in commands(bundle)[numbers]]


@pytest.fixture(scope="module")
def stranger(perceptron: Path, tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """The six commands, typed once; HOME is an empty folder, PYTHONPATH is not set."""
    folder = tmp_path_factory.mktemp("stranger")
    bundle = reseal(verify(perceptron), folder / "bundle", lean(perceptron)).path
    places = [str(Path(sys.base_prefix) / "bin"), str(Path(sys.executable).parent), os.defpath]
    variables = {
        **{name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))},
        "PATH": os.pathsep.join(places),
        "HOME": str(tmp_path_factory.mktemp("home")),
        "PIP_CACHE_DIR": pip_cache(),
    }
    return Stranger(bundle, variables, tuple(typed(line, bundle, variables) for line in commands(bundle)))


def commands(bundle: Path) -> list[str]:
    """The commands as they stand on the bundle's page."""
    return re.findall(r"^```sh\n(.*)\n```$", (bundle / PAGE).read_text("utf-8"), re.MULTILINE)


def typed(line: str, bundle: Path, variables: Mapping[str, str]) -> Finished:
    """One command, typed in the bundle's folder."""
    return subprocess.run(
        ["bash", "-c", line], cwd=bundle, env=dict(variables), capture_output=True, text=True, timeout=600, check=False
    )


def pip_cache() -> str:
    """Where pip keeps what it fetched: HOME is elsewhere, and torch is large."""
    argv = [sys.executable, "-m", "pip", "cache", "dir"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()


def lean(bundle: Path) -> Callable[[Manifest, Stage], Manifest]:
    """The lock of somebody who has the model's own libraries and no reprobundle: what was captured from, but for the rest."""

    def change(manifest: Manifest, stage: Stage) -> Manifest:
        needed = set(closure(NEEDED))
        pins = [pin for pin in read_lock((bundle / LOCK_PATH).read_bytes()) if pin.name in needed]
        stage.writer.write(LOCK_PATH, write_lock(pins))
        less = {"wheels": (), "pylock": None, "portable": None}
        return manifest.model_copy(update={"environment": manifest.environment.model_copy(update=less)})

    return change


def closure(names: tuple[str, ...]) -> Iterator[str]:
    """Distributions and what they need here."""
    for name in names:
        yield str(canonicalize_name(name))
        requires = [Requirement(text) for text in importlib.metadata.requires(name) or ()]
        wanted = [one.name for one in requires if one.marker is None or one.marker.evaluate({"extra": ""})]
        yield from closure(tuple(wanted))


def test_six_commands_give_the_same_outputs_bitwise(stranger: Stranger) -> None:
    """Rebuilt, checked, run and compared without this program: every output, and what the preprocessing makes."""
    assert [(finished.returncode, finished.stderr[-2000:]) for finished in stranger.said if finished.returncode] == []
    assert len(stranger.said) == 6
    assert stranger.said[2].stdout.endswith(
        f"bundle id {verify(stranger.bundle).id}: compare it with the one you were told\n"
    )
    assert stranger.said[5].stdout == (
        "weights: 4 tensors after load, all as recorded\n"
        "output 'value': bitwise (F32 (16, 3))\n"
        "preprocessed 'value': bitwise (F32 (16, 4))\n"
        "THE SAME, bit for bit\n"
    )


def test_nothing_of_this_program_was_there(stranger: Stranger) -> None:
    """It cannot be imported in the environment that was made, and the bundle is as it was sealed."""
    found = typed(f'../by-hand/bin/python -c "{IMPORTABLE}"', stranger.bundle, stranger.variables)
    beside = sorted(path.name for path in stranger.bundle.parent.iterdir())

    assert found.returncode == 0, found.stderr
    assert verify(stranger.bundle).manifest.environment.wheels == ()
    assert beside == ["bundle", "by-hand"]


def test_a_flipped_byte_is_refused_by_the_third_command(stranger: Stranger, tmp_path: Path) -> None:
    """Before anything of the bundle is run."""
    spoilt = shutil.copytree(stranger.bundle, stranger.bundle.parent / "spoilt")
    content = bytearray((spoilt / "model.safetensors").read_bytes())
    content[-3] ^= 64
    (spoilt / "model.safetensors").write_bytes(content)
    (checked,) = stranger.types(spoilt, slice(2, 3))
    shutil.rmtree(spoilt)

    assert checked.returncode == 1
    assert checked.stdout.startswith("model.safetensors: digest differs: expected ")


def test_other_weights_with_fitting_digests_are_different(stranger: Stranger) -> None:
    """The files are whole, so the third command agrees; the sixth says what the model really gives."""

    def edit(folder: Path, manifest: dict[str, object]) -> None:
        content = bytearray((folder / "model.safetensors").read_bytes())
        content[-3] ^= 64
        (folder / "model.safetensors").write_bytes(content)

    other = forged(stranger.bundle, stranger.bundle.parent / "other", edit)
    before = list_files(other)
    checked, _, ran, compared = stranger.types(other, slice(2, 6))
    after = list_files(other)
    shutil.rmtree(other)

    assert [checked.returncode, ran.returncode, compared.returncode] == [0, 0, 1], ran.stderr
    assert "\noutput 'value': different: " in compared.stdout
    assert "weights: tensor 'second.weight' is not the recorded one\n" in compared.stdout
    assert compared.stdout.endswith("DIFFERENT: 2 lines above say where\n")
    assert after == before
