"""Two small models as a person might write them, and what can go wrong between capture and replay: the seeded faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reprobundle import tensors
from reprobundle.store import Writer

NETS = '''
"""A convolutional net and a transformer, each with what prepares its inputs."""
import torch
from torch import nn
from torch.nn import functional


class Images(nn.Module):
    """Colour images to classes."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.act = nn.GELU()
        self.pool = nn.MaxPool2d(2)
        self.block = nn.Conv2d(8, 8, 3, padding=1)
        self.block_norm = nn.BatchNorm2d(8)
        self.mean = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(8, 5)

    def forward(self, image):
        seen = self.pool(self.act(self.norm(self.stem(image))))
        seen = seen + self.block_norm(self.block(seen))
        seen = self.mean(seen).flatten(1)
        logits = self.head(self.drop(seen))
        return {"logits": logits, "features": seen}


def prepare_images(raw):
    """Colours of 0 to 255, channels last, to standard inputs."""
    image = raw.to(torch.float32).permute(0, 3, 1, 2) / 255
    image = functional.interpolate(image, size=(12, 12), mode="bilinear").contiguous()
    return (image - 0.45) / 0.225


class Block(nn.Module):
    """Attention, then a perceptron, each beside what came in."""

    def __init__(self, width):
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.between = nn.LayerNorm(width, eps=1e-5)
        self.up, self.act, self.down = nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)

    def forward(self, seen, mask):
        given = self.norm(seen)
        scores = self.query(given) @ self.key(given).transpose(1, 2) / 4
        scores = scores.masked_fill(~mask[:, None, :], float("-inf"))
        seen = seen + self.out(scores.softmax(-1) @ self.value(given))
        return seen + self.down(self.act(self.up(self.between(seen))))


class Texts(nn.Module):
    """Tokens to the next token's scores, the embedding used both ways."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(32, 16)
        self.place = nn.Embedding(16, 16)
        self.layers = nn.ModuleList([Block(16), Block(16)])
        self.last = nn.LayerNorm(16)
        self.head = nn.Linear(16, 32, bias=False)
        self.head.weight = self.embed.weight

    def forward(self, tokens, mask):
        noise = torch.randn(16, generator=torch.Generator().manual_seed(7))
        seen = self.embed(tokens) + self.place(torch.arange(tokens.shape[1])) + 0.1 * noise
        for layer in self.layers:
            seen = layer(seen, mask)
        return self.head(self.last(seen))


VOCABULARY = "?abcdefghijklmnopqrstuvwxyz .,-!"


def prepare_texts(raw):
    """Codes of characters, zero where a text has ended, to tokens and a mask."""
    table = torch.zeros(128, dtype=torch.int64)
    table[torch.tensor([ord(letter) for letter in VOCABULARY])] = torch.arange(len(VOCABULARY))
    return {"tokens": table[raw.to(torch.int64)], "mask": raw > 0}
'''
TRAIN = """
import sys

import torch
from nets import Images, Texts, prepare_images, prepare_texts
from safetensors.torch import save_file

import reprobundle


def trained(model, inputs, target):
    before = {}
    model.train()
    for _ in range(6):
        before = {name: value.clone() for name, value in model.state_dict().items()}
        output = model(**inputs) if isinstance(inputs, dict) else model(inputs)["logits"]
        loss = torch.nn.functional.cross_entropy(output.flatten(0, -2), target.flatten())
        slopes = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():  # by hand: an optimizer loads torch's compiler
            for parameter, slope in zip(model.parameters(), slopes):
                parameter -= 0.5 * slope
    return model.eval(), before


if __name__ == "__main__":
    out = sys.argv[1]
    torch.manual_seed(1)
    pixels = torch.randint(0, 256, (6, 16, 16, 3), dtype=torch.uint8)
    pixels[..., 0] //= 2
    words = ["a stone, a leaf", "an unfound door", "o lost", "by the wind -"]
    codes = torch.tensor([[ord(letter) for letter in word.ljust(16, "\\0")][:16] for word in words], dtype=torch.uint8)
    for name, kind, raw, prepare in (
        ("images", Images, pixels, prepare_images), ("texts", Texts, codes, prepare_texts),
    ):
        inputs = prepare(raw)
        target = torch.arange(6) % 5 if name == "images" else inputs["tokens"].roll(-1, 1)
        other, _ = trained(kind(), inputs, target)
        model, previous = trained(kind(), inputs, target)
        for file, state in (("previous", previous), ("other", other.state_dict())):
            save_file({key: value.clone() for key, value in state.items()}, f"{out}/{name}-{file}.safetensors")
        captured = reprobundle.capture(
            f"{out}/{name}", model=model, inputs=inputs, budget=1, quiet=True,
            preprocessing=reprobundle.Preprocessing(transform=prepare, samples=raw),
        )
        print(captured.proof.status)
