from __future__ import annotations

import importlib
import sys
import warnings

import pytest

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.integrations.training import AtTheEnd, CaptureFailedWarning, first_batch, inputs_of

torch = pytest.importorskip("torch")


class Squares(torch.utils.data.Dataset):
    def __len__(self):
        return 20

    def __getitem__(self, index):
        return torch.tensor(index**2)


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter(torch.arange(20) ** 2)


class Scaled(torch.nn.Module):
    def forward(self, x, scale=1, labels=None, needed_labels=None):
        return x * scale


class Loss(torch.nn.Module):
    def forward(self, x, labels):
        return x - labels


class Whole(torch.nn.Module):
    def forward(self, batch):
        return batch["x"]


FIRST = [0, 1, 4, 9, 16, 25, 36, 49]


@pytest.mark.parametrize("dataset", [Squares(), Stream()], ids=["indexed", "iterable"])
def test_first_batch_is_not_shuffled_and_draws_nothing(dataset):
    """The first eight samples are taken in order, however the loader shuffles, and no random number is drawn."""
    shuffle = {} if isinstance(dataset, Stream) else {"shuffle": True}
    before = torch.random.get_rng_state()
    batch = first_batch(torch.utils.data.DataLoader(dataset, batch_size=3, **shuffle))

    assert batch.tolist() == FIRST
    assert torch.equal(torch.random.get_rng_state(), before)


def test_data_set_of_batches_gives_its_first():
    """Where the data set itself makes batches, its first one is taken whole."""
    assert first_batch(torch.utils.data.DataLoader([torch.arange(3), torch.arange(4)], batch_size=None)).tolist() == [
        0, 1, 2,
    ]  # fmt: skip


def test_any_iterable_is_a_loader():
    """What is no ``DataLoader`` is iterated once."""
    assert first_batch([(1, 2), (3, 4)]) == (1, 2)


@pytest.mark.parametrize(
    ("model", "batch", "expected"),
    [
        (Scaled(), {"x": 1, "labels": 2, "other": 3}, {"x": 1}),
        (Scaled(), {"x": 1, "scale": 3, "needed_labels": 4}, {"x": 1, "scale": 3, "needed_labels": 4}),
        (Loss(), {"x": 1, "labels": 2}, {"x": 1, "labels": 2}),
        (Whole(), {"x": 1, "y": 2}, ({"x": 1, "y": 2},)),
        (Scaled(), (1, 2), (1,)),
        (Scaled(), [[5, 6], 2], ([5, 6],)),
        (Scaled(), 7, (7,)),
    ],
)
def test_inputs_are_what_forward_takes(model, batch, expected):
    """Keywords that forward names, without labels it can do without; the first part of a pair; else the batch."""
    assert inputs_of(model, batch, ["labels"]) == expected


def test_wrong_keyword_is_refused_before_training():
    """A misspelt argument is an error where the callback is made, not after hours of training."""
    with pytest.raises(TypeError) as caught:
        AtTheEnd("bundle", {"claim": []})

    assert str(caught.value) == "got an unexpected keyword argument 'claim'"


def test_existing_target_is_refused_before_training(tmp_path):
    """So is a target that exists."""
    with pytest.raises(UsageError) as caught:
        AtTheEnd(tmp_path, {})

    assert str(caught.value) == f"output folder {str(tmp_path)!r} exists; a bundle is never overwritten"


def test_script_without_main_guard_is_told_so(tmp_path, monkeypatch):
    """A training script that a proof imports ends at the callback, before it trains a second time."""
    monkeypatch.setenv("REPROBUNDLE_WORKER", "1")
    with pytest.raises(UsageError) as caught:
        AtTheEnd(tmp_path / "bundle", {})

    assert caught.value.hint == "put the training under: if __name__ == '__main__':"


def test_what_fails_is_told_and_the_rest_captured(tmp_path):
    """An argument that cannot be taken is one warning; the bundle is made without it, and what was given goes first."""
    end = AtTheEnd(tmp_path / "bundle", {"budget": 0, "proof": False, "hyperparameters": {"lr": 0.5}})

    def fail():
        raise ValueError("no data")

    taking = {"model": lambda: torch.nn.Linear(2, 1), "inputs": fail, "hyperparameters": fail, "metrics": lambda: None}
    with pytest.warns(CaptureFailedWarning) as caught:
        end.capture(taking)

    assert [str(warning.message) for warning in caught] == [
        "inputs: could not be taken from the trainer and is missing in the bundle: ValueError: no data"
    ]
    assert end.captured is not None
    assert (tmp_path / "bundle" / "manifest.json").is_file()


def test_failing_capture_raises_nothing(tmp_path):
    """A capture that fails is a warning, and leaves no bundle."""
    end = AtTheEnd(tmp_path / "bundle", {"budget": 0, "proof": False})
    with pytest.warns(CaptureFailedWarning) as caught:
        end.capture({"model": lambda: "no model"})

    assert str(caught[0].message) == (
        "training is complete, but the bundle 'bundle' was not made: "
        "UsageError: model: expected an nn.Module or a function, found str"
    )
    assert end.captured is None
    assert list(tmp_path.iterdir()) == []


def test_start_of_training_is_recorded(tmp_path):
    """What stood at the start goes to the capture, unless the person gave another."""
    given = {"run": None}
    silent, end = AtTheEnd(tmp_path / "a", given), AtTheEnd(tmp_path / "b", {"project": tmp_path})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent.begin()
        end.begin()

    assert silent._given == {"run": None}
    assert end._given["run"].splits == {}


@pytest.mark.parametrize(("name", "library"), [("transformers", "transformers"), ("lightning", "lightning")])
def test_missing_library_names_the_extra(monkeypatch, name, library):
    """Without the library the import is one clear error that names the extra."""
    module = f"reprobundle.integrations.{name}"
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] in {library, "pytorch_lightning"}]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    with pytest.raises(UnavailableError) as caught:
        importlib.import_module(module)

    assert caught.value.hint == f'python -m pip install ".[{name}]", in the folder of its source'
