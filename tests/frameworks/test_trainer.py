from __future__ import annotations

import json
from pathlib import Path

import pytest
from projects import make_project, python
from support import require

import reprobundle
from reprobundle.report import Rung

require("transformers")
import transformers

pytestmark = pytest.mark.slow

TRAIN = """
import sys
import warnings
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel
from transformers import PreTrainedTokenizerFast, Trainer, TrainingArguments, set_seed

from reprobundle.integrations.transformers import CaptureCallback

WORDS = ["[PAD]", "[UNK]", "red", "green", "blue", "warm", "cold"]


class Texts(torch.utils.data.Dataset):
    def __init__(self, tokenizer, count, causal):
        texts = [f"{WORDS[2 + i % 3]} {WORDS[5 + i % 2]}" for i in range(count)]
        self.encoded = tokenizer(texts, return_tensors="pt", padding=True)
        self.labels = self.encoded["input_ids"] if causal else torch.arange(count) % 2

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return {**{key: value[index] for key, value in self.encoded.items()}, "labels": self.labels[index]}


class Watched(CaptureCallback):
    def on_train_end(self, args, state, control, **kwargs):
        print("saved before", len(list(Path("checkpoints").glob("checkpoint-*/model.safetensors"))))
        if sys.argv[2] == "spoiled":
            Path(sys.argv[1]).mkdir()
        return super().on_train_end(args, state, control, **kwargs)


def make(kind):
    if kind == "gpt2":
        return GPT2LMHeadModel(GPT2Config(vocab_size=7, n_positions=8, n_embd=8, n_layer=1, n_head=2,
                                          bos_token_id=0, eos_token_id=0))
    config = BertConfig(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
                        max_position_embeddings=8, attn_implementation="eager")
    return BertForSequenceClassification(config)


def main(out, kind):
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]")
    set_seed(3)
    model = make(kind)
    data = {name: Texts(tokenizer, count, kind == "gpt2") for name, count in (("train", 16), ("eval", 6))}
    arguments = TrainingArguments(output_dir="checkpoints", num_train_epochs=2, per_device_train_batch_size=4,
                                  learning_rate=0.01, eval_strategy="epoch", save_strategy="epoch", report_to=[],
                                  logging_steps=1, use_cpu=True, disable_tqdm=True, load_best_model_at_end=kind == "bert",
                                  bf16=kind == "gpt2", use_cache=kind == "gpt2", run_name="ada's", seed=3)
    evaluated = {"short": data["eval"], "long": data["eval"]} if kind == "gpt2" else data["eval"]
    callback = Watched(out, budget=0, splits={"unseen": torch.arange(4.0)} if kind == "bert" else {})
    trainer = Trainer(model=model, args=arguments, train_dataset=data["train"], eval_dataset=evaluated,
                      processing_class=tokenizer, callbacks=[callback])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = trainer.train()
    print("steps", result.global_step)
    with torch.no_grad():
        print("autocast", trainer.model(**{k: v[:2] for k, v in data["eval"].encoded.items()}).logits.dtype,
              hasattr(trainer.model, "_original_forward"))
    print("best", trainer.state.best_model_checkpoint)
    print("checkpoints", len(list(Path("checkpoints").glob("checkpoint-*/model.safetensors"))))
    print("proof", callback.captured and callback.captured.proof.status)
    for warning in caught:
        if "reprobundle" in str(warning.category):
            print(warning.category.__name__, warning.message)
    if kind == "spoiled":
        by_hand = str(caught[-1].message).partition("from what was saved: ")[2]
        inputs = {key: value[:2] for key, value in data["eval"].encoded.items()}
        import reprobundle

        later = eval(by_hand.replace("inputs=…", "inputs=inputs, budget=0").replace("bundle'", "bundle-later'"))
        print("by hand", later.proof.status)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
"""


def train(folder: Path, kind: str, *launch: str) -> list[str]:
    """Train for real in a process of its own, or in those that a launcher starts; gives what was printed."""
    project = make_project(folder / "project", train=TRAIN)
    finished = python(*launch, "train.py", str(folder / "bundle"), kind, cwd=project)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    """The folder of a bundle that the callback made of a classifier, and what the training printed."""
    folder = tmp_path_factory.mktemp("bert")
    return folder / "bundle", train(folder, "bert")


