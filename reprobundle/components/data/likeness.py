"""Whether two splits are of one form, so that a sample of one would be found in the other by its digest."""

from __future__ import annotations

from reprobundle.components.data.section import FILE_KINDS, Split
from reprobundle.phrases import some

SHOWN = 3
VARYING = frozenset({"null", "mixed"})


def why_apart(one: Split, other: Split) -> str | None:
    """Why no sample of one could be found in the other by its digest; None where it could."""
    drawn = next((split.name for split in (one, other) if split.random), None)
    if drawn is not None:
        return f"{drawn!r} is another at each read"
    if (one.kind in FILE_KINDS) != (other.kind in FILE_KINDS):
        files, samples = (one, other) if one.kind in FILE_KINDS else (other, one)
        return f"{files.name!r} is of files, {samples.name!r} of samples"
    ours, theirs = ({leaf.name: leaf.dtype for leaf in split.leaves} for split in (one, other))
    if VARYING & {*ours.values(), *theirs.values()}:
        return None
    for split, own, others in ((one, ours, theirs), (other, theirs, ours)):
        only = [repr(name) for name in own if name not in others]
        if only:
            return f"only {split.name!r} has {some(only, SHOWN)}"
    name = next((name for name in ours if ours[name] != theirs[name]), None)
    if name is not None:
        return f"{name!r} is {ours[name]} in the one, {theirs[name]} in the other"
    if list(ours) != list(theirs):
        place = next(place for place, pair in enumerate(zip(ours, theirs, strict=True)) if pair[0] != pair[1])
        return f"in another order: {list(ours)[place]!r} stands in the one where {list(theirs)[place]!r} stands in the other"
    return _of_other_shape(one, other)


def _of_other_shape(one: Split, other: Split) -> str | None:
    shapes = {leaf.name: leaf.shape for leaf in other.leaves}
    for leaf in one.leaves:
        if leaf.missing:  # a missing value has no shape, and may stand in both
            continue
        here, there = leaf.shape, shapes[leaf.name]
        if here is None or there is None:
            continue
        if len(here) != len(there) or any(
            -1 not in pair and len({*pair}) > 1 for pair in zip(here, there, strict=True)
        ):
            return f"{leaf.name!r} has shape {here} in the one, {there} in the other"
    return None
