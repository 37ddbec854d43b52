"""Samples that are changed before the model sees them, by something that is not packed."""

from __future__ import annotations

import datetime

import numpy as np
import pytest
import yaml
from lint_cards import CARD, FULL, card, sound, split
from safetensors.numpy import save
from tiny import WEIGHTS, tiny_manifest, write_named

import reprobundle
from reprobundle import bundle as bundles
from reprobundle.components import data, hyperparameters, outputs, preprocessing
from reprobundle.components.data.section import Leaf
from reprobundle.components.data.statistics.form import Feature, Statistics, ValueCount
from reprobundle.linting.preparation import preparation
from reprobundle.linting.subject import of_card
from reprobundle.records import to_bytes
from reprobundle.store import Writer, staging

NONE = "and no preprocessing is packed"
SILENT = card(data_preparation__standardisation="n/a: the values are used as they are")
INPUTS = outputs.section.Tree(file="replay/inputs.safetensors", structure={"kind": "tensor", "name": "value"})


def made(folder, said=SILENT, inputs=None, features=None, **changed):
    """A bundle without preprocessing, with recorded inputs and statistics of its splits."""
    with staging(folder) as place:
        writer = Writer(place)
        parts = sound(preprocessing=preprocessing.Section(), **changed)
        if inputs is not None:
            parts["outputs"] = outputs.Section(inputs=INPUTS, expected=None)
            writer.write(INPUTS.file, save({"value": inputs}))
        if features is not None:
            leaves = tuple(
                Leaf(name=name, dtype="F32", shape=()) for name in dict.fromkeys(one.name for one in features)
            )
            given = {"leaves": leaves, "statistics": "data/train.statistics.json"}
            parts["data"] = data.Section(splits=(split("train", **given), split("test")))
            writer.write("data/train.statistics.json", to_bytes(Statistics(samples=100, features=features)))
        manifest = tiny_manifest(**parts)
        writer.write("model.safetensors", WEIGHTS)
        writer.write(CARD, yaml.safe_dump(said, sort_keys=False).encode("utf-8"))
        writer.write("code/git.json", b"{}")
        write_named(writer, manifest)
        bundles.seal(writer, manifest)
    return folder


def met(place):
    return [
        (lint.level, lint.path, lint.message)
        for lint in reprobundle.lint(place).lints
        if lint.rule == "preprocessing-missing"
    ]


def feature(name, values):
    counts = tuple(ValueCount(value=value, count=1) for value in sorted(values))
    return Feature(
        name=name,
        kind="number",
        dtype="F32",
        count=len(values),
        minimum=min(values),
        maximum=max(values),
        values=counts,
    )


WHOLE = (feature("a", [0.0, 8.0, 16.0]), feature("b", [0.0, 3.0, 16.0]))
PARTS = (feature("a", [0.25, 8.5, 16.0]), feature("b", [0.0, 3.0, 16.0]))
SOME = np.linspace(0, 1, 16, dtype=np.float32).reshape(8, 2)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        (FULL, "data_preparation.standardisation"),
        (
            card(data_preparation__standardisation="Texts were tokenised with WordPiece."),
            "data_preparation.standardisation",
        ),
        (
            {
                **SILENT,
                "description": "Reads a review that is tokenized with a vocabulary of 8,000 pieces, and tells its mood.",
            },
            "description",
        ),
    ],
)
def test_the_card_tells_of_it(tmp_path, said, path):
    """A card that tells how samples are prepared, with nothing packed that does so, is a warning."""
    assert met(made(tmp_path / "b", said)) == [("warning", path, f"{path} tells how samples are prepared, {NONE}")]


@pytest.mark.parametrize(
    "said",
    [
        SILENT,
        card(data_preparation__standardisation="Nothing was scaled, pixels are taken raw."),
        card(data_preparation__standardisation="The first layer of the model divides by sixteen, inside the model."),
        {**SILENT, "description": "Two layers, each batch-normalised; batch normalized by its own mean, ten digits."},
    ],
)
def test_nothing_is_prepared(tmp_path, said):
    """A card that says nothing is done, or that the model does it, is left alone."""
    assert met(made(tmp_path / "b", said)) == []


@pytest.mark.parametrize("loader", ["for_skops", "for_onnx", "for_callable", "for_torch"])
def test_a_model_that_may_hold_it(loader):
    """A pipeline, a graph or a function may prepare samples itself; a module of torch is told."""
    manifest = tiny_manifest(model=tiny_manifest().model.model_copy(update={"loader": loader}))
    content = yaml.safe_dump(FULL).encode("utf-8")
    subject = of_card(content, name=CARD, today=datetime.date(2026, 1, 1), manifest=manifest)

    assert len(list(preparation(subject))) == (loader == "for_torch")


@pytest.mark.parametrize("name", ["tokenizer", "scaler", "image_mean", "normalize"])
def test_a_hyperparameter_hints_at_it(tmp_path, name):
    """A hyperparameter that names a tokenizer or a scaler is a warning; one that is off is not."""
    on, off = ({name: value, "lr": 0.1} for value in ("x", None))
    told = f"the hyperparameter {name!r} tells of a preprocessing, and none is packed"

    assert met(made(tmp_path / "on", hyperparameters=hyperparameters.Section(values=on))) == [
        ("warning", "hyperparameters.values", told)
    ]
    assert met(made(tmp_path / "off", hyperparameters=hyperparameters.Section(values=off))) == []


@pytest.mark.parametrize(
    ("features", "inputs", "told"),
    [
        (WHOLE, SOME, "the samples of 'train' are whole numbers, the model's inputs are not"),
        (WHOLE, np.round(SOME * 16), None),
        (PARTS, SOME * 16, None),
        (PARTS, SOME * 4 - 2, "the samples of 'train' lie from 0 to 16, the model's inputs elsewhere"),
        (PARTS, SOME.astype(np.int64), None),
        (PARTS, SOME[:2] - 9, None),
    ],
)
def test_the_numbers_show_it(tmp_path, features, inputs, told):
    """Whole numbers that became others, and inputs where no sample lies, show what the card does not say."""
    parts = {"data": data.Section(splits=(split("train"),))}
    place = made(tmp_path / "b", inputs=inputs, features=features, **({} if features else parts))
    only = reprobundle.verify(place)
    assert only.manifest.data.splits[0].statistics is not None
    expected = [("warning", "preprocessing", f"{told}, {NONE}")] if told else []

    assert met(place) == expected


def test_texts_become_tensors(tmp_path):
    """Samples of text and inputs of tensors differ by a tokenizer that is not there."""
    texts = data.Section(splits=(split("train", leaves=(Leaf(name="text", dtype="text", shape=()),)),))

    assert met(made(tmp_path / "b", inputs=SOME, data=texts)) == [
        ("warning", "preprocessing", f"the samples of 'train' are text, the model's inputs are tensors, {NONE}")
    ]
