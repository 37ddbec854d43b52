"""Fitted preprocessing of libraries: scikit-learn's through skops, tokenizers and processors by their own files."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
import support
from projects import make_project, python

from reprobundle.bundle import verify
from reprobundle.components import preprocessing
from reprobundle.components.interface import Source, Stage
from reprobundle.components.preprocessing import Preprocessing, running
from reprobundle.store import Writer
from reprobundle.tensors import read_arrays
from reprobundle.worker import transforms

support.require("skops")
support.require("transformers")

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "house", "boat", "##s")
TRAIN = """
import sys

import torch
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import reprobundle


def clipped(rows):
    return rows.clip(-2, 2)


def as_tensor(rows):
    return torch.as_tensor(rows, dtype=torch.float32)


class Net(torch.nn.Sequential):
    def __init__(self):
        super().__init__(torch.nn.Linear(3, 3))


if __name__ == "__main__":
    rows = load_iris().data
    prepare = make_pipeline(StandardScaler(), FunctionTransformer(clipped), PCA(3)).fit(rows)
    steps = {"scale": prepare, "tensor": as_tensor}
    captured = reprobundle.capture(
        sys.argv[1],
        model=Net(),
        inputs=as_tensor(prepare.transform(rows[:4])),
        preprocessing=reprobundle.Preprocessing(transform=steps, samples=rows[:4]),
        budget=0,
    )
    print(captured.proof.status, captured.proof.why)
"""


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def take(stage, given):
    return preprocessing.capture(Source(model=None, preprocessing=given), stage)


def again(section, stage, tmp_path):
    """Whether the worker's way of running the steps gives what was recorded, tensors and plain values."""
    structure = transforms.run(running.job(section, lambda path: stage.root / path), str(tmp_path / "out"))
    made, recorded = read_arrays(tmp_path / "out"), read_arrays(stage.root / section.pairs.expected.file)
    same = {name: value.tobytes() for name, value in made.items()} == {
        name: v.tobytes() for name, v in recorded.items()
    }
    return same and structure == section.pairs.expected.structure


@pytest.mark.slow
def test_a_fitted_pipeline_is_proven(tmp_path):
    """A pipeline goes to a skops file, in which a function of the script is trusted; a fresh process gives the same inputs."""
    project = make_project(tmp_path / "project", train=TRAIN)
    finished = python("train.py", str(tmp_path / "iris"), cwd=project)
    section = verify(tmp_path / "iris").manifest.preprocessing

    assert finished.stdout == "bitwise None\n", finished.stderr
    assert [(step.name, step.form, step.file, step.entry) for step in section.steps] == [
        ("scale", "skops", "preprocessing/scale.skops", None),
        ("tensor", "function", None, "train:as_tensor"),
    ]
    assert section.steps[0].trusted == ("train.clipped",)
    assert section.pairs.feeds_model


def frame():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame({"age": [1.0, 2.0, 4.0], "colour": ["red", "blue", "red"], "n": [1, 2, 3]})


def columns():
    from sklearn.compose import make_column_transformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    return make_column_transformer((StandardScaler(), ["age", "n"]), (OneHotEncoder(), ["colour"]), sparse_threshold=1)


def test_rows_of_a_table(stage, tmp_path):
    """A transformer that asks for columns by name gets a DataFrame again; a sparse result is recorded dense."""
    section = take(stage, Preprocessing(transform=columns().fit(frame()), samples=frame()))
    structure = section.pairs.raw.structure

    assert stage.notes == []
    assert section.pairs.raw.made_of == {"": "table"}
    assert [name for name, _ in structure["items"]] == ["age", "colour", "n"]
    assert [step.method for step in section.steps] == ["transform"]
    assert again(section, stage, tmp_path)


def test_a_result_that_is_a_table(stage, tmp_path):
    """It is recorded by its columns."""
    scaler = columns().set_output(transform="pandas").set_params(sparse_threshold=0)
    scaler.set_params(onehotencoder__sparse_output=False).fit(frame())
    section = take(stage, Preprocessing(transform=scaler, samples=frame()))

    assert next(name for name, _ in section.pairs.expected.structure["items"]) == "standardscaler__age"
    assert again(section, stage, tmp_path)


