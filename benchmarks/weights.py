"""Writing a state dict, side by side with public peers, in one run: seconds, ratios to ``save_file``, memory beyond it.

Run from the repository's root: ``python benchmarks/weights.py``. Ours writes the file, digests it, and digests every
tensor; the others write only. Nobody waits for the disk. Each is told the same tensors, in turns; the file of the last
turn is deleted before. ``--folder`` names another disk, ``--gib`` another size.
"""

from __future__ import annotations

import argparse
import filecmp
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from reprobundle import tensors
from reprobundle.store import Writer

GIB = 2**30
WIDTH = 2048
TARGET = 1.0  # of save_file's time
BEYOND = 100 * 2**20  # bytes of memory beside the model


class Model(torch.nn.Module):
    """Holds tensors of the given names; a name's dots are no path here."""

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        for name, value in state.items():
            self.register_buffer(name.replace(".", "_"), value)


def state_of(size: int) -> dict[str, torch.Tensor]:
    """A state dict of so many bytes, of the shapes that a transformer has, half of it float32 and half bfloat16."""
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


def ours(state: Mapping[str, torch.Tensor], folder: Path) -> Path:
    """Write and digest in one pass."""
    tensors.write(Writer(folder), "model.safetensors", {name: tensors.of_torch(value) for name, value in state.items()})
    return folder / "model.safetensors"


def with_save_file(state: Mapping[str, torch.Tensor], folder: Path) -> Path:
    """The safetensors library."""
    save_file(dict(state), folder / "theirs.safetensors", metadata={"format": "pt"})
    return folder / "theirs.safetensors"


def with_torch(state: Mapping[str, torch.Tensor], folder: Path) -> Path:
    """torch.save."""
    torch.save(dict(state), folder / "state.pt")
    return folder / "state.pt"


def with_mlflow(state: Mapping[str, torch.Tensor], folder: Path) -> Path:
    """mlflow.pytorch.save_model, which is told its requirements, so that it does not look for them."""
    import mlflow.pytorch

    options = {"pip_requirements": ["torch"], "serialization_format": "pickle"}
    mlflow.pytorch.save_model(Model(state), folder / "mlflow", **options)
    return folder / "mlflow"


PEERS: dict[str, Callable[[Mapping[str, torch.Tensor], Path], Path]] = {
    "save_file": with_save_file,
    "reprobundle": ours,
    "torch.save": with_torch,
    **({"mlflow": with_mlflow} if importlib.util.find_spec("mlflow") else {}),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=4.0, help="size of the state dict")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files go; default: a temporary folder")
    parser.add_argument("--alone", choices=PEERS, help="one writer, and what memory it took")
    given = parser.parse_args()
    size = int(given.gib * GIB)
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        if given.alone:
            print(beyond(PEERS[given.alone], state_of(size), Path(folder)))
            return
        state = state_of(size)
        print(f"{given.gib:g} GiB in {len(state)} tensors, {given.rounds} rounds, torch {torch.__version__}")
        equal = same_file(state, Path(folder))
        seconds = rounds(state, Path(folder), given.rounds)
    del state
    report(seconds, {name: memory_of(name, given) for name in seconds})
    print(f"byte-identical to save_file's: {'yes' if equal else 'NO'}")


def same_file(state: Mapping[str, torch.Tensor], folder: Path) -> bool:
    """Whether ours and the library's file are one; also warms both up."""
    one, other = ours(state, folder), with_save_file(state, folder)
    equal = filecmp.cmp(one, other, shallow=False)
    one.unlink()
    other.unlink()
    return equal


def rounds(state: Mapping[str, torch.Tensor], folder: Path, count: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of each writer in each round, by the clock and of the processor; who is first changes from round to round."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PEERS}
    for number in range(count):
        for name in list(PEERS)[number % len(PEERS) :] + list(PEERS)[: number % len(PEERS)]:
            os.sync()  # what others left to be written is not this one's
            started, computed = time.perf_counter(), time.process_time()
            made = PEERS[name](state, folder)
            found[name].append((time.perf_counter() - started, time.process_time() - computed))
            shutil.rmtree(made) if made.is_dir() else made.unlink()
    return found


def beyond(writer: Callable[[Mapping[str, torch.Tensor], Path], Path], state: Any, folder: Path) -> int:
    """Bytes of memory that a writer needs beside the model, at its peak."""
    (folder / "first").mkdir()
    writer({"small": torch.zeros(8)}, folder / "first")  # what it imports is not counted
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before = _status("VmRSS")
    writer(state, folder)
    return max(_status("VmHWM") - before, 0)


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) * 1024


def memory_of(name: str, given: argparse.Namespace) -> int:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--alone", name, "--gib", str(given.gib)]
    command += ["--folder", str(given.folder)] if given.folder else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


def report(seconds: Mapping[str, list[tuple[float, float]]], memory: Mapping[str, int]) -> None:
    """Print a line for each writer; the processor's seconds count the less what else this machine was doing."""
    base = seconds["save_file"]
    for name, found in seconds.items():
        clock, computed = (
            statistics.median(mine[way] / theirs[way] for mine, theirs in zip(found, base, strict=True))
            for way in (0, 1)
        )
        aim = f" (target {TARGET}, {BEYOND / 2**20:.0f} MiB)" if name == "reprobundle" else ""
        print(f"{name:12} {statistics.median(took for took, _ in found):6.2f} s  {clock:5.2f} x save_file by the clock  "
              f"{computed:5.2f} x by the processor  {memory[name] / 2**20:6.0f} MiB beside the model{aim}  "
              f"all: {[round(took, 2) for took, _ in found]}")  # fmt: skip


if __name__ == "__main__":
    main()
