"""The statistics of a split as they stand in ``data/NAME.statistics.json``."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle.records import Record

QUANTILES = 201
COARSER = (101, 51, 21)  # numbers of quantiles where a document has no room for more
MAX_VALUES = 256
MAX_COMMON = 200
MAX_FEATURES = 4096

Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]
Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Aspect = Literal[
    "value", "length", "characters", "words", "vocabulary", "width", "height", "channel mean", "channel std", "norm"
]


class ValueCount(Record):
    """How often one value occurs.

    Attributes:
        value: The value.
        count: Number of samples, or of words.
    """

    value: int | float | str
    count: Count


class Feature(Record):
    """One series of numbers or categories, one for each sample.

    Attributes:
        name: Leaf of the sample, with the index of an entry or channel where it has several: ``age``, ``value[3]``.
        of: What of the leaf is described: its ``value``; the ``length`` of a list; ``characters`` and ``words`` of a text and its
            ``vocabulary``; ``width`` and ``height`` of an image, ``channel mean`` and ``channel std`` (with n) over the pixels of a
            channel of it; the ``norm``, root of the mean square, of a tensor too large to be described entry by entry.
        kind: ``number`` or ``category``.
        dtype: dtype of the leaf; ``mixed`` where samples differ.
        count: Number of samples that have the leaf, missing values included; of the vocabulary, number of words in all.
        missing: Samples where there is no value.
        nan: Values that are not a number.
        infinite: Values that are infinite.
        mean: Mean of the finite values, in the feature's own unit.
        std: Their standard deviation, of the sample (n - 1).
        skewness: Their skewness, corrected for the bias of a sample, as pandas' ``skew()`` gives it; None where all are equal.
        kurtosis: Their excess kurtosis, corrected likewise, as pandas' ``kurt()``.
        minimum: The smallest finite value.
        maximum: The largest.
        quantiles: Quantiles at equally spaced levels from 0 to 1, linear between neighbours, of the finite values of `sampled`
            samples: 201 of them, or 101, 51 or 21 where the document would grow beyond what a reader takes; None where there is
            no such value.
        sampled: Number of finite values the quantiles were taken from: all there are, or those of the samples with the
            smallest digests, which is a random choice that does not depend on the order.
        values: Every finite value that occurs, ascending, with its count, -0.0 counted as 0.0; None where there are more than
            256, or where the document would grow too large.
        common: The most common words of a vocabulary, or the most common of more than 256 categories, most common first.
        distinct: Number of different values, where it was counted.
    """

    name: str
    of: Aspect = "value"
    kind: Literal["number", "category"]
    dtype: str
    count: Count
    missing: Count = 0
    nan: Count = 0
    infinite: Count = 0
    mean: Finite | None = None
    std: Finite | None = None
    skewness: Finite | None = None
    kurtosis: Finite | None = None
    minimum: Finite | None = None
    maximum: Finite | None = None
    quantiles: tuple[Finite, ...] | None = None
    sampled: Count = 0
    values: tuple[ValueCount, ...] | None = None
    common: tuple[ValueCount, ...] | None = None
    distinct: Count | None = None


class Statistics(Record):
    """What a split looks like.

    Attributes:
        samples: Number of samples or files.
        features: One entry for each series, in the order of the leaves.
        left_out: Number of series beyond the limit of 4,096.
        label: The feature that is the label, where one is known.
    """

    samples: Count
    features: tuple[Feature, ...]
    left_out: Count = 0
    label: str | None = None