def test_training_ends_with_a_proven_bundle(bert):
    """One line in a trainer's call gives a bundle that a fresh process reloaded bit by bit."""
    path, printed = bert
    manifest = reprobundle.verify(path).manifest

    assert "proof bitwise" in printed
    assert manifest.model.loader == "for_transformers"
    assert manifest.model.entry == "transformers.models.bert.modeling_bert:BertForSequenceClassification"
    assert manifest.model.init.kwargs == {"attn_implementation": "eager", "experts_implementation": "eager"}
    assert [(split.name, split.count) for split in manifest.data.splits] == [("train", 16), ("eval", 6), ("unseen", 4)]
    assert manifest.hyperparameters.values["learning_rate"] == 0.01
    assert {"output_dir", "run_name", "hub_token"} & set(manifest.hyperparameters.values) == set()
    assert {"eval-loss", "train-loss"} <= {claim.id.replace("_", "-") for claim in manifest.claims.claims}
    assert not [claim.id for claim in manifest.claims.claims if "second" in claim.id or "runtime" in claim.id]


def test_what_updated_the_weights_is_recorded(bert):
    """Optimizer and schedule are taken from the trainer, by their own classes, and the seed that was set."""
    chosen = reprobundle.verify(bert[0]).manifest.hyperparameters

    assert [(one.entry, one.steps) for one in chosen.optimizers] == [("torch.optim.adamw:AdamW", 8)]
    assert [one.entry for one in chosen.schedulers] == ["torch.optim.lr_scheduler:LambdaLR"]
    assert chosen.optimizers[0].groups[0].options["lr"] == 0.0
    assert chosen.seeds["torch"] == 3


def test_checkpoints_are_safe_first(bert):
    """When the callback begins, the trainer's checkpoints are on the disk, and the best one is loaded: it is captured."""
    from safetensors.torch import load_file

    path, printed = bert
    best = next(line for line in printed if line.startswith("best ")).removeprefix("best ")
    kept = load_file(path.parent / "project" / best / "model.safetensors")
    captured = load_file(path / "model.safetensors")

    assert "saved before 2" in printed
    assert {name: tensor.tolist() for name, tensor in kept.items()} == {
        name: tensor.tolist() for name, tensor in captured.items()
    }


def test_labels_are_no_inputs(bert):
    """Of the first evaluation batch only what the forward pass takes is recorded, without labels."""
    section = reprobundle.verify(bert[0]).manifest.outputs

    assert [name for name, _ in section.inputs.structure["items"]] == ["input_ids", "attention_mask"]
    assert [name for name, _ in section.expected.structure["items"]] == ["logits"]


def test_the_bundle_is_replayed_bitwise(bert):
    """Class, configuration and weights alone give the same outputs again."""
    report = reprobundle.replay(bert[0], env="current", report=bert[0].parent / "report")

    assert report.verdict.rung is Rung.BITWISE, report.verdict.sentence


def test_the_folder_is_a_model_for_transformers(bert):
    """``from_pretrained`` reads model and tokenizer from the bundle as it is, and the model says what was recorded."""
    import torch
    from safetensors.torch import load_file

    path, _ = bert
    tokenizer = transformers.AutoTokenizer.from_pretrained(path)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(path, attn_implementation="eager").eval()
    inputs = load_file(path / "replay" / "inputs.safetensors")
    with torch.no_grad():
        logits = model(**inputs).logits

    assert tokenizer("red cold", return_tensors="pt")["input_ids"].tolist() == [[2, 6]]
    assert torch.equal(logits, load_file(path / "replay" / "expected.safetensors")["logits"])
    assert type(transformers.AutoModel.from_pretrained(path)).__name__ == "BertModel"


def test_nothing_of_this_machine_is_in_the_bundle(bert):
    """No file of the bundle names the folder it was made in."""
    path, _ = bert
    place = str(path.parent).encode()

    assert [file.name for file in path.rglob("*") if file.is_file() and place in file.read_bytes()] == []


def test_the_card_shows_how_to_load_it(bert):
    """The card lists the library and the call that loads the model."""
    text = (bert[0] / "README.md").read_text()

    assert "library_name: transformers" in text
    assert 'model = BertForSequenceClassification.from_pretrained(".").eval()' in text


