"""Two records of data splits beside each other: which differ, and how far, from their listings where these can be read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reprobundle.comparing import listings
from reprobundle.comparing.pairs import Roots
from reprobundle.comparing.values import NOT_IN_BOTH, walk
from reprobundle.components.data import NAME, LabelCount, Section, Split, leaves
from reprobundle.components.data.section import FILE_KINDS
from reprobundle.components.data.sides import BESIDE
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, Grade, Status

SHOWN = 5
TOLD = frozenset(
    {
        "salt",
        "definition",
        "ordered",
        "unordered",
        "count",
        "bytes",
        "leaves",
        "labels",
        "listing",
        "parts",
        "statistics",
    }
)
FOLLOWING = frozenset({"duplicates", "repeats", "overlaps"})  # nothing that the samples of all splits do not say
PATHS = frozenset({"listing", "parts", "statistics"})  # of a split that is called otherwise
OTHER_DATA = Judgement(Grade.HIGH, "other data trains another model, and gives other figures")
OTHER_ORDER = Judgement(Grade.MEDIUM, "a training that does not shuffle takes the samples in another order")
NOT_KNOWN = Judgement(Grade.MEDIUM, "whether they are the same samples is not known")
OTHER_NAME = Judgement(Grade.LOW, "a name changes no number")
OTHER_LABEL = Judgement(Grade.MEDIUM, "another label is another task")
LEAKAGE = Judgement(Grade.MEDIUM, "a figure on samples that stand in two splits says little about new data")
WORDS = Judgement(Grade.LOW, "what is said of the samples; they themselves are compared by their digests")


def differences(a: Section, b: Section, roots: Roots | None) -> Iterator[Finding]:
    """One finding for each split that holds other samples, and one for each other value that differs; all are graded.

    Args:
        a: The first.
        b: The second.
        roots: The folders of both bundles, where the listings are looked into; None: no file is looked at.
    """
    pairs = _pairs(a.splits, b.splits)
    for one, other in pairs:
        if one is None or other is None:
            yield _alone(one, other)
            continue
        if one.name != other.name:
            yield _finding(f"data split {one.name!r} is called {other.name!r} in the second", OTHER_NAME)
        if one.ordered != other.ordered:
            yield _samples(one, other, roots)
    both = [(one, other) for one, other in pairs if one is not None and other is not None]
    yield from _leakage(both)
    for place, first, second in _rests(a, b, both):
        for finding in walk(NAME, place, first, second):
            weight = OTHER_LABEL if finding.message.endswith(".label differs") else WORDS
            yield finding.model_copy(update={"grade": weight.grade, "why": weight.why})


def _pairs(a: Sequence[Split], b: Sequence[Split]) -> list[tuple[Split | None, Split | None]]:
    """The splits of both by name; those that have another name and the same samples are one split, too."""
    theirs, names = {split.name: split for split in b}, {split.name for split in a}
    renamed = defaultdict[Any, list[Split]](list)
    for split in reversed(b):
        if split.name not in names:
            renamed[_content(split)].append(split)
    found: list[tuple[Split | None, Split | None]] = []
    for split in a:
        again = renamed[_content(split)] if split.name not in theirs and split.count else []
        found.append((split, again.pop() if again else theirs.get(split.name)))
    taken = {other.name for _, other in found if other is not None}
    return found + [(None, split) for split in b if split.name not in taken]


def _content(split: Split) -> tuple[str, str | None]:
    return split.ordered, split.salt


def _leakage(pairs: Sequence[tuple[Split, Split]]) -> Iterator[Finding]:
    """How many samples two splits share, where that is another number in the other bundle."""
    place = {one.name: number for number, (one, _) in enumerate(pairs)}
    renamed = {other.name: one.name for one, other in pairs}
    ours = {(one.name, found.split): found.count for one, _ in pairs for found in one.overlaps}
    theirs = {(one.name, renamed.get(found.split, "")): found.count for one, other in pairs for found in other.overlaps}
    for here, there in dict.fromkeys([*ours, *theirs]):
        first, second = ours.get((here, there), 0), theirs.get((here, there), 0)
        if there in place and place[here] < place[there] and first != second:
            message = f"leakage: samples of data split {here!r} that stand in {there!r}, too"
            yield _finding(message, LEAKAGE, f"{first:,}", f"{second:,}")


def _rests(
    a: Section, b: Section, pairs: Sequence[tuple[Split, Split]]
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """What else is recorded, with its place, without what is told of a split whose samples differ."""
    yield "", _splitting(a), _splitting(b)
    for one, other in pairs:
        left = {"name"} | FOLLOWING | (TOLD if one.ordered != other.ordered else set())
        left |= PATHS if one.name != other.name else set()
        yield f"splits[{one.name!r}]", _without(one, left), _without(other, left)


def _splitting(section: Section) -> dict[str, Any]:
    return section.model_dump(mode="json", include={"splitting"})


def _without(split: Split, keys: set[str]) -> dict[str, Any]:
    return split.model_dump(mode="json", exclude=keys)


def _alone(one: Split | None, other: Split | None) -> Finding:
    """A split that stands on one side only."""
    split = one or other
    assert split is not None
    sides = (_amount(split), None) if one is not None else (None, _amount(split))
    return _finding(f"data split {split.name!r} {NOT_IN_BOTH}", OTHER_DATA, *sides)


def _samples(one: Split, other: Split, roots: Roots | None) -> Finding:
    weight, words = _judged(one, other, roots)
    if one.labels is not None and other.labels is not None and one.labels != other.labels:
        words.append(f"other classes: {some(_classes(one.labels, other.labels), SHOWN)}")
    return _finding(f"data split {one.name!r}: {', '.join(words)}", weight, _amount(one), _amount(other))


def _finding(message: str, weight: Judgement, expected: str | None = None, found: str | None = None) -> Finding:
    return Finding(
        kind=NAME, status=Status.DIFFERS, message=message, expected=expected, found=found,
        grade=weight.grade, why=weight.why,
    )  # fmt: skip


def _amount(split: Split) -> str:
    return f"{counted(split.count, 'file' if split.kind in FILE_KINDS else 'sample')}, digest {split.ordered}"


def _judged(one: Split, other: Split, roots: Roots | None) -> tuple[Judgement, list[str]]:
    """How the two are apart, and what it weighs: first what makes every digest another one, then where they part."""
    reason = _why_unknown(one, other)
    if reason is not None:
        return NOT_KNOWN, [reason]
    form = _other_form(one, other)
    if form is not None:
        return OTHER_DATA, [form]
    if one.unordered == other.unordered and one.count == other.count:
        names = ", or under other names" if one.kind in FILE_KINDS else ""
        return OTHER_ORDER, [f"the same in another order{names}"]
    words = ["other files" if one.kind in FILE_KINDS else "other samples"]
    return OTHER_DATA, words if roots is None else [*words, *listings.told(one, other, roots)]


def _why_unknown(one: Split, other: Split) -> str | None:
    """Why their digests say nothing about each other; None where they do."""
    if (one.salt is None) != (other.salt is None):
        return "private in one of the two, so that its samples cannot be compared"
    if one.salt != other.salt:
        return "salted with different salts, so that their samples cannot be compared"
    if one.random or other.random:
        return "drawn anew at each read, so that their samples cannot be compared"
    if one.definition != other.definition and (one.kind in FILE_KINDS) == (other.kind in FILE_KINDS):
        return "recorded under different definitions of digests"
    return None


def _other_form(one: Split, other: Split) -> str | None:
    """What makes every digest another one; None where nothing does."""
    if (one.kind in FILE_KINDS) != (other.kind in FILE_KINDS):
        return f"{_article(one.kind)} in the first, {_article(other.kind)} in the second"
    words = list(leaves.differences(one.leaves, other.leaves, BESIDE, called=leaves.noun(one.kind)))
    return f"of another form: {some(words, SHOWN)}" if words else None


def _article(kind: str) -> str:
    return kind if kind == "files" else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _classes(one: Sequence[LabelCount], other: Sequence[LabelCount]) -> list[str]:
    ours, theirs = _counts(one), _counts(other)
    return [
        f"{label!r} has {theirs.get(label, 0):,}, {BESIDE.was.format(f'{ours.get(label, 0):,}')}"
        for label in dict.fromkeys([*ours, *theirs])
        if ours.get(label) != theirs.get(label)
    ]


def _counts(labels: Sequence[LabelCount]) -> Mapping[int | str, int]:
    return {label.label: label.count for label in labels}
