"""Two records of data splits beside each other: which differ, and how far, from their listings where these can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from reprobundle.comparing.pairs import Roots
from reprobundle.comparing.values import walk
from reprobundle.components.data import NAME, LabelCount, Section, Split
from reprobundle.components.data.leaves import differences as leaf_differences
from reprobundle.components.data.listings import recorded_digests, recorded_rows
from reprobundle.components.data.section import FILE_KINDS
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, Status

SHOWN = 5
DIGEST_BYTES = 16
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
FOLLOWING = frozenset({"duplicates", "repeats", "overlaps"})  # nothing that the samples themselves do not say


def differences(a: Section, b: Section, roots: Roots | None) -> Iterator[Finding]:
    """One finding for each split that holds other samples, and one for each other value that differs.

    Args:
        a: The first.
        b: The second.
        roots: The folders of both bundles, where the listings are looked into; None: no file is looked at.
    """
    ours, theirs = {split.name: split for split in a.splits}, {split.name: split for split in b.splits}
    for name, split in ours.items():
        if name in theirs and split.ordered != theirs[name].ordered:
            yield _samples(split, theirs[name], roots)
    yield from walk(NAME, "", *(_rest(section, ours, theirs) for section in (a, b)))


def _rest(section: Section, ours: dict[str, Split], theirs: dict[str, Split]) -> dict[str, Any]:
    """The section without what is told of a split whose samples differ."""
    content = section.model_dump(mode="json")
    for split in content["splits"]:
        name = split["name"]
        if name in ours and name in theirs and ours[name].ordered != theirs[name].ordered:
            for key in TOLD | FOLLOWING:
                del split[key]
    return content


def _samples(one: Split, other: Split, roots: Roots | None) -> Finding:
    message = f"data split {one.name!r}: {', '.join(_words(one, other, roots))}"
    return Finding(kind=NAME, status=Status.DIFFERS, message=message, expected=_amount(one), found=_amount(other))


def _amount(split: Split) -> str:
    return f"{counted(split.count, 'file' if split.kind in FILE_KINDS else 'sample')}, digest {split.ordered}"


def _words(one: Split, other: Split, roots: Roots | None) -> Iterator[str]:
    """How the two are apart: first what makes every digest another one, then what they share, then their classes."""
    reason = _why_apart(one, other)
    if reason is not None:
        yield reason
    elif one.unordered == other.unordered and one.count == other.count:
        yield (
            "the same in another order, or under other names" if one.kind in FILE_KINDS else "the same in another order"
        )
    else:
        yield "other samples" if one.kind not in FILE_KINDS else "other files"
        if roots is not None:
            yield from _shared(one, other, roots)
    if one.labels is not None and other.labels is not None and one.labels != other.labels:
        yield f"other classes: {some(_classes(one.labels, other.labels), SHOWN)}"


def _why_apart(one: Split, other: Split) -> str | None:
    """Why their digests say nothing about each other; None where they do."""
    if (one.salt is None) != (other.salt is None):
        return "private in one of the two, so that its samples cannot be compared"
    if one.salt != other.salt:
        return "salted with different salts, so that their samples cannot be compared"
    if (one.kind in FILE_KINDS) != (other.kind in FILE_KINDS):
        return f"a {one.kind} in the one, a {other.kind} in the other".replace("a array", "an array")
    if one.definition != other.definition:
        return "recorded under different definitions of digests"
    leaves = list(leaf_differences(one.leaves, other.leaves))
    return f"of another form: {some(leaves, SHOWN)}" if leaves else None


def _shared(one: Split, other: Split, roots: Roots) -> Iterator[str]:
    ours, theirs = (_contents(split, root) for split, root in zip((one, other), roots, strict=True))
    if not ours or not theirs:
        return
    common = sum((ours & theirs).values())
    yield f"{common:,} in both"
    for only, where in ((one.count - common, "first"), (other.count - common, "second")):
        if only > 0:
            yield f"{only:,} only in the {where}"


def _contents(split: Split, root: Any) -> Counter[bytes]:
    """How often each content is listed."""
    if split.kind in FILE_KINDS and split.salt is None:
        return Counter(bytes.fromhex(row.digest) for row in recorded_rows(split, root).values())
    digests = recorded_digests(split, root)
    return Counter(digests[start : start + DIGEST_BYTES] for start in range(0, len(digests), DIGEST_BYTES))


def _classes(one: Sequence[LabelCount], other: Sequence[LabelCount]) -> list[str]:
    ours, theirs = ({label.label: label.count for label in labels} for labels in (one, other))
    return [
        f"{label!r} has {theirs.get(label, 0):,}, expected {ours.get(label, 0):,}"
        for label in dict.fromkeys([*ours, *theirs])
        if ours.get(label) != theirs.get(label)
    ]
