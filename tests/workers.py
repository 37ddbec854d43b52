"""A bundle's source, weights and inputs on disk, and a way to run the worker on them as a process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reprobundle import tensors, worker
from reprobundle.store import Writer

WORKER = Path(worker.__file__).parent
VALUE = {"kind": "tensor", "name": "value"}  # the structure of one bare tensor


@dataclass(frozen=True)
class Left:
    """What a worker left behind."""

    code: int
    log: str
    result: dict[str, Any]
    out: Path

    def arrays(self, name: str = "outputs") -> dict[str, np.ndarray]:
        """The tensors it wrote."""
        return tensors.read_arrays(self.out / f"{name}.safetensors")


class Project:
    """A bundle's source, weights and inputs, and a way to run the worker on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.source = folder / "source"
        self.source.mkdir()
        self.writer = Writer(folder)
        self.job: dict[str, Any] = {
            "loader": "for_callable",
            "model": {
                "entry": "net:model",
                "init": {"args": [], "kwargs": {}},
                "weights": [],
                "aliases": {},
                "device": "cpu",
            },
            "bundle": str(folder),
            "roots": [str(self.source)],
            "hidden": [],
            "watched": False,
            "inputs": None,
            "transform": None,
            "splitting": None,
            "settings": {},
            "out": str(folder / "out"),
        }
        self.inputs(VALUE, value=np.arange(6, dtype=np.float32).reshape(2, 3))

    def write(self, name: str, text: str, folder: Path | None = None) -> Path:
        """A source file."""
        place = (folder or self.source) / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def inputs(self, structure: Any, **arrays: np.ndarray) -> None:
        """The recorded inputs."""
        (self.folder / "inputs.safetensors").unlink(missing_ok=True)
        self.job["inputs"] = {"file": self.file("inputs.safetensors", **arrays), "structure": structure}

    def file(self, name: str, **arrays: np.ndarray) -> str:
        """A safetensors file."""
        tensors.write(Writer(self.folder), name, {key: tensors.of_array(value) for key, value in arrays.items()})
        return str(self.folder / name)

    def torch(self, entry: str, *args: Any, weights: dict[str, Any] | None = None, **kwargs: Any) -> None:
        """Make this a project of a torch model with the weights given."""
        self.job["loader"] = "for_torch"
        self.job["model"].update(entry=entry, init={"args": list(args), "kwargs": kwargs})
        if weights is not None:
            from safetensors.torch import save_file

            save_file(weights, self.folder / "model.safetensors")
            self.job["model"]["weights"] = [str(self.folder / "model.safetensors")]

    def run(self, *, worker: str | Path = WORKER, python: str | Path = sys.executable, cwd: Path | None = None) -> Left:
        """Run the worker once."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        (self.folder / "job.json").write_text(json.dumps(self.job))
        argv = [python, "-s", "-B", worker, self.folder / "job.json"]
        finished = subprocess.run(
            argv, cwd=cwd or out, env=_uncounted(), capture_output=True, text=True, timeout=120, check=False
        )
        log = finished.stdout + finished.stderr
        result = out / "result.json"
        return Left(finished.returncode, log, json.loads(result.read_text()) if result.exists() else {}, out)

    def error(self) -> tuple[str, str | None]:
        """How far a failing worker came, and its error."""
        left = self.run()
        assert left.code != 0
        assert left.result["protocol"] == 2
        return left.result["stage"], left.result["error"]


def _uncounted() -> dict[str, str]:
    """This process's environment without coverage, which slows a worker down and knows none of its files by name."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
