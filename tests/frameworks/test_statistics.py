from __future__ import annotations

import io
import json
import zlib

import numpy as np
import pytest
import support
from sklearn.datasets import load_digits

from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read
from reprobundle.components.data.statistics import QUANTILES, Gathering
from reprobundle.components.data.statistics.pictures import MAX_PIXELS, block_of_file, unreadable

support.require("pandas")
support.require("palmerpenguins")

import palmerpenguins
import pandas as pd
from PIL import Image

LEVELS = np.linspace(0, 1, QUANTILES)


def _agrees(feature, column):
    """Whether a feature says of a column what pandas says of it."""
    is_constant = column.min() == column.max()  # of which pandas 2 says 0 and pandas 3 NaN
    assert [feature.mean, feature.std] == pytest.approx([column.mean(), column.std()], rel=1e-10, abs=1e-10)
    if is_constant:
        assert (feature.skewness, feature.kurtosis) == (None, None)
    else:
        assert [feature.skewness, feature.kurtosis] == pytest.approx(
            [column.skew(), column.kurt()], rel=1e-10, abs=1e-10
        )
    assert (feature.minimum, feature.maximum) == (column.min(), column.max())
    assert feature.quantiles == tuple(column.quantile(LEVELS).tolist())
    assert (feature.missing + feature.nan, feature.sampled) == (column.isna().sum(), column.count())
    counts = column.value_counts().sort_index()
    expected = list(zip(counts.index.tolist(), counts.tolist(), strict=True)) if len(counts) <= 256 else None
    assert _counted(feature.values) == expected


def test_digits_are_as_pandas_describes_them():
    """All 64 pixels of scikit-learn's digits, and the counts of the ten classes, are those of pandas."""
    pixels, labels = load_digits(return_X_y=True)
    reading = read((pixels, labels))
    frame = pd.DataFrame(pixels)
    *features, label = reading.statistics.features
    for feature, name in zip(features, frame, strict=True):
        _agrees(feature, frame[name])
    _agrees(label, pd.Series(labels))

    assert [(entry.label, entry.count) for entry in reading.labels] == [
        *pd.Series(labels).value_counts().sort_index().items()
    ]
    assert (reading.label, reading.statistics.label, reading.statistics.samples) == ("1", "1", 1797)


def test_penguins_are_as_pandas_describes_them():
    """Every column of a table with gaps: numbers, texts, what is missing, and the classes of the label that was named."""
    table = palmerpenguins.load_penguins()
    reading = read(table, How(label="species"))
    features = {feature.name: feature for feature in reading.statistics.features}
    for name in table.select_dtypes("number"):
        _agrees(features[name], table[name])
    for name in ("species", "island", "sex"):
        counts = table[name].value_counts().sort_index()
        assert _counted(features[name].values) == [*counts.items()]
        assert features[name].missing == table[name].isna().sum()

    assert {entry.label: entry.count for entry in reading.labels} == {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}


def test_labels_with_gaps_are_the_integers_they_are():
    """pandas holds integers with gaps as floats; they are counted as integers, and the gaps as labels that are missing."""
    reading = read(pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1, None, 0]}))

    assert (reading.label, [(entry.label, entry.count) for entry in reading.labels]) == ("y", [(0, 1), (1, 1)])
    assert reading.labels_missing == 1


def _counted(values):
    return values and [(entry.value, entry.count) for entry in values]


def _png(image, form="PNG"):
    kept = io.BytesIO()
    image.save(kept, form)
    return kept.getvalue()


def _described(files):
    gathering = Gathering()
    for name, content in files.items():
        gathering.add(block_of_file(name, content), zlib.crc32(content).to_bytes(16, "big"))
    return gathering.result()


def test_pictures_of_a_folder_have_sizes_channels_and_modes():
    """Grey, coloured, indexed and wide pixels of any size, if it is only three pixels high, are described together; the mode is a category."""
    grey = Image.fromarray(np.full((4, 6), 100, np.uint8))
    red = Image.fromarray(np.full((3, 2, 3), [255, 0, 0], np.uint8))
    files = {"a.png": _png(grey), "b.PNG": _png(red), "c.gif": _png(red.quantize(4), "GIF"), "d.bmp": _png(red, "BMP"),
             "e.tiff": _png(Image.fromarray(np.full((3, 3), 1000, np.uint16)), "TIFF")}  # fmt: skip
    features = {(feature.name, feature.of): feature for feature in _described(files).features}
    sizes = features["image", "width"], features["image", "height"]

    assert [(size.count, size.minimum, size.maximum) for size in sizes] == [(5, 2.0, 6.0), (5, 3.0, 4.0)]
    assert features["image", "channel mean"].maximum == 1000.0
    assert [features[f"image[{channel}]", "channel mean"].mean for channel in range(3)] == [255.0, 0.0, 0.0]
    assert dict(_counted(features["mode", "value"].values)) == {
        "I;16": 1,
        "L": 1,
        "P": 1,
        "RGB": 2,
    }


def test_texts_of_a_folder_have_words():
    """A text file is one sample of text; one that is not UTF-8 cannot be read."""
    found = _described({"a.txt": b"one two", "b.md": b"three", "c.txt": b"\xff"})

    assert [(feature.name, feature.of, feature.count) for feature in found.features][:2] == [
        ("text", "characters", 3), ("text", "words", 3),
    ]  # fmt: skip
    assert unreadable(found) == 1
    assert block_of_file("a.csv", b"a,b") is None


def test_a_broken_picture_is_counted_and_stops_nothing():
    """Cut short at any place, or with bytes changed, a picture is described or counted as one that cannot be read."""
    whole = Image.effect_noise((20, 20), 50).convert("RGB")
    made = np.random.default_rng(0)
    for form, name in (
        ("PNG", "a.png"),
        ("JPEG", "a.jpg"),
        ("GIF", "a.gif"),
        ("TIFF", "a.tif"),
        ("WEBP", "a.webp"),
        ("BMP", "a.bmp"),
    ):
        content = _png(whole, form)
        for _ in range(150):
            broken = bytearray(content[: made.integers(len(content))] if made.random() < 0.5 else content)
            for place in made.integers(max(1, len(broken)), size=4):
                broken[place : place + 1] = bytes([made.integers(256)])
            assert block_of_file(name, bytes(broken)) is not None
    found = _described({"a.png": _png(whole)[:60], "b.png": b"", "c.png": _png(whole)})

    assert (unreadable(found), found.features[0].count) == (2, 3)


def test_a_picture_that_is_far_too_large_is_not_unpacked():
    """A small file that says it holds billions of pixels costs no memory."""
    content = bytearray(_png(Image.new("L", (1, 1))))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (column,) = block_of_file("bomb.png", bytes(content))

    assert (column.dtype, MAX_PIXELS < 60_000**2) == ("null", True)


def test_statistics_of_a_table_are_plain_json():
    """Times, gaps and Booleans of a table leave a document without NaN."""
    table = pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None]), "b": [True, False], "f": [np.nan, np.inf]})
    text = read(table).statistics.model_dump_json()

    assert json.loads(text, parse_constant=pytest.fail)["samples"] == 2
