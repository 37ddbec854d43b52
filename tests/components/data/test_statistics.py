from __future__ import annotations

import statistics as plain

import ml_dtypes
import numpy as np
import pytest
import xxhash

from reprobundle.components.data.blocks import Column
from reprobundle.components.data.statistics import QUANTILES, Gathering
from reprobundle.components.data.statistics.form import MAX_FEATURES

LEVELS = np.linspace(0, 1, QUANTILES)


def _digests(count, seed=0):
    return b"".join(xxhash.xxh3_128_digest(f"{seed}/{index}".encode()) for index in range(count))


def _fixed(name, values, dtype="F64", missing=None):
    return Column(name=name, dtype=dtype, values=values, missing=missing)


def _texts(name, cells, missing=None):
    content = [cell.encode("utf-8", "surrogatepass") for cell in cells]
    ends = np.cumsum([0, *map(len, content)])
    values = np.frombuffer(b"".join(content), np.uint8)
    return Column(name=name, dtype="text", values=values, offsets=ends, missing=missing)


def _part(column, start, end):
    missing = None if column.missing is None else column.missing[start:end]
    if column.offsets is None:
        return Column(name=column.name, dtype=column.dtype, values=column.values[start:end], missing=missing)
    offsets = column.offsets[start : end + 1]
    values = column.values[offsets[0] : offsets[-1]]
    return Column(name=column.name, dtype=column.dtype, values=values, offsets=offsets - offsets[0], missing=missing)


def _gathered(columns, *, step=1000, digests=None, label=None, pair=False):
    gathering = Gathering(label=label, pair=pair)
    count = columns[0].count
    digests = digests or _digests(count)
    for start in range(0, count, step):
        end = min(count, start + step)
        gathering.add(tuple(_part(column, start, end) for column in columns), digests[16 * start : 16 * end])
    return gathering


def _features(*columns, **how):
    return _gathered(columns, **how).result().features


def _one(values, dtype="F64", **how):
    (feature,) = _features(_fixed("value", np.asarray(values), dtype), **how)
    return feature


def test_moments_are_those_of_the_definition():
    """Mean, standard deviation with n - 1, and skewness and kurtosis corrected for bias, of a sum of many pieces."""
    values = np.random.default_rng(0).gamma(2, size=20_001)
    found = _one(values)
    n, m = len(values), values - values.mean()
    g1 = (m**3).mean() / (m**2).mean() ** 1.5
    g2 = (m**4).mean() / (m**2).mean() ** 2 - 3

    assert found.mean == pytest.approx(plain.fmean(values), rel=1e-11)
    assert found.std == pytest.approx(plain.stdev(values), rel=1e-11)
    assert found.skewness == pytest.approx(g1 * np.sqrt(n * (n - 1)) / (n - 2), rel=1e-10)
    assert found.kurtosis == pytest.approx((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6), rel=1e-10)
    assert (found.count, found.minimum, found.maximum) == (n, values.min(), values.max())


def test_quantiles_of_few_samples_are_exact():
    """Up to 20,000 samples they are numpy's, to the last bit, and all samples are counted."""
    values = np.random.default_rng(0).standard_normal(20_000)
    found = _one(values)

    assert found.quantiles == tuple(np.quantile(values, LEVELS).tolist())
    assert found.sampled == 20_000


def test_quantiles_of_many_samples_are_close_and_do_not_depend_on_the_order():
    """Of more samples they are those of a random choice of 20,000, the same one in any order."""
    values, digests = np.random.default_rng(0).standard_normal(100_000), _digests(100_000)
    found = _one(values, digests=digests)
    order = np.random.default_rng(1).permutation(100_000)
    mixed = b"".join(digests[16 * index : 16 * index + 16] for index in order)
    again = _one(values[order], digests=mixed, step=777)
    levels = [np.mean(values <= quantile) for quantile in found.quantiles]

    assert (found.quantiles, found.sampled) == (again.quantiles, again.sampled)
    assert found.sampled == 20_000
    assert np.abs(np.array(levels) - LEVELS).max() < 0.012


def test_equal_samples_are_chosen_together_and_counted():
    """Samples with one digest take one place, however many they are, and the quantiles are exact for all of them."""
    values = np.repeat(np.arange(1000.0), 50)
    digests = b"".join(digest * 50 for digest in (_digests(1000)[16 * i : 16 * i + 16] for i in range(1000)))
    found = _one(values, digests=digests)

    assert found.quantiles == tuple(np.quantile(values, LEVELS).tolist())
    assert found.sampled == 50_000


def test_equal_samples_far_apart_are_counted_too():
    """A sample that comes again after many others adds to its weight, the last one that was chosen included."""
    digests = _digests(30_000)
    found = _one(np.tile(np.arange(30_000.0), 2), digests=digests * 2)

    assert found.sampled == 40_000


