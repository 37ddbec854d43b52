"""What the files of a folder look like: statistics of its images and texts, and how many there are of each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from reprobundle.components.data.files import cache
from reprobundle.components.data.files.folders import Digesting
from reprobundle.components.data.files.rows import escaped
from reprobundle.components.data.given import How
from reprobundle.components.data.section import LabelCount
from reprobundle.components.data.statistics import pictures
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.store import digest_bytes

MIN_CLASSES, MAX_CLASSES = 2, 1000
SUFFIXES = tuple(sorted(pictures.PICTURES | pictures.TEXTS))
LONGEST = max(map(len, SUFFIXES))


def classes_of(places: Iterable[tuple[str, int]]) -> tuple[LabelCount, ...] | None:
    """Number of files by class, where each file lies in the folder of its class; None elsewhere.

    Args:
        places: Paths relative to the folder that was given, and how many files each stands for.
    """
    found: Counter[str] = Counter()
    for name, count in places:
        first, slash, _ = name.partition("/")
        if not slash:
            return None
        found[first] += count
        if len(found) > MAX_CLASSES:
            return None
    if len(found) < MIN_CLASSES:
        return None
    return tuple(LabelCount(label=escaped(name), count=count) for name, count in sorted(found.items()))


def take_statistics(digesting: Digesting, order: Sequence[int], how: How, kept: Path | None) -> Statistics | None:
    """Read what has no digest yet, and statistics of the images and texts along the way.

    Statistics need the content of all of them. They are kept beside the digests, and hold as long as no file changed.

    Args:
        digesting: The files.
        order: The order in which they are described.
        how: Whether statistics are wanted.
        kept: Where digests are kept.
    """
    chosen = described_among(digesting.names, order) if how.statistics and not digesting.is_begun else []
    if not chosen:
        digesting.finish()
        return None
    if kept is not None and digesting.is_complete:
        found = cache.load_statistics(kept, _key(digesting))
        if found is not None:
            return found
    statistics = _described(digesting, chosen)
    digesting.finish()
    if kept is not None and statistics is not None and digesting.was_kept:
        cache.save_statistics(kept, _key(digesting), statistics)
    return statistics


def _described(digesting: Digesting, chosen: Sequence[int]) -> Statistics | None:
    from reprobundle.components.data.statistics.gathering import Gathering

    gathering = Gathering()
    count = 0
    for block, digest in digesting.described(chosen, pictures.block_of_file):
        gathering.add(block, digest)
        count += 1
    return gathering.result() if count else None


def _key(digesting: Digesting) -> str:
    """A digest of the names, the contents, and of what reads pictures."""
    try:
        reader = metadata.version("pillow")
    except metadata.PackageNotFoundError:
        reader = ""
    names = "\0".join([reader, *digesting.names]).encode("utf-8", "surrogatepass")
    return digest_bytes(names + bytes(digesting.digests))


def described_among(names: Sequence[str], order: Sequence[int]) -> list[int]:
    """The files whose names say that they are images or texts, in an order.

    Args:
        names: All files.
        order: Their places.
    """
    tails = {tail for tail in {name[-LONGEST:] for name in names} if tail.lower().endswith(SUFFIXES)}
    return [index for index in order if names[index][-LONGEST:] in tails] if tails else []
