"""Folders as transformers writes them, captured by their path alone."""

from __future__ import annotations

import json
import os

import pytest
import support
from projects import make_project, python

import reprobundle
from reprobundle.bundle import verify
from reprobundle.components import model
from reprobundle.components.interface import Source
from reprobundle.errors import UsageError

CAPTURE = """
import sys
import torch
import reprobundle

if __name__ == "__main__":
    inputs = {"input_ids": torch.arange(6).reshape(2, 3), "use_cache": False}
    captured = reprobundle.capture(sys.argv[1], model=sys.argv[2], inputs=inputs, budget=0)
    print(captured.proof.status, captured.proof.why)
    print(*(note.message for note in captured.notes if note.kind == "model"), sep="\\n")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny GPT-2 whose input and output tables are one, in three shards, with what lies beside such a model."""
    support.require("transformers")
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"vocab_size": 16, "n_positions": 8, "n_embd": 8, "n_layer": 1, "n_head": 2}
    made = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0))
    made.generation_config.temperature = 0.5
    made.generation_config.do_sample = True
    place = tmp_path_factory.mktemp("pretrained") / "gpt"
    made.save_pretrained(place, max_shard_size="2KB")
    (place / "README.md").write_text("# mine\n")
    (place / "tokenizer.json").write_text("{}")
    (place / "optimizer.pt").write_bytes(b"\x80")
    return place


def test_the_weights_are_those_of_the_files(folder):
    """The class is found by its name; every tensor stays in its file, and tied ones are one."""
    source = model.opened(Source(model=folder))

    assert type(source.model).__name__ == "GPT2LMHeadModel"
    assert source.model.lm_head.weight is source.model.transformer.wte.weight
    assert source.model.generation_config.temperature == 0.5
    assert not source.model.training
    assert len(source.opened.weights) > 1
    assert source.opened.left_out == ("optimizer.pt",)


def test_a_pickle_is_converted(folder, tmp_path):
    """A folder with pytorch_model.bin alone is read without running it."""
    import torch

    source = model.opened(Source(model=folder))
    torch.save(source.model.state_dict(), tmp_path / "pytorch_model.bin")
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    again = model.opened(Source(model=tmp_path))
    states = source.model.state_dict(), again.model.state_dict()

    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert again.opened.weights == ()


@pytest.mark.parametrize("architecture", ["NoSuchModel", "Trainer", "BertModel"])
def test_a_class_that_does_not_fit_is_named(folder, tmp_path, architecture):
    """Missing and unexpected names are never passed over."""
    for file in os.listdir(folder):
        (tmp_path / file).write_bytes((folder / file).read_bytes())
    config = {**json.loads((folder / "config.json").read_text()), "architectures": [architecture]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError) as caught:
        model.opened(Source(model=tmp_path))

    assert architecture in str(caught.value)
    assert caught.value.hint == "name the class that is to be made: capture(…, factory=MyModel)"


@pytest.mark.slow
def test_a_bundle_of_it_is_replayed_bitwise(folder, tmp_path):
    """By its path alone: the shards are its files, the tokenizer's lie at the root, its README under documentation."""
    project = make_project(tmp_path / "project", train=CAPTURE)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), str(folder), cwd=project)
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")
    manifest = verify(tmp_path / "bundle").manifest

    assert finished.stdout.startswith("bitwise None\n'gpt' also holds 'optimizer.pt': left out"), finished.stderr
    assert report.verdict.sentence == "reproduced, bitwise"
    assert (manifest.model.loader, manifest.model.given.kind) == ("for_transformers", "folder")
    assert (tmp_path / "bundle/documentation/original/README.md").read_text() == "# mine\n"
    assert (tmp_path / "bundle/tokenizer.json").read_text() == "{}"
    assert json.loads((tmp_path / "bundle/generation_config.json").read_text())["temperature"] == 0.5
    assert manifest.model.given.linked


@pytest.mark.parametrize("nested", [False, True])
def test_a_configuration_that_asks_for_weights_elsewhere_is_refused(folder, tmp_path, nested):
    """Such a class would fetch them while it is made; also where a part of the configuration asks."""
    asking = {"use_pretrained_backbone": True, "backbone": "evil/resnet"}
    config = json.loads((folder / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, **({"parts": [asking]} if nested else asking)}))
    with pytest.raises(UsageError) as caught:
        model.opened(Source(model=tmp_path))

    assert str(caught.value).endswith(
        "its configuration asks for other weights (use_pretrained_backbone), which are not fetched"
    )


def test_the_hub_is_not_asked_while_a_model_is_made(monkeypatch):
    """What goes through huggingface_hub raises before it opens a connection, and everything is as before afterwards."""
    support.require("transformers")
    import huggingface_hub
    from huggingface_hub.errors import OfflineModeIsEnabled

    from reprobundle.components.model.opening import offline

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    before = dict(os.environ)
    with offline.only():
        with pytest.raises(OfflineModeIsEnabled):
            huggingface_hub.get_session().get("http://127.0.0.1:9/x")
        assert huggingface_hub.is_offline_mode()

    assert not huggingface_hub.is_offline_mode()
    assert dict(os.environ) == before