@pytest.mark.parametrize("step", [7, 13, 4096, 8192, 10_000])
def test_the_cut_into_blocks_does_not_show(step, monkeypatch):
    """However the samples come, the statistics are the same to the last digit, even without being rounded."""
    monkeypatch.setattr("reprobundle.components.data.statistics.numbers.DIGITS", 17)
    made = np.random.default_rng(3)
    columns = (
        _fixed("a", made.lognormal(size=10_000)),
        _fixed("v", made.standard_normal((10_000, 3)).astype(np.float32), "F32"),
        _fixed("i", made.standard_normal((10_000, 4, 5)).astype(np.float32), "F32"),
        _fixed("gaps", made.standard_normal(10_000), missing=made.random(10_000) < 0.1),
        _texts("t", [f"word {number % 300} {'x' * (number % 7)}" for number in range(10_000)]),
    )
    whole = _gathered(columns, step=10_000 if step != 10_000 else 5000).result()

    assert _gathered(columns, step=step).result() == whole


@pytest.mark.parametrize("offset", [0.0, 1e9, 1e16, -1e16])
def test_small_differences_far_from_zero_are_not_lost(offset):
    """Values that lie close together and far from zero have the spread and shape they have at zero."""
    near = np.random.default_rng(0).integers(0, 50, 30_000) ** 2 * 2.0
    found, plainly = _one(near + offset), _one(near)

    assert found.std == pytest.approx(plainly.std, rel=1e-9)
    assert found.skewness == pytest.approx(plainly.skewness, rel=1e-9)
    assert found.kurtosis == pytest.approx(plainly.kurtosis, rel=1e-9)
    assert found.mean == pytest.approx(plainly.mean + offset, rel=1e-11)


def test_equal_values_have_no_spread():
    """A constant has its own value as mean, exactly, no spread, and no shape that rounding left behind."""
    found = _one(np.full(10_001, 0.1))

    assert (found.mean, found.std, found.skewness, found.kurtosis) == (0.1, 0.0, None, None)
    assert set(found.quantiles) == {0.1}


@pytest.mark.parametrize(("count", "known"), [(1, 1), (2, 2), (3, 3), (4, 4)])
def test_few_values_have_the_figures_that_few_values_can_have(count, known):
    """A standard deviation needs two values, a skewness three, a kurtosis four."""
    found = _one(np.array([1.0, 2.0, 4.0, 9.0])[:count])
    figures = (found.mean, found.std, found.skewness, found.kurtosis)

    assert [figure is not None for figure in figures] == [number < known for number in range(4)]


def test_nan_infinite_and_missing_are_three_things():
    """They are counted apart, and all figures are those of the finite values."""
    values = np.array([1.0, np.nan, np.inf, -np.inf, 0.0, 3.0, -0.0])
    missing = np.array([False, False, False, False, True, False, False])
    (found,) = _features(_fixed("a", values, missing=missing))

    assert (found.count, found.missing, found.nan, found.infinite) == (7, 1, 1, 2)
    assert (found.mean, found.minimum, found.maximum, found.sampled) == (pytest.approx(4 / 3), 0.0, 3.0, 3)
    assert [(entry.value, entry.count) for entry in found.values] == [(0.0, 1), (1.0, 1), (3.0, 1)]


def test_a_column_without_any_finite_value_has_no_figures():
    """NaN alone, and missing alone, leave every figure out rather than make one up."""
    nothing = _one(np.full(5, np.nan))
    (null,) = _features(Column(name="n", dtype="null", values=np.zeros(3, np.uint8), missing=np.ones(3, bool)))

    assert (nothing.nan, nothing.mean, nothing.quantiles, nothing.minimum, nothing.values) == (5, None, None, None, ())
    assert (null.kind, null.dtype, null.count, null.missing) == ("category", "null", 3, 3)


def test_huge_values_do_not_become_infinite_figures():
    """What float64 cannot hold is left out; a document holds finite numbers only."""
    found = _one(np.array([-1.7e308, 1.7e308, 1e308, 0.0]))

    assert (found.std, found.skewness, found.minimum, found.maximum) == (None, None, -1.7e308, 1.7e308)
    assert found.quantiles[100] == 5e307


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("F16", np.float16), ("BF16", ml_dtypes.bfloat16), ("F8_E4M3", ml_dtypes.float8_e4m3fn), ("U8", np.uint8),
     ("I16", np.int16), ("U64", np.uint64)],
)  # fmt: skip
def test_every_dtype_of_numbers_is_a_number(dtype, kind):
    """Small floats and all integers have the figures of their values."""
    found = _one(np.array([0, 1, 2, 2, 8]).astype(kind), dtype)

    assert (found.dtype, found.mean, found.maximum, found.distinct) == (dtype, 2.6, 8.0, 4)


