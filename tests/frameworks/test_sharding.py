"""Shards of a bundle are shards to transformers: read with its own call, and split as it splits them."""

from __future__ import annotations

import json
from pathlib import Path

from support import require

from reprobundle.components.interface import Opened, Source, Stage
from reprobundle.components.model import state, writing
from reprobundle.store import Writer

require("transformers")
import torch
import transformers

SHARD_BYTES = 20_000


def gpt() -> transformers.PreTrainedModel:
    """A tiny model with tied weights."""
    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=50, n_positions=16, n_embd=32, n_layer=2, n_head=2)
    return transformers.GPT2LMHeadModel(config).eval()


def bundled(folder: Path, model: torch.nn.Module, **source: object) -> tuple[writing.Written, Stage]:
    """The weights of a model in a folder, with its configuration, as a bundle has them."""
    folder.mkdir()
    stage = Stage(Writer(folder))
    stage.writer.write("config.json", model.config.to_json_string(use_diff=False).encode())
    return writing.write(state.of(model, stage), Source(model=model, **source), stage), stage


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    """Whether two models hold the same, bit for bit."""
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_transformers_reads_our_shards(tmp_path):
    """from_pretrained on the folder gives the same model, its weights tied."""
    model = gpt()
    written, _ = bundled(tmp_path / "bundle", model, max_shard_bytes=SHARD_BYTES)
    back = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "bundle")

    assert len(written.files) > 3
    assert same_weights(back, model)
    assert back.lm_head.weight is back.transformer.wte.weight


def test_our_shards_are_those_of_transformers(tmp_path):
    """The same files by name, holding the same tensors, and the same table but for the parameters it counts."""
    model = gpt()
    written, stage = bundled(tmp_path / "bundle", model, max_shard_bytes=SHARD_BYTES)
    model.save_pretrained(tmp_path / "theirs", max_shard_size=SHARD_BYTES)
    ours = json.loads((stage.root / str(written.index)).read_text())
    theirs = json.loads((tmp_path / "theirs" / "model.safetensors.index.json").read_text())

    assert ours["weight_map"] == theirs["weight_map"]
    assert ours["metadata"]["total_size"] == theirs["metadata"]["total_size"]
    for name in written.files:
        assert (stage.root / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


def test_shards_that_transformers_wrote_are_taken_as_they_are(tmp_path):
    """A folder of its own goes into the bundle byte for byte, and is read from there."""
    model = gpt()
    model.save_pretrained(tmp_path / "theirs", max_shard_size=SHARD_BYTES)
    weights = tuple((tmp_path / "theirs").glob("*.safetensors"))
    loaded = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "theirs")
    opened = Opened(kind="folder", place=tmp_path / "theirs", weights=weights)
    written, stage = bundled(tmp_path / "bundle", loaded, opened=opened)

    assert written.linked
    assert stage.notes == []
    assert {(stage.root / name).read_bytes() for name in written.files} == {path.read_bytes() for path in weights}
    assert same_weights(transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "bundle"), model)
