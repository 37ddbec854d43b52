"""A model whose own file says all: captured, proven and replayed without a class or arguments."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import NET, make_project, python

import reprobundle
from reprobundle import cli
from reprobundle.bundle import verify

pytestmark = pytest.mark.slow

SCRIPTED = """
import sys, warnings
import torch
from net import Net
import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    model, x = Net(hidden=8), torch.ones(2, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(model)
        torch.jit.save(scripted, "kept.pt")
    for place, given in (("file", "kept.pt"), ("memory", scripted), ("again", scripted)):
        captured = reprobundle.capture(f"{sys.argv[1]}/{place}/b", model=given, inputs=x, budget=0, proof=place != "again")
        print(captured.proof.status, *(note.message for note in captured.notes if note.kind == "model"))
"""


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One TorchScript model captured from its file, from memory, and from memory once more."""
    folder = tmp_path_factory.mktemp("scripted")
    project = make_project(folder / "project", net=NET, train=SCRIPTED)
    for place in ("file", "memory", "again"):
        (folder / place).mkdir()
    finished = python("-W", "ignore", "train.py", str(folder), cwd=project)

    ran = "'kept.pt' is a TorchScript file: code in it ran in this process"
    assert finished.stdout == f"bitwise {ran}\nbitwise\nnot run\n", finished.stderr
    return folder


def test_torchscript_is_kept_as_its_file(captured: Path) -> None:
    """The bundle holds the very file that was given; one from memory is the same each time."""
    model = verify(captured / "file" / "b").manifest.model

    assert (model.loader, model.entry, model.init, model.files) == ("for_torchscript", None, None, ("model.pt",))
    assert [entry.name for entry in model.tensors] == ["first.weight", "first.bias", "second.weight", "second.bias"]
    assert model.parameters == 67
    assert model.given is not None
    assert (model.given.kind, model.given.name, model.given.linked) == ("torchscript", "kept.pt", True)
    assert (captured / "file/b/model.pt").read_bytes() == (captured / "project/kept.pt").read_bytes()
    assert (captured / "memory/b/model.pt").read_bytes() == (captured / "again/b/model.pt").read_bytes()


@pytest.mark.parametrize("place", ["file", "memory"])
def test_torchscript_is_replayed_bitwise(captured: Path, tmp_path: Path, place: str) -> None:
    """Its tensors are compared after load, as those of any torch model."""
    report = reprobundle.replay(captured / place / "b", env="current", sandbox="none", report=tmp_path / "report")

    assert report.verdict.sentence == "reproduced, bitwise"
    assert "weights after load: 4 tensors as recorded; what else stands in the model's own file was not looked at" in [
        finding.message for finding in report.findings
    ]


def test_verify_names_what_holds_computation(captured: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reader sees that the one file is more than weights."""
    code = cli.main(["verify", str(captured / "file" / "b")])

    assert code == 0
    assert "weights and computation in one TorchScript file" in " ".join(capsys.readouterr().out.split())


def test_the_card_tells_how_to_load_it(captured: Path) -> None:
    """The snippet names the runtime's own call."""
    card = (captured / "file" / "b" / "README.md").read_text("utf-8")

    assert 'model = torch.jit.load("model.pt").eval()' in card
    assert "library_name: pytorch" in card
