"""What can turn raw samples into model inputs, and how each is made again without pickle."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
import torch

from reprobundle import tensors
from reprobundle.components import preprocessing
from reprobundle.components.interface import Source, Stage
from reprobundle.components.preprocessing import Preprocessing, running
from reprobundle.records import from_bytes, to_bytes
from reprobundle.store import Writer
from reprobundle.worker import transforms

RAW = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)


def scaled(raw, by, offset=0.0):
    return raw * by + offset


def added(first, raw):
    return first + raw


class Normalise:
    """As torchvision writes its transforms."""

    def __init__(self, mean, std, inplace=False):
        self.mean, self.std, self.inplace = mean, std, inplace

    def __call__(self, raw):
        return (raw - np.asarray(self.mean, np.float32)) / np.asarray(self.std, np.float32)


class Compose:
    def __init__(self, transforms):
        self.transforms = transforms

    def __call__(self, raw):
        for transform in self.transforms:
            raw = transform(raw)
        return raw


@dataclasses.dataclass
class Standardise:
    """Fitted by hand."""

    mean: np.ndarray
    std: np.ndarray

    def transform(self, raw):
        return (raw - self.mean) / self.std


class Fitted:
    """Learns after it is made."""

    def __init__(self, eps=1e-6):
        self._eps = eps
        self.mean = None

    def fit(self, raw):
        self.mean = raw.mean(0)
        self.order = ("a", "b")
        return self

    def __call__(self, raw):
        return raw - self.mean + self._eps


class Shift(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.register_buffer("by", torch.zeros(width))

    def forward(self, raw):
        return torch.nn.functional.dropout(torch.as_tensor(raw) + self.by, 0.5, self.training)


class Hidden:
    def __init__(self, secret):
        self.kept = secret * 2

    def __call__(self, raw):
        return raw * self.kept


class Loose:
    def __init__(self, *parts):
        self.parts = parts

    def __call__(self, raw):
        return raw


class Odd:
    def __init__(self):
        self.opened = None

    def __call__(self, raw):
        return raw


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def take(stage, transform, samples=RAW):
    return preprocessing.capture(
        Source(model=None, preprocessing=Preprocessing(transform=transform, samples=samples)), stage
    )


def run(section, stage, tmp_path):
    """What the worker's way of running the steps gives, and what was recorded."""
    transforms.run(running.job(section, lambda path: stage.root / path), str(tmp_path / "out.safetensors"))
    made, recorded = (
        tensors.read_arrays(path) for path in (tmp_path / "out.safetensors", stage.root / section.pairs.expected.file)
    )
    return {name: value.tolist() for name, value in made.items()}, {
        name: value.tolist() for name, value in recorded.items()
    }


def shift():
    module = Shift(2)
    module.by += 3
    return module


GOOD = {
    "a partial": (functools.partial(scaled, by=2.0, offset=np.ones(2, np.float32)), ["function"]),
    "a partial by position": (functools.partial(added, np.ones(2, np.float32)), ["function"]),
    "an object": (Normalise([1, 2], [0.5, 0.5]), ["object"]),
    "objects in an object": (Compose([Normalise((1, 2), [0.5, 0.5]), Normalise([0, 0], [2, 2])]), ["object"]),
    "a fitted dataclass": (Standardise(np.ones(2, np.float32), np.full(2, 2.0)).transform, ["object"]),
    "an object fitted later": (Fitted(0.5).fit(RAW), ["object"]),
    "a module": (shift(), ["object"]),
    "modules in a row": (torch.nn.Sequential(shift(), torch.nn.Flatten(), shift()), ["object"] * 3),
    "a list": (
        [functools.partial(scaled, by=2.0), Normalise([1, 2], [1, 1]), "operator:neg"],
        ["function", "object", "function"],
    ),
    "a mapping": ({"scale": functools.partial(scaled, by=2.0), "shift": shift()}, ["function", "object"]),
}


@pytest.mark.parametrize(("transform", "forms"), GOOD.values(), ids=GOOD)
def test_each_is_made_again(stage, tmp_path, transform, forms):
    """The recipe gives the same results, and is itself a record that can be read back."""
    section = take(stage, transform)
    made, recorded = run(section, stage, tmp_path)

    assert stage.notes == []
    assert section.transform is None
    assert [step.form for step in section.steps] == forms
    assert made == recorded
    assert from_bytes(preprocessing.Section, to_bytes(section), name="section") == section


def test_names_and_files(stage):
    """Steps have the names given, or numbers, and their arrays stand in files of these names."""
    section = take(stage, {"raw": shift(), "RAW": shift(), "../x": shift()})

    assert [step.name for step in section.steps] == ["raw", "RAW", "../x"]
    assert [step.tensors for step in section.steps] == [
        "preprocessing/raw.state.safetensors",
        "preprocessing/step-2.state.safetensors",
        "preprocessing/step-3.state.safetensors",
    ]


def test_a_module_stays_in_its_mode(stage):
    """It is recorded in evaluation mode, and is left as it was."""
    module = shift()
    section = take(stage, module)

    assert module.training
    assert section.steps[0].module
    assert tensors.read_arrays(stage.root / section.pairs.expected.file)["value"].tolist() == (RAW + 3).tolist()


def odd():
    thing = Odd()
    thing.opened = iter([])
    return thing


BAD = {
    "a lambda": (lambda raw: raw, "the transform cannot be found again by name: ", "write it as a function at the top"),
    "an argument that is not kept": (
        Hidden(3),
        "step 'transform' cannot be made again: Hidden: its constructor needs 'secret', which it does not keep under that name",
        "give a function at the top level of a module that does the same, as module:name",
    ),
    "any arguments": (
        Loose(1),
        "step 'transform' cannot be made again: Loose: its constructor needs *parts, which it does not keep under that name",
        "give a function",
    ),
    "what no bundle holds": (
        odd(),
        "step 'transform' cannot be made again: argument 'opened': list_iterator <list_iterator object> is no value that can",
        "give a function at the top level of a module, as module:name, or an object",
    ),
    "a state in an object": (
        Compose([shift()]),
        "step 'transform' cannot be made again: a module with a state (Shift) stands inside another object",
        "give it as a step of its own, in a list",
    ),
    "one of several": (
        [functools.partial(scaled, by=np.ones(2)), lambda raw: raw],
        "step '2' cannot be made again: ",
        "write it as a function at the top",
    ),
}


@pytest.mark.parametrize(("transform", "told", "hint"), BAD.values(), ids=BAD)
def test_what_cannot_be_made_again_is_a_note(stage, transform, told, hint):
    """The pairs are recorded all the same, no file of a step is left behind, and the way out is named."""
    section = take(stage, transform)
    (note,) = stage.notes

    assert note.message.startswith(told)
    assert note.hint.startswith(hint)
    assert (section.steps, section.transform) == ((), None)
    assert section.pairs is not None
    assert {entry.path for entry in stage.writer.entries} == {section.pairs.raw.file, section.pairs.expected.file}
    assert not section.can_run


def test_two_captures_are_the_same_bytes(tmp_path):
    """Nothing of the process stands in a recipe or its files."""
    written = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        stage = Stage(Writer(tmp_path / name))
        section = take(stage, [Fitted(0.5).fit(RAW), shift()])
        written.append((section, stage.writer.entries))

    assert written[0] == written[1]
