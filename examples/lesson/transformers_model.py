"""Lesson 3: a transformers model and its tokenizer; saved, loaded, pushed to a Hub and loaded from there; then captured.

A small BERT, made and trained on the spot, tells from one line of text which of scikit-learn's data sets it describes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from sklearn import datasets
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BertConfig, PreTrainedTokenizerFast

import reprobundle

NAMES = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
SPECIAL = ("[PAD]", "[UNK]")
TRAINING = {"epochs": 100, "learning_rate": 0.003, "seed": 0}


def texts() -> tuple[list[str], torch.Tensor]:
    """The lines of each data set's description that say something, and which data set each is from, int64."""
    found = [
        (line.strip(), label)
        for label, name in enumerate(NAMES)
        for line in getattr(datasets, f"load_{name}")().DESCR.splitlines()
        if len(line.split()) > 4
    ]
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(TRAINING["seed"])).tolist()
    return [found[place][0] for place in order], torch.tensor([found[place][1] for place in order])


def train_tokenizer(lines: list[str]) -> PreTrainedTokenizerFast:
    """A WordPiece vocabulary of these lines, nothing downloaded."""
    words = Tokenizer(models.WordPiece(unk_token=SPECIAL[1]))
    words.normalizer, words.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    words.train_from_iterator(lines, trainers.WordPieceTrainer(vocab_size=500, special_tokens=list(SPECIAL)))
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token=SPECIAL[0], unk_token=SPECIAL[1], model_input_names=["input_ids", "attention_mask"]
    )  # fmt: skip


def make(vocabulary: int) -> torch.nn.Module:
    """A BERT of two small layers."""
    config = BertConfig(
        vocab_size=vocabulary, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=64, num_labels=len(NAMES),
    )  # fmt: skip
    return AutoModelForSequenceClassification.from_config(config)


def train(model: torch.nn.Module, encoded: dict[str, torch.Tensor], labels: torch.Tensor) -> None:
    """Fit the whole training split, again and again, with dropout as it is."""
    optimiser = torch.optim.Adam(model.parameters(), lr=TRAINING["learning_rate"])
    model.train()
    for _ in range(TRAINING["epochs"]):
        optimiser.zero_grad()
        model(**encoded, labels=labels).loss.backward()
        optimiser.step()
    model.eval()


def same(place: str | Path, sample: str, expected: torch.Tensor) -> str:
    """Load model and tokenizer from a folder or a Hub, and say how far their scores are from the expected ones.

    They may be off in the last digit: transformers leaves weights where they lie in the file, and a matrix that begins at
    another place in memory is multiplied by other instructions of the processor.
    """
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(place), AutoTokenizer.from_pretrained(place)
    scores = model(**tokenizer(sample, return_tensors="pt")).logits
    difference = (scores - expected).abs().max().item()
    return "same outputs" if difference == 0 else f"outputs differ by at most {difference:.0e}"


def main(folder: Path, repository: str | None) -> None:
    """Train; save, load and compare, here and on a Hub; then capture."""
    torch.manual_seed(TRAINING["seed"])
    lines, labels = texts()
    tokenizer = train_tokenizer(lines[:-40])
    encoded = dict(tokenizer(lines, return_tensors="pt", padding=True, truncation=True, max_length=32))
    model = make(len(tokenizer))
    train(model, {name: part[:-40] for name, part in encoded.items()}, labels[:-40])
    held_out = {name: part[-40:] for name, part in encoded.items()}
    with torch.no_grad():
        accuracy = (model(**held_out).logits.argmax(1) == labels[-40:]).float().mean().item()
        expected = model(**tokenizer(lines[0], return_tensors="pt")).logits
    print(f"test accuracy {accuracy:.4f}")

    model.save_pretrained(folder / "transformers")
    tokenizer.save_pretrained(folder / "transformers")
    print(f"saved and loaded: {same(folder / 'transformers', lines[0], expected)}")
    if repository is not None:
        model.push_to_hub(repository)
        tokenizer.push_to_hub(repository)
        print(f"pushed and loaded: {same(repository, lines[0], expected)}")

    captured = reprobundle.capture(
        folder / "transformers-bundle",
        model=model,
        preprocessing=tokenizer,
        inputs={name: part[:8] for name, part in held_out.items()},
        hyperparameters=TRAINING,
        splits={"train": (encoded["input_ids"][:-40], labels[:-40]), "test": (held_out["input_ids"], labels[-40:])},
        metrics={"test accuracy": accuracy},
    )
    print(f"captured: proof {captured.proof.status}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"), sys.argv[2] if len(sys.argv) > 2 else None)