def test_another_method_of_an_estimator(stage, tmp_path):
    """A bound method is recorded with the object it belongs to."""
    from sklearn.cluster import KMeans

    rows = np.arange(12.0).reshape(6, 2)
    section = take(stage, Preprocessing(transform=KMeans(2, n_init=1, random_state=0).fit(rows).predict, samples=rows))

    assert [(step.form, step.method) for step in section.steps] == [("skops", "predict")]
    assert again(section, stage, tmp_path)


def test_an_estimator_that_is_no_transformer(stage):
    """It is refused by name, and what to give instead is told."""
    from sklearn.linear_model import LinearRegression

    take(stage, Preprocessing(transform=LinearRegression()))

    assert stage.notes[0].message == "step 'transform' cannot be made again: LinearRegression has no method 'transform'"
    assert stage.notes[0].hint == "give a transformer, or a bound method"


def test_what_is_no_class_of_a_library_is_refused(stage):
    """A builtin in a pipeline is never written: whoever loads it would run it."""
    from sklearn.preprocessing import FunctionTransformer

    take(stage, Preprocessing(transform=FunctionTransformer(eval), samples=np.ones(1)))

    assert stage.notes[0].message.startswith(
        "step 'transform' cannot be made again: preprocessing: FunctionTransformer holds 'builtins.eval', which could run"
    )


@pytest.fixture
def tokenizer():
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordPiece({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    inner.normalizer, inner.pre_tokenizer = normalizers.Lowercase(), pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="[PAD]", unk_token="[UNK]")


@pytest.mark.parametrize("form", ["configuration", "transform", "partial", "method"])
def test_a_tokenizer(stage, tmp_path, tokenizer, form):
    """Texts become the same ids again, through from_pretrained on what it wrote to the root."""
    texts = ["A red house", "boats"]
    given = {
        "configuration": Preprocessing(configuration=tokenizer, samples=texts),
        "transform": Preprocessing(transform=tokenizer, samples=texts),
        "partial": Preprocessing(
            transform=functools.partial(tokenizer, padding=True, return_tensors="pt"), samples=texts
        ),
        "method": Preprocessing(transform=tokenizer.tokenize, samples=texts[0]),
    }[form]
    section = take(stage, given)

    assert stage.notes == []
    assert "tokenizer.json" in section.files
    assert [(step.form, step.method) for step in section.steps] == [
        ("pretrained", "tokenize" if form == "method" else None)
    ]
    assert again(section, stage, tmp_path)


def test_another_tokenizer_gives_other_ids(stage, tmp_path, tokenizer):
    """A vocabulary that was changed in the bundle is noticed."""
    section = take(stage, Preprocessing(transform=tokenizer, samples=["A red house", "boats"]))
    place = stage.root / "tokenizer.json"
    content = json.loads(place.read_text())
    content["model"]["vocab"].update(red=WORDS.index("house"), house=WORDS.index("red"))
    place.write_text(json.dumps(content))

    assert not again(section, stage, tmp_path)


def test_a_second_tokenizer_has_no_room(stage, tokenizer):
    """The root of a bundle is where one from_pretrained looks."""
    import copy

    take(stage, Preprocessing(configuration=tokenizer, transform=copy.copy(tokenizer), samples=["a"]))

    assert [note.message for note in stage.notes] == [
        f"step 'transform' cannot be made again: {type(tokenizer).__name__}: the root of the bundle holds one tokenizer or processor"
    ]


def test_an_image_processor(stage, tmp_path):
    """Pictures go in as arrays and come out of the bundle as pictures."""
    images = pytest.importorskip("PIL.Image")
    from transformers import ViTImageProcessorPil

    processor = ViTImageProcessorPil(size={"height": 4, "width": 4})
    picture = images.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3))
    section = take(stage, Preprocessing(transform=functools.partial(processor, return_tensors="np"), samples=[picture]))

    assert section.pairs.raw.made_of == {"0": "image"}
    assert again(section, stage, tmp_path)


def test_images_of_a_mode_that_an_array_does_not_tell(stage):
    """A palette would be lost, so the samples are left out with the way out."""
    images = pytest.importorskip("PIL.Image")
    take(stage, Preprocessing(transform=np.asarray, samples={"x": images.new("P", (2, 2))}))

    assert [note.message for note in stage.notes][-1] == (
        "the samples cannot be recorded: TypeError: at 'x': an image of mode 'P': convert it to RGB"
    )