"""
SOURCE = "code/source/nets.py"
Edit = Callable[[Path, dict[str, Any], Path], None]  # the copy, its manifest, and the folder with what training left


@dataclass(frozen=True)
class Fault:
    """Something that went wrong between capture and replay.

    Attributes:
        name: What.
        bundle: ``images`` or ``texts``.
        edit: Makes it in a copy of the bundle.
        named: Where the diagnosis must put it: the stage, ``weights`` or ``preprocessing``; the first module; or ``after
            MODULE``, which is the last.
    """

    name: str
    bundle: str
    edit: Edit
    named: str


def source(old: str, new: str) -> Edit:
    """Another source, and all digests as they should be."""

    def edit(folder: Path, manifest: dict[str, Any], left: Path) -> None:
        text = (folder / SOURCE).read_text()
        assert text.count(old) == 1, old
        (folder / SOURCE).write_text(text.replace(old, new))

    return edit


def weights(change: Callable[[dict[str, Any], Path], None], *, redigested: bool = True) -> Edit:
    """Other weights, and all digests as they should be; those of the tensors only if that is said."""

    def edit(folder: Path, manifest: dict[str, Any], left: Path) -> None:
        import torch

        from reprobundle.worker import tensor_bytes

        arrays = {name: np.array(array) for name, array in tensors.read_arrays(folder / "model.safetensors").items()}
        change(arrays, left)
        (folder / "model.safetensors").unlink()
        tensors.write(
            Writer(folder), "model.safetensors", {name: tensors.of_array(one) for name, one in arrays.items()}
        )
        for entry in manifest["model"]["tensors"] if redigested else ():
            held = arrays[manifest["model"]["aliases"].get(entry["name"], entry["name"])]
            entry["xxh3_128"] = tensor_bytes.digest(entry["name"], torch.from_numpy(held))

    return edit


def swapped(file: str) -> Edit:
    """The weights that training left in another file."""

    def change(arrays: dict[str, Any], left: Path) -> None:
        found = tensors.read_arrays(left / file)
        arrays.update({name: np.array(found[name]) for name in arrays})

    return weights(change)


def drawn_anew(arrays: dict[str, Any], left: Path) -> None:
    """One layer as before any training."""
    arrays["block.weight"] = np.random.default_rng(0).normal(0, 0.1, arrays["block.weight"].shape).astype(np.float32)


def transposed(arrays: dict[str, Any], left: Path) -> None:
    """One kernel with height and width exchanged."""
    arrays["block.weight"] = np.ascontiguousarray(arrays["block.weight"].swapaxes(2, 3))


def without_bias(arrays: dict[str, Any], left: Path) -> None:
    """One bias lost."""
    arrays["layers.1.up.bias"] = np.zeros_like(arrays["layers.1.up.bias"])


def one_row(arrays: dict[str, Any], left: Path) -> None:
    """One row of one tensor changed by one per cent."""
    arrays["head.weight"][1] *= np.float32(1.01)


def returned(expression: str) -> Edit:
    """The logits of the convolutional net, changed at the very end."""
    return source('return {"logits": logits, "features": seen}', f'return {{"logits": {expression}, "features": seen}}')


def typed(expression: str) -> Edit:
    """The dictionary that the convolutional net returns, another one."""
    return source('return {"logits": logits, "features": seen}', f"return {expression}")


HEAD = "after head"
FAULTS = (
    # what is made of right logits
    Fault("rows swapped", "images", returned("logits[[1, 0, 2, 3, 4, 5]]"), HEAD),
    Fault("sign flipped", "images", returned("-logits"), HEAD),
    Fault("one NaN", "images", returned("logits.masked_fill(logits == logits.max(), float('nan'))"), HEAD),
    Fault("half precision and back", "images", returned("logits.half().float()"), HEAD),
    Fault("one unit in the last place", "images", returned("torch.nextafter(logits, logits + 1)"), HEAD),
    Fault("classes permuted", "images", returned("logits.roll(1, 1)"), HEAD),
    Fault("output truncated", "images", returned("logits[:-1]"), HEAD),
    Fault("broadcastable shape", "images", returned("logits[:, None]"), HEAD),
    Fault("scaled by 1.01", "images", returned("logits * 1.01"), HEAD),
    Fault("argmax in place of logits", "images", returned("logits.argmax(1)"), HEAD),
    Fault("probabilities in place of logits", "images", returned("logits.softmax(1)"), HEAD),
    Fault("float64 output", "images", returned("logits.double()"), HEAD),
    Fault("an output more", "images", typed('{"logits": logits, "features": seen, "more": seen}'), HEAD),
    Fault("an output less", "images", typed('{"logits": logits}'), HEAD),
    # the convolutional net itself
    Fault("padding by reflection", "images", source("(3, 8, 3, padding=1)", "(3, 8, 3, padding=1, padding_mode='reflect')"), "stem"),
    Fault("stride of two", "images", source("(3, 8, 3, padding=1)", "(3, 8, 3, padding=1, stride=2)"), "stem"),
    Fault("autocast to bfloat16", "images",
          source("    def forward(self, image):", "    @torch.autocast('cpu', torch.bfloat16)\n    def forward(self, image):"), "stem"),
    Fault("BatchNorm in training", "images", source("seen = self.pool", "self.norm.train()\n        seen = self.pool"), "norm"),
    Fault("another eps", "images", source("self.norm = nn.BatchNorm2d(8)", "self.norm = nn.BatchNorm2d(8, eps=1e-3)"), "norm"),
    Fault("ReLU for GELU", "images", source("self.act = nn.GELU()\n        self.pool", "self.act = nn.ReLU()\n        self.pool"), "act"),
    Fault("GELU by tanh", "images",
          source("self.act = nn.GELU()\n        self.pool", "self.act = nn.GELU('tanh')\n        self.pool"), "act"),
    Fault("average for maximum", "images", source("nn.MaxPool2d(2)", "nn.AvgPool2d(2)"), "pool"),
    Fault("layer drawn anew", "images", weights(drawn_anew), "block"),
    Fault("kernel transposed", "images", weights(transposed), "block"),
    Fault("residual left out", "images", source("seen + self.block_norm", "0 * seen + self.block_norm"), "mean"),
    Fault("dropout on", "images", source("seen = self.pool", "self.drop.train()\n        seen = self.pool"), "drop"),
    Fault("row of a tensor", "images", weights(one_row, redigested=False), "weights"),
    Fault("bias not made", "images", source("nn.Linear(8, 5)", "nn.Linear(8, 5, bias=False)"), "weights"),
    Fault("weights of the epoch before", "images", swapped("images-previous.safetensors"), "stem"),
    Fault("weights of another training", "images", swapped("images-other.safetensors"), "stem"),
    # the transformer itself
    Fault("mask ignored", "texts", source("masked_fill(~mask[:, None, :]", "masked_fill(~mask[:, None, :] & False"), "layers.0.out"),
    Fault("softmax over the wrong axis", "texts", source(".softmax(-1)", ".softmax(1).nan_to_num()"), "layers.0.out"),
    Fault("scores not scaled", "texts", source(".transpose(1, 2) / 4", ".transpose(1, 2)"), "layers.0.out"),
    Fault("positions off by one", "texts", source("torch.arange(tokens.shape[1])", "1 + torch.arange(tokens.shape[1] - 1).repeat(2)[:tokens.shape[1]]"), "place"),
    Fault("layers in another order", "texts", source("in self.layers:", "in reversed(self.layers):"), "layers.0.norm"),
    Fault("a layer twice", "texts", source("for layer in self.layers:", "for layer in (*self.layers, self.layers[1]):"), "layers.1.norm"),
    Fault("norm left out", "texts", source("self.head(self.last(seen))", "self.head(seen)"), "last"),
    Fault("bias lost", "texts", weights(without_bias), "layers.1.up"),
    Fault("another seed", "texts", source("manual_seed(7)", "manual_seed(8)"), "layers.0.norm"),
    Fault("weights of another transformer", "texts", swapped("texts-other.safetensors"), "embed"),
    # what comes before the models
    Fault("another normalisation", "images", source("- 0.45", "- 0.5"), "preprocessing"),
    Fault("another size", "images", source('mode="bilinear"', 'mode="nearest"'), "preprocessing"),
    Fault("channels in another order", "images", source(".permute(0, 3, 1, 2) / 255", ".permute(0, 3, 1, 2).flip(1) / 255"), "preprocessing"),
    Fault("another vocabulary", "texts", source('"?abcdefg', '"?bacdefg'), "preprocessing"),
    Fault("text cut", "texts", source('"mask": raw > 0', '"mask": (raw > 0).cumsum(1) <= 10'), "preprocessing"),
)  # fmt: skip
