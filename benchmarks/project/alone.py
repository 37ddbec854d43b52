"""The model of a bundle, loaded and run with nothing around it: what a replay cannot be faster than."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from net import Net
from safetensors.torch import load_file

bundle, layers, width = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
model = Net(layers, width)
model.load_state_dict(load_file(bundle / "model.safetensors"))
with torch.no_grad():
    model(load_file(bundle / "replay" / "inputs.safetensors").popitem()[1])
