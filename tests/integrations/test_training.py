from __future__ import annotations

import importlib
import logging
import sys
import warnings

import pytest
from projects import make_project, python

from reprobundle.calling import UnprovenBundleWarning
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.integrations.samples import first_batch, inputs_of
from reprobundle.integrations.training import AtTheEnd, Started
from reprobundle.integrations.warning import CaptureFailedWarning, warn

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


def quick(folder):
    """Arguments for a capture that has little to look at."""
    return {"budget": 0, "proof": False, "project": folder}


def by_hand():
    return "by hand"


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
    end = AtTheEnd(tmp_path / "bundle", {**quick(tmp_path), "hyperparameters": {"lr": 0.5}})

    def fail():
        raise ValueError("no data")

    taking = {"model": lambda: torch.nn.Linear(2, 1), "inputs": fail, "hyperparameters": fail, "metrics": lambda: None}
    with pytest.warns(CaptureFailedWarning) as caught:
        end.capture(taking, by_hand)

    assert [str(warning.message) for warning in caught] == [
        "inputs: could not be taken from the trainer and is missing in the bundle: ValueError: no data"
    ]
    assert end.captured is not None
    assert (tmp_path / "bundle" / "manifest.json").is_file()


def test_failing_capture_raises_nothing(tmp_path):
    """A capture that fails is a warning that says what to do next; what stands in its place is left alone."""
    end = AtTheEnd(tmp_path / "bundle", quick(tmp_path))

    def model():
        (tmp_path / "bundle").mkdir()
        return torch.nn.Linear(2, 1)

    with pytest.warns(CaptureFailedWarning) as caught:
        end.capture({"model": model}, by_hand)

    assert str(caught[0].message) == (
        "training is complete, but the bundle 'bundle' was not made: UsageError: output folder "
        f"{str(tmp_path / 'bundle')!r} exists; a bundle is never overwritten\n  hint: name another folder\n  by hand"
    )
    assert end.captured is None
    assert list(tmp_path.rglob("*")) == [tmp_path / "bundle"]


class Ends(torch.nn.Module):
    """Ends the program where a model should compute."""

    def __init__(self, how):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.how = how

    def forward(self, x):
        raise self.how


class PanicException(BaseException):
    """Named as a fault in a Rust library is."""


@pytest.mark.parametrize("how", [SystemExit(3), PanicException("index out of bounds"), ValueError("no")])
def test_code_that_would_end_the_program_does_not(tmp_path, how):
    """A model that calls ``sys.exit()`` or crashes in a Rust library costs the outputs, and neither bundle nor training."""
    end = AtTheEnd(tmp_path / "bundle", {**quick(tmp_path), "init": {"how": "x"}})
    end.capture({"model": lambda: Ends(how), "inputs": lambda: torch.ones(1)}, by_hand)

    assert end.captured is not None
    assert [note.kind for note in end.captured.notes if f"{type(how).__name__}: " in note.message] == ["outputs"]


def test_interrupt_passes_through(tmp_path):
    """Who types Ctrl-C during a capture ends the program, as everywhere, and no half-made bundle stays."""
    end = AtTheEnd(tmp_path / "bundle", {**quick(tmp_path), "init": {"how": "x"}})
    with pytest.raises(KeyboardInterrupt):
        end.capture({"model": lambda: Ends(KeyboardInterrupt()), "inputs": lambda: torch.ones(1)}, by_hand)

    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource
import warnings

import torch

from reprobundle.integrations.training import AtTheEnd

warnings.simplefilter("ignore")
end = AtTheEnd("bundle", {"budget": 0, "proof": False})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
end.capture({"model": lambda: torch.nn.Linear(200, 200)}, lambda: "by hand")
print("training goes on", end.captured)
"""


@pytest.mark.slow
def test_full_disk_is_one_loud_warning(tmp_path):
    """Where nothing more can be written the training goes on, nothing half-made stays, and ``ignore`` hides no warning."""
    project = make_project(tmp_path / "project", limited=LIMITED)
    finished = python("limited.py", cwd=project)

    assert finished.stdout == "training goes on None\n", finished.stderr
    assert "training is complete, but the bundle 'bundle' was not made: UnavailableError: " in finished.stderr
    assert sorted(path.name for path in project.iterdir() if path.name != "__pycache__") == [".git", "limited.py"]


@pytest.mark.parametrize("filters", ["error", "ignore", "always"])
def test_warnings_are_seen_and_never_raised(filters):
    """What the person has decided about warnings decides neither whether this one is read nor whether training ends."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(filters)
        warn("look")

    assert [str(warning.message) for warning in caught] == ["look"]


def test_warnings_that_go_to_a_log_are_seen(capsys):
    """Where warnings are sent to a log that nobody keeps, the words go to standard error besides."""
    logging.captureWarnings(False)  # a library that was imported before may have sent them there already
    logging.captureWarnings(True)
    try:
        warn("look")
    finally:
        logging.captureWarnings(False)

    assert capsys.readouterr().err == "reprobundle: look\n"


def test_unproven_bundle_is_no_error(tmp_path):
    """Under warnings as errors a bundle that is unproven is made all the same, and the callback has it."""
    end = AtTheEnd(tmp_path / "bundle", {**quick(tmp_path), "proof": True})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("error")
        end.capture({"model": lambda: torch.nn.Linear(2, 1)}, by_hand)

    assert end.captured is not None
    assert [warning.category for warning in caught] == [UnprovenBundleWarning]


def test_start_of_training_is_recorded(tmp_path):
    """What stood at the start goes to the capture, unless the person gave another."""
    given = {"run": None}
    silent, end = AtTheEnd(tmp_path / "a", given), AtTheEnd(tmp_path / "b", {"project": tmp_path})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        silent.begin(Started(torch.nn.ReLU()))
        end.begin(Started(torch.nn.ReLU()))

    assert silent._taken({}) == {"run": None}
    assert end._taken({})["run"].splits == {}


def test_what_would_fail_at_the_end_is_told_at_the_start(tmp_path, capsys):
    """Arguments that no bundle can hold, a target that is there and missing checkpoints are said before the training."""
    end = AtTheEnd(tmp_path / "bundle", {"run": None})
    (tmp_path / "bundle").mkdir()
    with warnings.catch_warnings(record=True) as caught:
        end.begin(Started(torch.nn.Sequential(torch.nn.ReLU()), saves=False))
        end.begin(Started(Ends(object())))

    exists = "'bundle' exists: this training will not be captured\n  hint: give each training a path of its own"
    assert [str(warning.message) for warning in caught][:2] == [exists, exists]
    assert str(caught[2].message).startswith(
        "'bundle' will be unproven: what the model's constructor needs is not recorded: 'how'"
    )
    assert capsys.readouterr().err == (
        "reprobundle: no checkpoint is written during this training: 'bundle' will be the first copy of the weights\n"
    )


def test_splits_and_metrics_stand_beside_those_of_the_trainer(tmp_path):
    """What the person gives of them is added to what the trainer has, and goes first where both have it."""
    end = AtTheEnd(tmp_path / "bundle", {"splits": {"test": 1, "eval": 2}, "metrics": [1], "inputs": 3})
    taken = end._taken({name: lambda: {"train": 0, "eval": 0} for name in ("splits", "metrics", "inputs")})

    assert taken == {"run": None, "splits": {"train": 0, "eval": 2, "test": 1}, "metrics": [1], "inputs": 3}


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
