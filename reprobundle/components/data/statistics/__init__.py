"""What a split looks like, in numbers: for its card, and to tell later whether other data is like it."""

from __future__ import annotations

from reprobundle.components.data.statistics.form import QUANTILES, Feature, Statistics, ValueCount
from reprobundle.components.data.statistics.gathering import Gathering

__all__ = ["QUANTILES", "Feature", "Gathering", "Statistics", "ValueCount"]
