"""What transformers reads from a Hub is the bundle that was published there, and the bundle that is pulled replays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hub_play import NAME, SOURCE, WARNINGS, publish_to, pull_from
from hub_server import SETTINGS, TOKEN, hub
from projects import make_project, python
from support import require

require("transformers")

import reprobundle
from reprobundle.bundle import verify
from reprobundle.report import Rung

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(WARNINGS)]
TRAIN = """
import sys
import torch
import reprobundle
from transformers import BertConfig, BertForSequenceClassification

if __name__ == "__main__":
    torch.manual_seed(0)
    sizes = {"vocab_size": 20, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(**sizes, intermediate_size=8, max_position_embeddings=8, num_labels=3)
    model = BertForSequenceClassification(config).eval()
    inputs = {"input_ids": torch.arange(12).reshape(2, 6)}
    captured = reprobundle.capture(sys.argv[1], model=model, inputs=inputs, budget=0)
    torch.save(model(**inputs).logits, sys.argv[2])
    print(captured.proof.status, captured.proof.why)
"""
LOADED = """
import sys
import torch
from transformers import AutoModelForSequenceClassification

model = AutoModelForSequenceClassification.from_pretrained(sys.argv[1], revision=sys.argv[2])
with torch.no_grad():
    logits = model(input_ids=torch.arange(12).reshape(2, 6)).logits
print(torch.equal(logits, torch.load(sys.argv[3])), type(model).__name__)
"""


def test_published_and_read_by_auto_model(tmp_path):
    """AutoModel reads the commit with an empty cache: the same scores bit for bit; the pulled bundle replays bitwise."""
    project = make_project(tmp_path / "project", train=TRAIN)
    said = python("train.py", str(tmp_path / "bert"), str(tmp_path / "logits.pt"), cwd=project)
    with hub() as server:
        published = publish_to(server, verify(tmp_path / "bert"))
        settings = {**SETTINGS, "HF_ENDPOINT": server.endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "home")}
        argv = [sys.executable, "-c", LOADED, NAME, published.version, str(tmp_path / "logits.pt")]
        loaded = subprocess.run(
            argv, capture_output=True, text=True, env={**os.environ, **settings}, timeout=300, check=False
        )
        pulled = pull_from(server, tmp_path / "pulled", f"{SOURCE}@{published.version}")
    report = reprobundle.replay(pulled.path, env="current", sandbox="none", report=tmp_path / "report")

    assert said.stdout.startswith("bitwise"), said.stdout + said.stderr
    assert loaded.stdout == "True BertForSequenceClassification\n", loaded.stderr
    assert report.verdict.reproduced
    assert report.verdict.rung == Rung.BITWISE
