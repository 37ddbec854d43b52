"""The card's section on the data: what each split holds, what two of them share, and what they look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from reprobundle.components.data import Section, Split
from reprobundle.components.data.likeness import why_apart
from reprobundle.components.data.noting import leaks
from reprobundle.components.data.section import FILE_KINDS, LabelCount, Place
from reprobundle.components.data.statistics import Statistics
from reprobundle.exports import feature_tables
from reprobundle.phrases import counted, percent, sized, some
from reprobundle.rendering.markdown import code, inline, table
from reprobundle.rendering.text_bars import text_bar

SHOWN_SPLITS = 50
SHOWN_COMPARED = 12
SHOWN_CLASSES = 20
SHOWN_PLACES = 3
SHOWN_LABEL = 60
NOT_SOUGHT = "–"  # noqa: RUF001  # a dash, as tables have it where there is no figure


def lines(section: Section, statistics: Mapping[str, Statistics]) -> Iterator[str]:
    """Paragraphs and tables; nothing without splits.

    Args:
        section: The splits.
        statistics: What they look like, by name, of those where it is recorded.
    """
    splits = section.splits[:SHOWN_SPLITS]
    if not splits:
        return
    yield table(("split", "form", "count", "size", "digest (XXH3-128)"), [_split(split) for split in splits])
    yield _more(section.splits, SHOWN_SPLITS, "splits")
    yield from _leakage(splits)
    yield from _origins(splits)
    yield from _remarks(splits)
    yield from _classes(splits)
    for split in splits:
        if split.name in statistics and split.salt is None:
            yield from _looks(split, statistics[split.name])


def _split(split: Split) -> tuple[str, ...]:
    size = "private" if split.salt is not None else sized(split.bytes)
    return code(split.name), split.kind, f"{split.count:,}", size, code(split.ordered)


def _leakage(splits: Sequence[Split]) -> Iterator[str]:
    """What two splits share, in words and as a matrix; each pair is told once, from the side of the smaller split."""
    for split, other, overlap in leaks(splits):
        yield (
            f"**Leakage: {overlap.count:,} of {counted(split.count, noun_of(split))} of {code(split.name)} stand in "
            f"{code(other.name)}, too**{_places(overlap.places, other.name)}. "
            "A figure measured on them says little about new data."
        )
    for split in splits:
        if split.duplicates:
            repeated = f"{split.duplicates:,} of {counted(split.count, noun_of(split))} of {code(split.name)}"
            yield f"**{repeated} repeat an earlier one**{_places(split.repeats, None)}."
    if any(split.overlaps or split.duplicates for split in splits):
        yield from _matrix(splits[:SHOWN_COMPARED])
        yield _more(splits, SHOWN_COMPARED, "splits")
    elif 1 < len(splits) <= SHOWN_COMPARED and all(_could_share(*pair) for pair in combinations(splits, 2)):
        yield "No sample stands in two of these splits, and none stands twice in one."


def _matrix(splits: Sequence[Split]) -> Iterator[str]:
    header = ("of this split, in that one, too", *(code(split.name) for split in splits))
    rows = [(code(split.name), *(_shared(split, other) for other in splits)) for split in splits]
    yield table(header, rows)
    yield "On the diagonal: those that repeat an earlier one of the same split."
    if any(NOT_SOUGHT in row for row in rows):
        yield f"{NOT_SOUGHT}: the two are not in one form, so that a common sample would not be found."


def _shared(split: Split, other: Split) -> str:
    if split is other:
        return f"{split.duplicates:,}"
    count = next((overlap.count for overlap in split.overlaps if overlap.split == other.name), 0)
    return f"{count:,}" if count or _could_share(split, other) else NOT_SOUGHT


def _could_share(one: Split, other: Split) -> bool:
    return one.definition == other.definition and why_apart(one, other) is None


def noun_of(split: Split) -> str:
    """What one of the counted things of a split is called."""
    return "file" if split.kind in FILE_KINDS else "sample"


def _places(places: Sequence[Place], other: str | None) -> str:
    of = f" of {code(other)}" if other is not None else ""
    shown = [f"{_place(place.here)} is {_place(place.there)}{of}" for place in places[:SHOWN_PLACES]]
    return f" ({', '.join(shown)}{', …' if len(places) > SHOWN_PLACES else ''})" if shown else ""


def _place(place: int | str) -> str:
    return f"row {place:,}" if isinstance(place, int) else code(place)


def _origins(splits: Sequence[Split]) -> Iterator[str]:
    """What people said of where the splits come from; a split of which nothing is said has no row."""
    names = ("source", "version", "licence", "collection", "owner", "consent")
    told = {split.name: split.provenance for split in splits if split.provenance is not None}
    shown = [name for name in names if any(getattr(origin, name) for origin in told.values())]
    if shown:
        rows = [
            (code(name), *(inline(getattr(origin, field) or "not said") for field in shown))
            for name, origin in told.items()
        ]
        yield table(("split", *shown), rows)


def _remarks(splits: Sequence[Split]) -> Iterator[str]:
    private = [code(split.name) for split in splits if split.salt is not None]
    if private:
        yield (
            f"Private: {some(private)}. Digests are salted, so that only who holds the salt can check them; names of files, "
            "sizes and statistics are left out."
        )
    random = [code(split.name) for split in splits if split.random]
    if random:
        yield f"Random: {some(random)}. Two reads of a sample differ, so the digests hold for one read only."


def _classes(splits: Sequence[Split]) -> Iterator[str]:
    """Samples by class, a column for each split that has labels, and how unequal the classes are.

    Splits that have no class in common stand in tables of their own.
    """
    for labelled in _of_one_kind([split for split in splits if split.labels][:SHOWN_COMPARED]):
        yield "Samples by class:"
        yield _class_table(labelled)


def _of_one_kind(splits: Sequence[Split]) -> list[list[Split]]:
    """Splits that share a class, directly or through others, together; groups in the order of their first split."""
    groups: list[tuple[list[Split], set[int | str]]] = []
    for split in splits:
        members, labels = [split], {entry.label for entry in split.labels or ()}
        for group in [group for group in groups if group[1] & labels]:
            groups.remove(group)
            members, labels = [*group[0], *members], labels | group[1]
        groups.append((members, labels))
    order = {split.name: place for place, split in enumerate(splits)}
    kinds = [sorted(members, key=lambda split: order[split.name]) for members, _ in groups]
    return sorted(kinds, key=lambda members: order[members[0].name])


def _class_table(labelled: Sequence[Split]) -> str:
    counts = [{entry.label: entry.count for entry in split.labels or ()} for split in labelled]
    labels = sorted({label for found in counts for label in found}, key=_order)
    together = {label: sum(found.get(label, 0) for found in counts) for label in labels}
    rows = [
        (
            code(label, limit=SHOWN_LABEL),
            *(_share(found.get(label, 0), sum(found.values())) for found in counts),
            text_bar(together[label] / max(1, *together.values())),
        )
        for label in labels[:SHOWN_CLASSES]
    ]
    if len(labels) > SHOWN_CLASSES:
        rows.append((f"{len(labels) - SHOWN_CLASSES:,} more", *("…" for _ in labelled), ""))
    rows.append(("largest : smallest class", *(_imbalance(split.labels or ()) for split in labelled), ""))
    if any(split.labels_missing for split in labelled):
        rows.append(("without a label", *(f"{split.labels_missing:,}" for split in labelled), ""))
    return table(("class", *(code(split.name) for split in labelled), "in all"), rows)


def _order(label: int | str) -> tuple[bool, int, str]:
    return (False, label, "") if isinstance(label, int) else (True, 0, label)


def _share(count: int, whole: int) -> str:
    return f"{count:,} ({percent(count / whole)})" if whole else f"{count:,}"


def _imbalance(labels: Sequence[LabelCount]) -> str:
    counts = [entry.count for entry in labels if entry.count]
    return f"{max(counts) / min(counts):.3g} : 1" if counts else ""


def _looks(split: Split, found: Statistics) -> Iterator[str]:
    content = [
        line
        for line in feature_tables.lines(found, noun=noun_of(split), label=split.label if split.labels else None)
        if line
    ]
    if content:
        yield f"### {code(split.name)}"
        yield from content
        if split.statistics is not None:
            yield f"All of it, with quantiles and counts, is in {code(split.statistics)}."


def _more(everything: Sequence[object], shown: int, what: str) -> str:
    rest = len(everything) - shown
    return f"And {rest:,} more {what} in `manifest.json`." if rest > 0 else ""
