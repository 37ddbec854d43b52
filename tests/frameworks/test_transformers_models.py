"""transformers' models, tokenizers and processors: the bundle is proven, and ``from_pretrained`` reads it as it is."""

from __future__ import annotations

import json

import pytest
import support
from projects import make_project, python

import reprobundle

pytestmark = pytest.mark.slow

OWN = """
import torch
from transformers import PretrainedConfig, PreTrainedModel


class OwnConfig(PretrainedConfig):
    model_type = "own"

    def __init__(self, width=3, **options):
        self.width = width
        super().__init__(**options)


class OwnModel(PreTrainedModel):
    config_class = OwnConfig

    def __init__(self, config):
        super().__init__(config)
        self.layer = torch.nn.Linear(4, config.width)
        self.post_init()

    def forward(self, x):
        return self.layer(x)


OwnConfig.register_for_auto_class()
OwnModel.register_for_auto_class("AutoModel")
"""

MAKE = """
import sys

import numpy as np
import torch
import transformers as t
from own import OwnConfig, OwnModel
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

torch.manual_seed(3)
SMALL = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
IDS = {"input_ids": torch.tensor([[5, 6, 7, 8], [8, 7, 6, 5]])}


def tokenizer():
    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]"]
    words.train_from_iterator(["red green blue", "warm cold"], trainers.WordPieceTrainer(vocab_size=40, special_tokens=special))
    made = t.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]")
    made.chat_template = {"default": "{{ messages[0].content }}", "tools": "{{ tools }}"}
    return made


def bert():
    made = tokenizer()
    model = t.BertForSequenceClassification(t.BertConfig(vocab_size=len(made), max_position_embeddings=16, **SMALL))
    return model, made(["red blue", "cold"], padding=True, return_tensors="pt"), made


def gpt2():
    sizes = {"vocab_size": 16, "n_positions": 8, "n_embd": 8, "n_layer": 1, "n_head": 2}
    return t.GPT2LMHeadModel(t.GPT2Config(bos_token_id=0, eos_token_id=0, **sizes)), IDS, None


def t5():
    sizes = {"vocab_size": 16, "d_model": 8, "d_kv": 4, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    model = t.T5ForConditionalGeneration(t.T5Config(decoder_start_token_id=0, **sizes))
    model.generation_config.max_new_tokens = 7
    return model, {**IDS, "decoder_input_ids": torch.tensor([[0, 3], [0, 4]])}, None


def half():
    model = t.LlamaForCausalLM(t.LlamaConfig(vocab_size=16, num_key_value_heads=1, **SMALL))
    return model.to(torch.bfloat16), IDS, None


def vit():
    from transformers.models.vit import ViTImageProcessorPil

    processor = ViTImageProcessorPil(size={"height": 8, "width": 8})
    images = [np.arange(192, dtype=np.uint8).reshape(8, 8, 3)]
    model = t.ViTForImageClassification(t.ViTConfig(image_size=8, patch_size=4, **SMALL))
    return model, dict(processor(images, return_tensors="pt")), processor


def clip():
    from transformers.models.clip import CLIPImageProcessorPil

    images = CLIPImageProcessorPil(size={"shortest_edge": 8}, crop_size={"height": 8, "width": 8})
    processor = t.CLIPProcessor(image_processor=images, tokenizer=tokenizer())
    text = {"vocab_size": 40, "max_position_embeddings": 8, "eos_token_id": 2, "bos_token_id": 1, **SMALL}
    config = t.CLIPConfig(text_config=text, vision_config={"image_size": 8, "patch_size": 4, **SMALL}, projection_dim=4)
    return t.CLIPModel(config), {"input_ids": IDS["input_ids"], "pixel_values": torch.rand(1, 3, 8, 8)}, processor


def own():
    return OwnModel(OwnConfig(width=2)), {"x": torch.rand(2, 4)}, None


MODELS = (bert, gpt2, t5, half, vit, clip, own)

if __name__ == "__main__":
    import reprobundle

    for make in MODELS:
        model, inputs, before = make()
        folder = f"{sys.argv[1]}/{make.__name__}"
        reprobundle.capture(folder, model=model, inputs=inputs, preprocessing=before, budget=0, quiet=True)
"""