def test_integers_are_counted_exactly():
    """Neighbours that float64 cannot tell apart are two values, and stay integers."""
    found = _one(np.array([2**60, 2**60 + 1, 2**60]), "I64")

    assert [(entry.value, entry.count) for entry in found.values] == [(2**60, 2), (2**60 + 1, 1)]


def test_booleans_times_and_long_numbers_are_numbers():
    """Booleans are 0 and 1, times count in their unit, numbers beyond 64 bits and decimals are rounded to float64."""
    digits = _texts("i", ["1" + "0" * 30, "-7"])
    exact = _texts("d", ["1.50", "2.5"])
    columns = (
        _fixed("b", np.array([True, False]), "BOOL"),
        _fixed("t", np.array([10, 20]), "timestamp[us]"),
        Column(name="i", dtype="integer", values=digits.values, offsets=digits.offsets),
        Column(name="d", dtype="decimal", values=exact.values, offsets=exact.offsets),
    )
    found = _features(*columns)

    assert [feature.mean for feature in found] == [0.5, 15.0, 5e29, 2.0]
    assert [entry.value for entry in found[0].values] == [0, 1]


def test_a_vector_has_a_feature_for_each_entry():
    """Its entries are named by their index, each with its own figures, gaps counted for all of them."""
    values, missing = np.array([[1.0, 5.0], [0.0, 0.0], [3.0, np.nan]]), np.array([False, True, False])
    first, second = _features(_fixed("v", values, missing=missing))

    assert (first.name, first.mean, first.count, first.missing) == ("v[0]", 2.0, 3, 1)
    assert (second.name, second.mean, second.nan, second.sampled) == ("v[1]", 5.0, 1, 1)


@pytest.mark.parametrize("shape", [(8, 6), (3, 8, 6), (8, 6, 4)])
def test_an_image_has_sizes_and_channels(shape):
    """Two dimensions, or three with 1, 3 or 4 channels at one end, are an image, whose channels have mean and spread."""
    images = np.random.default_rng(0).standard_normal((10, *shape))
    found = _features(_fixed("value", images))
    channels = {2: images[..., None], 3: np.moveaxis(images, 1, -1)}[len(shape)] if shape[-1] != 4 else images
    means = channels.mean(axis=(1, 2))

    assert [(feature.of, feature.mean) for feature in found[:2]] == [("width", 6.0), ("height", 8.0)]
    assert [feature.name for feature in found[2::2]] == (
        ["value"] if len(shape) == 2 else [f"value[{index}]" for index in range(means.shape[1])]
    )
    assert [feature.mean for feature in found[2::2]] == pytest.approx(means.mean(axis=0).tolist())
    assert [feature.mean for feature in found[3::2]] == pytest.approx(channels.std(axis=(1, 2)).mean(axis=0).tolist())


@pytest.mark.parametrize("side", [256, 257])
def test_bytes_of_an_image_are_summed_exactly(side):
    """The brightest and the noisiest pictures of bytes have the figures of their values, as small as large."""
    made = np.random.default_rng(0).integers(0, 256, (1, side, side, 3)).astype(np.uint8)
    images = np.concatenate([np.full((1, side, side, 3), 255, np.uint8), made])
    red = {feature.of: feature for feature in _features(_fixed("value", images, "U8")) if feature.name == "value[0]"}
    planes = images[..., 0].astype(np.float64)

    assert [red["channel mean"].minimum, red["channel mean"].maximum] == [planes[1].mean(), 255.0]
    assert [red["channel std"].minimum, red["channel std"].maximum] == pytest.approx([0.0, planes[1].std()], rel=1e-12)


def test_images_of_many_sizes_are_one_series():
    """Sizes that vary are what width and height are for."""
    gathering = Gathering()
    for number, height in enumerate((4, 5, 6)):
        gathering.add((_fixed("value", np.ones((1, 3, height, 2))),), _digests(1, number))
    width, height, *_ = gathering.result().features

    assert (width.count, width.mean, height.count, height.mean) == (3, 2.0, 3, 5.0)


def test_other_tensors_have_a_norm():
    """Tensors of other ranks, complex numbers and vectors beyond 4,096 entries have one figure, the root of the mean square."""
    found = _features(
        _fixed("cube", np.full((2, 2, 5, 5, 5), 3.0)),
        _fixed("z", np.array([3 + 4j, 0], np.complex64), "C64"),
        _fixed("long", np.full((2, MAX_FEATURES + 1), 2, np.uint8), "U8"),
        _fixed("nothing", np.zeros((2, 0, 3, 3))),
    )

    assert [(feature.name, feature.of, feature.mean) for feature in found] == [
        ("cube", "norm", 3.0), ("z", "norm", 2.5), ("long", "norm", 2.0), ("nothing", "norm", 0.0),
    ]  # fmt: skip