def test_tied_weights_caches_and_mixed_precision(tmp_path):
    """A causal language model that ties its weights, gives a cache and was trained in mixed precision is proven bitwise.

    What is recorded is the model without the trainer's wrapping, which stays on the trainer's own.
    """
    import torch
    from safetensors.torch import load_file

    printed = train(tmp_path, "gpt2")
    path = tmp_path / "bundle"
    manifest = reprobundle.verify(path).manifest
    model = transformers.AutoModelForCausalLM.from_pretrained(path).eval()
    ids = load_file(path / "replay" / "inputs.safetensors")
    with torch.no_grad():
        logits = model(**ids).logits

    assert "proof bitwise" in printed
    assert "autocast torch.float32 True" in printed
    assert [split.name for split in manifest.data.splits] == ["train", "eval_short", "eval_long"]
    assert [name for name, _ in manifest.outputs.expected.structure["items"]] == ["logits"]
    assert manifest.model.aliases == {"lm_head.weight": "transformer.wte.weight"}
    assert torch.equal(logits, load_file(path / "replay" / "expected.safetensors")["logits"])
    assert json.loads((path / "generation_config.json").read_text())["eos_token_id"] == 0


def test_failing_capture_harms_nothing(tmp_path):
    """A capture that cannot be made after training is one loud warning; training's result stands, and the way out works."""
    printed = train(tmp_path, "spoiled")
    place = tmp_path / "bundle"

    assert printed[-6:] == [
        "checkpoints 2",
        "proof None",
        "CaptureFailedWarning training is complete, but the bundle 'bundle' was not made: UsageError: "
        f"output folder {str(place)!r} exists; a bundle is never overwritten",
        "  hint: name another folder",
        f"  from what was saved: reprobundle.capture({str(place)!r}, model='checkpoints/checkpoint-8', inputs=…)",
        "by hand bitwise",
    ]
    assert list(place.iterdir()) == []


def test_two_processes_make_one_bundle(tmp_path):
    """Under torchrun rank 0 captures, with the random generators of both; each process ends well and knows of the bundle."""
    printed = train(tmp_path, "bert", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    manifest = reprobundle.verify(tmp_path / "bundle").manifest

    assert printed.count("proof bitwise") == 2
    assert manifest.hyperparameters.generators.ranks == (0, 1)
    assert not [line for line in printed if "CaptureFailedWarning" in line]


def test_metrics_are_those_of_the_model_that_was_kept(tmp_path):
    """With the best checkpoint loaded at the end, its metrics are claimed, not the last ones; timings never."""
    from reprobundle.integrations.transformers import _metrics

    log = [
        {"loss": 0.9, "grad_norm": 1.0, "learning_rate": 0.1, "epoch": 1.0, "step": 5},
        {"eval_loss": 0.3, "eval_runtime": 2.0, "epoch": 1.0, "step": 5},
        {"eval_loss": 0.7, "eval_samples_per_second": 9.0, "epoch": 2.0, "step": 10},
        {"train_loss": 0.8, "total_flos": 7.0, "epoch": 2.0, "step": 10},
    ]
    state = transformers.TrainerState(log_history=log, best_global_step=5)
    kept, last = (
        transformers.TrainingArguments(
            output_dir=str(tmp_path), load_best_model_at_end=best, eval_strategy="steps", save_strategy="steps",
            eval_steps=5, save_steps=5, report_to=[],
        )
        for best in (True, False)
    )  # fmt: skip

    assert _metrics(kept, state) == {"loss": 0.9, "eval_loss": 0.3}
    assert _metrics(last, state) == {"loss": 0.9, "eval_loss": 0.7, "train_loss": 0.8}


def test_only_the_main_process_captures(tmp_path):
    """On every other process of a distributed run nothing happens."""
    from reprobundle.integrations.transformers import CaptureCallback

    callback = CaptureCallback(tmp_path / "bundle")
    other = transformers.TrainerState(is_world_process_zero=False)
    callback.on_train_begin(None, other, None)
    callback.on_train_end(None, other, None, model=object())

    assert callback.captured is None
    assert list(tmp_path.iterdir()) == []
