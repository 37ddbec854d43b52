"""TorchScript modules in memory: one form of file, without the machine that wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

torch = pytest.importorskip("torch")

from reprobundle.components.model import torchscript_file  # noqa: E402  needs torch

WRITE = """
import sys
import torch
from pathlib import Path
from reprobundle.components.model import torchscript_file

torch.manual_seed(0)
module = torch.nn.Sequential(torch.nn.Conv1d(1, 2, 1), torch.nn.Linear(4, 8))
torch.jit.save(torch.jit.script(module), sys.argv[1] + ".raw")
torchscript_file.rewrite(Path(sys.argv[1] + ".raw"), Path(sys.argv[1]))
"""


def test_two_processes_write_the_same_bytes(tmp_path):
    """Whatever the order of sets in a process: constants are sorted, and the stamp is made of the content."""
    (tmp_path / "write.py").write_text(WRITE)
    for seed in ("1", "2"):
        command = [sys.executable, "-W", "ignore", tmp_path / "write.py", tmp_path / seed / "model.pt"]
        (tmp_path / seed).mkdir()
        subprocess.run(command, check=True, cwd=tmp_path / seed, env={**os.environ, "PYTHONHASHSEED": seed})
    content = [(tmp_path / seed / "model.pt").read_bytes() for seed in ("1", "2")]

    assert content[0] == content[1]
    assert str(tmp_path).encode() not in content[0]
    assert not [name for name in zipfile.ZipFile(tmp_path / "1/model.pt").namelist() if name.endswith(".debug_pkl")]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_is_loaded_as_what_it_was(tmp_path):
    """Torch reads it, tensors begin where it expects them, and it computes the same."""
    torch.manual_seed(0)
    module = torch.jit.script(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU()))
    torch.jit.save(module, tmp_path / "raw.pt")
    torchscript_file.rewrite(tmp_path / "raw.pt", tmp_path / "model.pt")
    again = torch.jit.load(tmp_path / "model.pt")

    with zipfile.ZipFile(tmp_path / "model.pt") as archive:
        starts = [info.header_offset + 30 + len(info.filename) + len(info.extra) for info in archive.infolist()]
    assert torch.equal(again(torch.ones(2, 4)), module(torch.ones(2, 4)))
    assert {start % 64 for start in starts} == {0}
    assert str(tmp_path).encode() not in (tmp_path / "model.pt").read_bytes()