LOAD = """
import json
import os
import sys

sys.modules["reprobundle"] = None  # whoever imports it now gets an error
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_MODULES_CACHE"] = sys.argv[1] + "/modules"

import torch
import transformers as t
from safetensors.torch import load_file

AUTO = {"bert": t.AutoModelForSequenceClassification, "gpt2": t.AutoModelForCausalLM, "t5": t.AutoModelForSeq2SeqLM,
        "half": t.AutoModelForCausalLM, "vit": t.AutoModelForImageClassification,
        "clip": t.AutoModel, "own": t.AutoModel}


def flat(found, place=()):
    if isinstance(found, torch.Tensor):
        return {"/".join(place) or "value": found}
    if isinstance(found, t.Cache):  # what the model hands itself for the next token
        return {}
    items = found.items() if hasattr(found, "items") else enumerate(found)
    return {name: value for key, part in items for name, value in flat(part, (*place, str(key))).items()}


def same(kind, folder):
    model = AUTO[kind].from_pretrained(folder, trust_remote_code=kind == "own").eval()
    inputs = load_file(folder + "/replay/inputs.safetensors")
    torch.manual_seed(0)
    with torch.no_grad():
        found = list(flat(model(**inputs)).values())
    expected = list(load_file(folder + "/replay/expected.safetensors").values())
    unmatched = [value for value in expected if not any(torch.equal(value, other) for other in found)]
    worst = max((min(float((value - other).abs().max()) for other in found if other.shape == value.shape)
                 for value in unmatched), default=0.0)
    return {"bitwise": not unmatched, "worst": worst, "dtype": str(model.dtype), "class": type(model).__name__}


found = {kind: same(kind, f"{sys.argv[1]}/{kind}") for kind in AUTO}
folder = sys.argv[1] + "/bert"
tokenizer = t.AutoTokenizer.from_pretrained(folder)
found["bert"]["ids"] = tokenizer(["red blue"])["input_ids"]
found["bert"]["chat"] = tokenizer.apply_chat_template([{"content": "hello"}], tokenize=False)
found["t5"]["generation"] = t.GenerationConfig.from_pretrained(sys.argv[1] + "/t5").max_new_tokens
found["clip"]["processor"] = type(t.AutoProcessor.from_pretrained(sys.argv[1] + "/clip")).__name__
found["vit"]["processor"] = t.AutoImageProcessor.from_pretrained(sys.argv[1] + "/vit").size["height"]
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Every model captured by one script."""
    support.require("transformers")
    folder = tmp_path_factory.mktemp("models")
    project = make_project(folder / "project", own=OWN, make=MAKE, load=LOAD)
    made = python("make.py", str(folder), cwd=project)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="module")
def found(folder):
    """What another script finds in the bundles, in a process that cannot import reprobundle."""
    project = make_project(folder / "elsewhere", load=LOAD)
    loaded = python("load.py", str(folder), cwd=project)
    assert loaded.returncode == 0, loaded.stderr
    return json.loads(loaded.stdout.partition("FOUND")[2])


KINDS = ["bert", "gpt2", "t5", "half", "vit", "own"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_proven_bitwise(folder, kind):
    """A fresh process makes it again from the bundle and gives the same bits; nothing about it has to be told."""
    manifest = reprobundle.verify(folder / kind).manifest

    assert (manifest.proof.status, manifest.proof.why) == ("bitwise", None)
    assert [note.message for note in manifest.notes if note.kind in {"model", "outputs", "preprocessing"}] == []


@pytest.mark.parametrize("kind", KINDS)
def test_from_pretrained_reads_the_bundle(found, kind):
    """The ``Auto`` class gives the recorded outputs, bit for bit, without this program."""
    assert (found[kind]["bitwise"], found[kind]["worst"]) == (True, 0.0)


def test_two_towers_are_proven(folder, found):
    """Where a kernel's last bit depends on where its input lies in memory, close is close enough."""
    assert reprobundle.verify(folder / "clip").manifest.proof.proven
    assert found["clip"]["worst"] < 1e-6


def test_tied_weights_are_stored_once(folder):
    """The manifest says under which names they also go."""
    assert reprobundle.verify(folder / "gpt2").manifest.model.aliases == {"lm_head.weight": "transformer.wte.weight"}


def test_half_comes_back_as_half(found):
    """The dtype stands in the configuration."""
    assert found["half"]["dtype"] == "torch.bfloat16"


def test_what_belongs_to_the_model_is_read_too(found):
    """Tokenizer with its chat templates, processor and generation configuration."""
    assert found["bert"]["chat"] == "hello"
    assert len(found["bert"]["ids"][0]) == 2
    assert found["t5"]["generation"] == 7
    assert (found["clip"]["processor"], found["vit"]["processor"]) == ("CLIPProcessor", 8)


def test_files_of_processors_lie_at_the_root(folder):
    """All that a tokenizer or processor writes, folders as well."""
    files = {kind: reprobundle.verify(folder / kind).manifest.preprocessing.files for kind in ("bert", "vit", "clip")}
    tokenizer = (
        "additional_chat_templates/tools.jinja",
        "chat_template.jinja",
        "tokenizer.json",
        "tokenizer_config.json",
    )

    assert files == {
        "bert": tokenizer,
        "vit": ("preprocessor_config.json",),
        "clip": (*tokenizer[:2], "processor_config.json", *tokenizer[2:]),
    }


def test_a_registered_class_brings_its_module(folder, found):
    """``trust_remote_code=True`` finds the person's own class in the bundle."""
    config = json.loads((folder / "own" / "config.json").read_text())

    assert config["auto_map"] == {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    assert (folder / "own" / "own.py").read_text() == OWN
    assert found["own"]["class"] == "OwnModel"
