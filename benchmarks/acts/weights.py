"""Writing a state dict: by this program, which digests it on the way, and by those that write only. Needs torch.

Half of the bytes are float32, half bfloat16, in the shapes that a transformer has.
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import torch

from benchmarks.acts.clock import timed

WIDTH = 2048
State = Mapping[str, torch.Tensor]


class Model(torch.nn.Module):
    """Holds tensors of the given names; a name's dots are no path here."""

    def __init__(self, state: State) -> None:
        super().__init__()
        for name, value in state.items():
            self.register_buffer(name.replace(".", "_"), value)


def state_of(size: int) -> dict[str, torch.Tensor]:
    """A state dict of so many bytes."""
    found: dict[str, torch.Tensor] = {}
    left, layer = size, 0
    while left > 0:
        dtype = torch.bfloat16 if layer % 2 else torch.float32
        rows = min(4 * WIDTH * (2 if layer % 2 else 1), max(left // (WIDTH * dtype.itemsize), 1))
        for name, shape in (("weight", (rows, WIDTH)), ("bias", (WIDTH,)), ("scale", ())):
            found[f"layers.{layer}.{name}"] = torch.full(shape, layer + 0.5, dtype=dtype)
        left -= rows * WIDTH * dtype.itemsize
        layer += 1
    return found


def ours(state: State, folder: Path) -> None:
    """Write, and digest the file and every tensor, in one pass."""
    from reprobundle import tensors
    from reprobundle.store import Writer

    tensors.write(Writer(folder), "model.safetensors", {name: tensors.of_torch(value) for name, value in state.items()})


def with_save_file(state: State, folder: Path) -> None:
    """The safetensors library."""
    from safetensors.torch import save_file

    save_file(dict(state), folder / "model.safetensors", metadata={"format": "pt"})


def with_torch(state: State, folder: Path) -> None:
    """``torch.save``."""
    torch.save(dict(state), folder / "state.pt")


def with_mlflow(state: State, folder: Path) -> None:
    """``save_model``, which is told its requirements, so that it does not look for them."""
    mlflow = importlib.import_module("mlflow.pytorch")
    options = {"pip_requirements": ["torch"], "serialization_format": "pickle"}
    mlflow.save_model(Model(state), folder / "mlflow", **options)


def copying(state: State, folder: Path) -> None:
    """No writer: what the machine needs to copy the same bytes in memory, into room that is there already."""
    del folder
    room = torch.empty_like(state["layers.0.weight"])
    room.fill_(0)
    for value in state.values():
        if value.numel() > 1:
            whole = value.view(torch.uint8).reshape(-1)
            room.view(torch.uint8).reshape(-1)[: whole.numel()].copy_(whole)


WRITERS: Mapping[str, Callable[[State, Path], None]] = {
    "ours": ours,
    "save_file": with_save_file,
    "torch.save": with_torch,
    "mlflow": with_mlflow,
    "copying": copying,
}


def main() -> None:
    """Write once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("writer", choices=WRITERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("size", type=int)
    given = parser.parse_args()
    write, state = WRITERS[given.writer], state_of(given.size)
    with tempfile.TemporaryDirectory(dir=given.folder) as first:
        timed(
            lambda: write(state, given.folder),
            first=lambda: write({"layers.0.weight": torch.zeros(8)}, Path(first)),
        )
    for place in given.folder.iterdir():
        shutil.rmtree(place) if place.is_dir() else place.unlink()


if __name__ == "__main__":
    main()
