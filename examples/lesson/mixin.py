"""Lesson 2: three methods from huggingface_hub; saved, loaded, pushed to a Hub and loaded from there; then captured."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from digits import CONFIG, TRAINING, accuracy, splits, train
from hub_model import MyHubModel

import reprobundle


def same(model: MyHubModel, x: torch.Tensor, expected: torch.Tensor) -> str:
    """Whether a model that was loaded gives the same scores."""
    return "same outputs" if torch.equal(model(x), expected) else "OTHER OUTPUTS"


def main(folder: Path, repository: str | None) -> None:
    """Train; save, load and compare, here and on a Hub; then capture."""
    torch.manual_seed(TRAINING["seed"])
    train_split, test_split = splits()
    model = MyHubModel(CONFIG)
    train(model, *train_split)
    reached, expected = accuracy(model, *test_split), model(test_split[0])
    print(f"test accuracy {reached:.4f}")

    model.save_pretrained(folder / "mixin")
    print(f"saved and loaded: {same(MyHubModel.from_pretrained(folder / 'mixin'), test_split[0], expected)}")
    if repository is not None:
        model.push_to_hub(repository)
        print(f"pushed and loaded: {same(MyHubModel.from_pretrained(repository), test_split[0], expected)}")

    captured = reprobundle.capture(
        folder / "mixin-bundle",
        model=model,
        inputs=test_split[0][:16],
        hyperparameters={**CONFIG, **TRAINING},
        splits={"train": train_split, "test": test_split},
        metrics={"test accuracy": reached},
    )
    print(f"captured: proof {captured.proof.status}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"), sys.argv[2] if len(sys.argv) > 2 else None)
