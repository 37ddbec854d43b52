"""What is left out of a wide split's statistics, so that their document stays within what a reader takes.

The counts of values are exact and are kept as long as there is room; quantiles are told at fewer levels before any feature
loses them, first where the counts say all the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.components.data.statistics.form import COARSER, QUANTILES, Feature
from reprobundle.records import MAX_DOCUMENT_BYTES, MAX_VALUES

ROOM_BYTES, ROOM_COMMAS = MAX_DOCUMENT_BYTES // 16 * 15, MAX_VALUES // 16 * 15  # the rest is for what stands around
LINE_BYTES, QUANTILE_BYTES, COUNT_BYTES = 6, 2, 24  # of one feature or entry, beside its own text
COARSEST = COARSER[-1]


@dataclass(frozen=True)
class Size:
    """What something takes of a document.

    Attributes:
        bytes: Its length.
        commas: Commas in it, by which a reader counts its values.
    """

    bytes: int
    commas: int

    def fits(self, room: Size) -> bool:
        """Whether there is room for it."""
        return self.bytes <= room.bytes and self.commas <= room.commas


def within_a_document(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """The features with as much of their quantiles and counts as one document holds.

    Args:
        features: At most 4,096, each with all that was found.
    """
    taken = _sum([_size_of_bare(feature) for feature in features])
    room = Size(ROOM_BYTES - taken.bytes, ROOM_COMMAS - taken.commas)
    counts = [_size_of_counts(feature) for feature in features]
    for counted, others in ((QUANTILES, QUANTILES), *((COARSEST, points) for points in (QUANTILES, *COARSER[:2]))):
        kept = [coarser(feature, counted if feature.values else others) for feature in features]
        if _sum([*counts, *map(_size_of_quantiles, kept)]).fits(room):
            return tuple(kept)
    return _with_some_counts(features, counts, room)


def coarser(feature: Feature, points: int) -> Feature:
    """The feature with so many quantiles, which are some of those it has."""
    quantiles = feature.quantiles
    if quantiles is None or len(quantiles) <= points:
        return feature
    return feature.model_copy(update={"quantiles": quantiles[:: (len(quantiles) - 1) // (points - 1)]})


def _with_some_counts(features: Sequence[Feature], counts: Sequence[Size], room: Size) -> tuple[Feature, ...]:
    """All features with fewer quantiles, and the counts of those that have the fewest values, as many as there is room for."""
    for points in COARSER:
        kept = [coarser(feature, points) for feature in features]
        quantiles = _sum([_size_of_quantiles(feature) for feature in kept])
        if quantiles.fits(room):
            break
    else:  # names so long that they fill the document
        kept = [feature.model_copy(update={"quantiles": None, "sampled": 0}) for feature in features]
        quantiles = Size(0, 0)
    left = Size(room.bytes - quantiles.bytes, room.commas - quantiles.commas)
    for index, size in sorted(enumerate(counts), key=lambda entry: entry[1].commas):
        if size.fits(left):
            left = Size(left.bytes - size.bytes, left.commas - size.commas)
        else:
            kept[index] = kept[index].model_copy(update={"values": None, "common": None})
    return tuple(kept)


def _sum(sizes: Sequence[Size]) -> Size:
    return Size(sum(size.bytes for size in sizes), sum(size.commas for size in sizes))


def _size_of_bare(feature: Feature) -> Size:
    bare = feature.model_copy(update={"quantiles": None, "values": None, "common": None})
    text = json.dumps(bare.model_dump(mode="json"), ensure_ascii=False)
    return Size(len(text.encode("utf-8", "surrogatepass")) + LINE_BYTES, text.count(",") + 1)


def _size_of_quantiles(feature: Feature) -> Size:
    quantiles = feature.quantiles or ()
    return Size(sum(QUANTILE_BYTES + len(repr(value)) for value in quantiles), len(quantiles))


def _size_of_counts(feature: Feature) -> Size:
    found = (*(feature.values or ()), *(feature.common or ()))
    values = [json.dumps(entry.value, ensure_ascii=False) for entry in found]
    texts = sum(len(value.encode("utf-8", "surrogatepass")) for value in values)
    numbers = sum(len(str(entry.count)) for entry in found)
    return Size(COUNT_BYTES * len(found) + texts + numbers, 2 * len(found) + sum(value.count(",") for value in values))
