"""The recorded data splits as tables that a stranger can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from reprobundle.components.data.leaves import noun
from reprobundle.components.data.likeness import why_apart
from reprobundle.components.data.section import FILE_KINDS, Overlap, Place, Section, Split, Splitting
from reprobundle.phrases import counted, percent, sized, some
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import NARROWEST, Page, Row

NOT_COUNTED = "-"
LEGEND = f"{NOT_COUNTED} is not counted: no label is known, or a sample is another at each read"
MANY = f"{NOT_COUNTED} where nothing is known: there are too many splits to tell which of them are of one form"
COMPARED = 200
SHOWN_CLASSES = 8
SHOWN_LEAVES = 12
SHOWN_PLACES = 5
SHOWN_NAME = 80
_DIM, _YELLOW, _RED = "2", "33", "31"
HEADER = ("name", "form", "count", "size", "classes", "repeated", "in other splits")


def render(section: Section, *, colour: bool, width: int) -> str:
    """The whole section, without a newline at the end.

    Args:
        section: The recorded splits.
        colour: Whether to use ANSI colours.
        width: Columns of the terminal; tables take what they need, from 60 on.
    """
    page = Page(colour=colour, width=max(width, NARROWEST))
    if not section.splits:
        page.line("no data split is recorded")
        return page.text()
    page.line(counted(len(section.splits), "data split"), "1")
    rows = [_row(split, section.splits) for split in section.splits]
    page.folded([Row(HEADER, (_DIM,)), *rows])
    if any(NOT_COUNTED in row.cells for row in rows):
        page.paragraph(LEGEND if len(section.splits) <= COMPARED else MANY, codes=(_DIM,))
    _leakage(page, section.splits)
    for split in section.splits:
        _about(page, split)
    if section.splitting is not None:
        _splitting(page, section.splitting)
    return page.text()


def in_short(section: Section) -> tuple[str, ...]:
    """The splits in one line, and what is wrong with them in the next, for the screen at capture; none without splits."""
    if not section.splits:
        return ()
    shown = some([f"{_name(split.name)} {split.count:,}" for split in section.splits], SHOWN_LEAVES)
    leaks = [
        f"{overlap.count:,} of {_name(split.name)} in {_name(other)}"
        for split, overlap, other in _leaks(section.splits)
    ]
    return (shown, f"LEAKAGE: {some(leaks)}") if leaks else (shown,)


def _row(split: Split, splits: Sequence[Split]) -> Row:
    missing = f" and {split.labels_missing:,} without" if split.labels_missing else ""
    classes = NOT_COUNTED if split.labels is None else f"{len(split.labels):,}{missing}"
    cells = (
        _name(split.name),
        split.kind,
        f"{split.count:,}",
        "private" if split.salt is not None else sized(split.bytes),
        classes,
        NOT_COUNTED if split.random else f"{split.duplicates:,}",
        _in_others(split, splits),
    )
    return Row(cells, (_YELLOW,) if split.overlaps else ())


def _in_others(split: Split, splits: Sequence[Split]) -> str:
    """How many of its samples stand in which other splits, and in which a common one could not be found."""
    shared = [f"{overlap.count:,} in {_name(overlap.split)}" for overlap in split.overlaps]
    if len(splits) > COMPARED:
        return some(shared, SHOWN_PLACES) or NOT_COUNTED
    others = [other for other in splits if other.name not in {split.name, *(one.split for one in split.overlaps)}]
    apart = [_name(other.name) for other in others if not _could_share(split, other)]
    found = some(shared, SHOWN_PLACES) or ("none" if len(apart) < len(others) or not others else "")
    sought = f"not looked for in {some(apart, SHOWN_PLACES)}" if apart else ""
    return "; ".join(words for words in (found, sought) if words)


def _could_share(one: Split, other: Split) -> bool:
    return one.definition == other.definition and why_apart(one, other) is None


def _leaks(splits: Sequence[Split]) -> Iterator[tuple[Split, Overlap, str]]:
    """Each two splits that share samples, from the side of the smaller one."""
    for first, second in combinations(splits, 2):
        smaller, larger = (first, second) if first.count < second.count else (second, first)
        for overlap in smaller.overlaps:
            if overlap.split == larger.name:
                yield smaller, overlap, larger.name


def _leakage(page: Page, splits: Sequence[Split]) -> None:
    found = list(_leaks(splits))
    if not found:
        return
    page.heading("Leakage")
    for split, overlap, other in found:
        share = percent(overlap.count / split.count)
        told = f"{overlap.count:,} of {split.count:,} ({share}) of {_name(split.name)} stand in {_name(other)}, too"
        page.paragraph(told + _places(split, overlap.places), codes=(_RED,))


def _places(split: Split, places: Sequence[Place]) -> str:
    words = [f"{_place(split, place.here)} is {_place(split, place.there)}" for place in places[:SHOWN_PLACES]]
    return f": {', '.join(words)}" if words else ""


def _place(split: Split, place: int | str) -> str:
    if isinstance(place, str):
        return _name(place)
    return f"{'file' if split.kind in FILE_KINDS else 'row'} {place:,}"


def _about(page: Page, split: Split) -> None:
    page.heading(_name(split.name))
    page.field("digest", f"{split.ordered} in this order, {split.unordered} in any")
    if split.leaves:
        leaves = [f"{_name(leaf.name)} {leaf.dtype}{_shape(leaf.shape)}" for leaf in split.leaves]
        page.field(f"{noun(split.kind)}s", some(leaves, SHOWN_LEAVES))
    if split.label is not None:
        page.field("label", _name(split.label))
    if split.labels:
        classes = [f"{_name(str(label.label))}: {label.count:,}" for label in split.labels]
        page.field("classes", some(classes, SHOWN_CLASSES))
    if split.repeats:
        page.field("repeated", f"{counted(split.duplicates, 'repeat')}{_places(split, split.repeats)}")
    for remark in _remarks(split):
        page.field("", remark, codes=(_YELLOW,))
    for name, value in split.provenance.model_dump().items() if split.provenance is not None else ():
        if value is not None:
            page.field(name, prose(value))
    page.field("files", ", ".join(path for path in (split.listing, split.parts, split.statistics) if path is not None))


def _remarks(split: Split) -> Iterator[str]:
    if split.salt is not None:
        yield "private: its digests are salted, and only who has the salt can check them"
    if split.random:
        yield "random: another at each read, so its digests hold for one read only"
    if split.definition == 1:
        yield "recorded under the first definition of digests"


def _splitting(page: Page, splitting: Splitting) -> None:
    page.heading("How they were split")
    page.field("whole", f"{_name(splitting.whole)}, {counted(splitting.count, 'sample')}, digest {splitting.ordered}")
    if splitting.function is not None:
        seed = "" if splitting.seed is None else f", seed {splitting.seed}"
        page.field("function", f"{escape(splitting.function)}{seed}")
    page.field("indices", splitting.indices)


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return " of varying shape"
    return f" ({', '.join('…' if size < 0 else str(size) for size in shape)})" if shape else ""


def _name(text: str) -> str:
    return escape(text, limit=SHOWN_NAME)