def test_lists_binaries_and_empty_ones_have_a_length():
    """A list whose length varies, and bytes, are told by their length; an empty container is one of length 0."""
    ragged = Column(name="l", dtype="I64", values=np.arange(5), offsets=np.array([0, 2, 5]))
    binary = Column(name="b", dtype="binary", values=np.zeros(4, np.uint8), offsets=np.array([0, 0, 4]))
    empty = Column(name="e", dtype="empty", values=np.zeros(2, np.uint8))

    assert [(feature.of, feature.mean) for feature in _features(ragged, binary, empty)] == [
        ("length", 2.5), ("length", 2.0), ("length", 0.0),
    ]  # fmt: skip


def test_texts_that_repeat_are_a_category():
    """At most 256 different texts of which one occurs twice are counted by value, ascending."""
    missing = np.array([False, False, False, True])
    (found,) = _features(_texts("t", ["b", "ä", "b", ""], missing=missing))

    assert (found.kind, found.of, found.count, found.missing, found.distinct) == ("category", "value", 4, 1, 2)
    assert [(entry.value, entry.count) for entry in found.values] == [("b", 2), ("ä", 1)]


def test_texts_that_differ_have_characters_words_and_a_vocabulary():
    """Other texts are measured; words are what stands between blanks, without regard to case, most common first."""
    characters, words, vocabulary = _features(_texts("t", ["The cat", "the  Dog and the cow", ""]))

    assert (characters.of, characters.mean, words.of, words.mean) == ("characters", 9.0, "words", pytest.approx(7 / 3))
    assert (vocabulary.of, vocabulary.kind, vocabulary.count, vocabulary.distinct) == ("vocabulary", "category", 7, 5)
    assert [(entry.value, entry.count) for entry in vocabulary.common[:2]] == [("the", 3), ("and", 1)]


def test_half_a_character_does_not_stop_a_text():
    """A text that is no valid Unicode is told with a replacement, so that the document can be written."""
    (found,) = _features(_texts("t", ["a\ud800", "a\ud800"]))

    assert found.values[0].value.startswith("a\ufffd")


def test_a_word_that_is_too_long_is_counted_and_not_told():
    """Words of more than 64 characters, which may be anything, count as words; how many different ones is then not known."""
    *_, vocabulary = _features(_texts("t", ["a " + "x" * 65, "b"]))

    assert (vocabulary.count, [entry.value for entry in vocabulary.common], vocabulary.distinct) == (
        3,
        ["a", "b"],
        None,
    )


def test_the_vocabulary_is_bounded(monkeypatch):
    """Beyond the limit no new word is taken up, known ones are counted on, and the number of different ones is not known."""
    monkeypatch.setattr("reprobundle.components.data.statistics.texts.MAX_WORDS", 3)
    *_, vocabulary = _features(_texts("t", ["a b c", "d e a", "b"]))

    assert [(entry.value, entry.count) for entry in vocabulary.common] == [("a", 2), ("b", 2), ("c", 1)]
    assert (vocabulary.count, vocabulary.distinct) == (7, None)


def test_a_leaf_of_unlike_dtypes_is_one_feature():
    """Integers in some samples and floats in others are one series, and null in others is a missing value."""
    gathering = Gathering()
    gathering.add(
        (Column(name="x", dtype="null", values=np.zeros(1, np.uint8), missing=np.ones(1, bool)),), _digests(1)
    )
    gathering.add((_fixed("x", np.array([1, 2]), "I64"),), _digests(2, 1))
    gathering.add((_fixed("x", np.array([3.5])),), _digests(1, 2))
    (found,) = gathering.result().features

    assert (found.dtype, found.count, found.missing, found.mean) == ("mixed", 4, 1, pytest.approx(6.5 / 3))


def test_series_beyond_the_limit_are_counted():
    """A split has at most 4,096 series; how many found no place is told."""
    made = _gathered(
        (_fixed("a", np.zeros((3, 4000))), _fixed("b", np.zeros((3, 100))), _fixed("c", np.zeros(3)))
    ).result()

    assert (len(made.features), made.left_out, made.features[-1].name) == (MAX_FEATURES, 5, "b[95]")


def test_nothing_given_is_nothing_found():
    """Without samples there is no feature, no label and no fault."""
    gathering = Gathering(label="a")
    gathering.add((), b"")

    assert (gathering.result().features, gathering.labels, gathering.faults) == ((), None, ())
