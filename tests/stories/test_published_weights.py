"""Weights that others published, out of packages on the index: captured from their files and replayed.

Three kinds: a state dict (MIT), a training checkpoint whose tensors were saved from a GPU, beside an optimizer's state
(Apache-2.0), and a TorchScript model that keeps a state of its own between calls (MIT); and one that is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from projects import make_project, python
from published import DIGITS, DIGITS_FILE, fetch
from support import require

import reprobundle
from reprobundle.components.environment.lock import Pin, read_lock
from reprobundle.components.environment.rebuilding.cache import VARIABLE
from reprobundle.report import Report, Rung

pytestmark = [pytest.mark.slow, pytest.mark.network]

PUBLISHED = {  # what it is called here: the package, and the file in its wheel
    "digits.pth": DIGITS_FILE,
    "speaker.pt": ("Resemblyzer==0.1.4", "resemblyzer/pretrained.pt"),
    "voice.jit": ("silero-vad==6.2.3", "silero_vad/data/silero_vad.jit"),
    "pitch.ckpt": ("pesto-pitch==2.0.1", "pesto/weights/mir-1k_g7.ckpt"),
}
NAMES = ("digits", "speaker", "voice")
NETS = '''
"""The classes of published weights, written from the names and shapes of their tensors."""
import torch
from torch import nn
'''
SPEAKER = """
class Speaker(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(40, 256, 3, batch_first=True)
        self.linear = nn.Linear(256, 256)
        self.similarity_weight = nn.Parameter(torch.zeros(1))
        self.similarity_bias = nn.Parameter(torch.zeros(1))

    def forward(self, mels):
        raw = torch.relu(self.linear(self.lstm(mels)[1][0][-1]))
        return raw / raw.norm(dim=1, keepdim=True)
"""
CAPTURE = """
import sys
from pathlib import Path

import torch
from nets import Digits, Speaker
from sklearn.datasets import load_digits

import reprobundle

if __name__ == "__main__":
    weights, out = map(Path, sys.argv[1:])
    images = torch.tensor(load_digits().images, dtype=torch.float32)[:, None] / 16
    images = torch.nn.functional.interpolate(images, size=20, mode="bilinear")  # in a margin of 4, as in MNIST
    images = (torch.nn.functional.pad(images, (4, 4, 4, 4)) - 0.1307) / 0.3081
    tone = (torch.arange(512) / 16000 * 440 * 2 * torch.pi).sin()[None]
    sounds = torch.rand(4, 160, 40, generator=torch.Generator().manual_seed(1))
    for name, file, factory, inputs in (
        ("digits", "digits.pth", Digits, images[:32]),
        ("speaker", "speaker.pt", Speaker, sounds),
        ("voice", "voice.jit", None, (tone, 16000)),
    ):
        reprobundle.capture(out / name, model=weights / file, factory=factory, inputs=inputs, budget=300, quiet=True)
    loaded = Digits().eval()
    loaded.load_state_dict(torch.load(weights / "digits.pth", weights_only=True))
    print((loaded(images).argmax(1).numpy() == load_digits().target).mean())
    try:
        reprobundle.capture(out / "pitch", model=weights / "pitch.ckpt", factory=Digits)
    except reprobundle.RefusedInputError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published files, each out of its wheel; no package is installed."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("published")
    fetch(folder, PUBLISHED)
    return folder


@pytest.fixture(scope="module")
def captured(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of the bundles, made from the files by one script, and what it printed."""
    folder = tmp_path_factory.mktemp("captured")
    project = make_project(folder / "project", nets=f"{NETS}\n{DIGITS}\n{SPEAKER}", capture=CAPTURE)
    finished = python("capture.py", str(weights), str(folder), cwd=project)
    assert finished.returncode == 0, finished.stderr
    project.rename(folder / "gone")
    return folder, finished.stdout.splitlines()


@pytest.fixture(scope="module")
def rebuilt(captured: tuple[Path, list[str]]) -> tuple[Report, Path]:
    """The first replay, and the Python of the environment that it rebuilt from the lock that all three share."""
    require("bwrap")
    own = captured[0] / "cache"  # other files' environments are made at the same time
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(own))
        report = reprobundle.replay(captured[0] / "digits", sandbox="bwrap", report=captured[0] / "first")
    (interpreter,) = [*own.glob("environments/*/bin/python"), *own.glob("environments/*/*/bin/python")]
    return report, interpreter


def _manifest(captured: tuple[Path, list[str]], name: str) -> reprobundle.Manifest:
    return reprobundle.verify(captured[0] / name).manifest


def _replay(captured: tuple[Path, list[str]], name: str, rebuilt: tuple[Report, Path], folder: Path) -> Report:
    return reprobundle.replay(captured[0] / name, env=rebuilt[1], sandbox="bwrap", report=folder / "report")


def _pins(bundle: Path) -> list[Pin]:
    """What is locked, without this program's own wheel, which is made anew of a source that is being worked on."""
    pins = read_lock((bundle / "environment" / "requirements.txt").read_bytes(), name="lock")
    return [pin for pin in pins if pin.name != "reprobundle"]


def _graded(report: Report) -> set[str]:
    return {finding.message for finding in report.findings if finding.grade is not None}


def test_published_files_are_proven(captured: tuple[Path, list[str]]) -> None:
    """Each file is reloaded bitwise from its bundle; the manifest says where the weights stood and what was left behind."""
    manifests = {name: _manifest(captured, name) for name in NAMES}
    given: dict[str, Any] = {name: manifest.model.given for name, manifest in manifests.items()}

    assert {manifest.proof.status for manifest in manifests.values()} == {"bitwise"}
    assert [(given[name].kind, given[name].name, given[name].key) for name in NAMES] == [
        ("checkpoint", "digits.pth", None),
        ("checkpoint", "speaker.pt", "model_state"),
        ("torchscript", "voice.jit", None),
    ]
    assert given["speaker"].left_out == ("step", "optimizer_state")
    assert {entry.name for entry in manifests["speaker"].model.tensors} >= {"lstm.weight_ih_l0", "similarity_bias"}
    assert float(captured[1][0]) == pytest.approx(0.8164, abs=0.001)


def test_unsafe_checkpoint_is_refused_by_name(captured: tuple[Path, list[str]]) -> None:
    """A published checkpoint that would call other libraries when it is read is never read, and they are named."""
    assert captured[1][1].startswith("model 'pitch.ckpt': is a pickle that would call 'builtins.dict', ")
    assert "'omegaconf.dictconfig.DictConfig'" in captured[1][1]
    assert not (captured[0] / "pitch").exists()


def test_rebuilt_environment_gives_the_same_bits(
    captured: tuple[Path, list[str]], rebuilt: tuple[Report, Path]
) -> None:
    """The state dict is replayed bitwise in an environment that was installed from the lock, every hash checked."""
    report, _ = rebuilt

    assert report.verdict.sentence == "reproduced, bitwise"
    assert report.environment is not None
    assert (report.environment.how, report.environment.hashes) == ("rebuild", True)


@pytest.mark.parametrize("name", ["speaker", "voice"])
def test_the_same_lock_needs_no_second_environment(
    captured: tuple[Path, list[str]], rebuilt: tuple[Report, Path], tmp_path: Path, name: str
) -> None:
    """The other two were locked alike; in the environment made from that lock they give the same bits."""
    report = _replay(captured, name, rebuilt, tmp_path)

    assert _pins(captured[0] / name) == _pins(captured[0] / "digits")
    assert report.verdict.sentence.startswith("reproduced, bitwise")
    assert (report.verdict.controls == "unsteady") is (name == "voice")  # which keeps a state from call to call


@pytest.mark.parametrize("name", ["speaker", "voice"])  # of the digits test_instruction_sets.py has more
def test_older_instructions_are_named(
    captured: tuple[Path, list[str]],
    rebuilt: tuple[Report, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    """As on a processor without AVX-512 the outputs are close at least, and the report says what was set."""
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    report = _replay(captured, name, rebuilt, tmp_path)

    assert report.verdict.reproduced, json.dumps([one.model_dump(mode="json") for one in report.outputs])
    assert report.verdict.rung in {Rung.BITWISE, Rung.CLOSE}
    assert {"variables.ATEN_CPU_CAPABILITY differs", "variables.ONEDNN_MAX_CPU_ISA differs"} <= _graded(report)
