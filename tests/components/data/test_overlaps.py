"""Samples that stand twice are found by digest, counted and located, within splits and across them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.data.overlaps import SHOWN, Shared, compare_splits

HALVES = st.integers(0, 2).map(lambda number: bytes([number]) * 8)
DIGESTS = st.tuples(HALVES, HALVES).map(b"".join)  # many share a half, few share both


def by_hand(splits: dict[str, list[bytes]]) -> tuple[dict[str, Shared], dict[tuple[str, str], Shared]]:
    """The same by looking at every two samples."""
    repeats, shared = {}, {}
    for here, ours in splits.items():
        found = [(row, ours.index(digest)) for row, digest in enumerate(ours) if ours.index(digest) < row]
        if found:
            repeats[here] = Shared(len(found), tuple(found[:SHOWN]))
        for there, theirs in splits.items():
            found = [(row, theirs.index(digest)) for row, digest in enumerate(ours) if digest in theirs]
            if found and here != there:
                shared[here, there] = Shared(len(found), tuple(found[:SHOWN]))
    return repeats, shared


@given(st.lists(st.lists(DIGESTS, max_size=12), max_size=4))
def test_all_is_found_that_looking_at_every_two_finds(lists: list[list[bytes]]) -> None:
    """Counts and the first five places are those of comparing every sample with every other one."""
    splits = {str(number): digests for number, digests in enumerate(lists)}
    matrix = compare_splits({name: b"".join(digests) for name, digests in splits.items()})

    assert (matrix.repeats, matrix.shared) == by_hand(splits)


def test_half_a_digest_in_common_is_nothing_in_common() -> None:
    """Two digests are the same only when all of their 16 bytes are."""
    one, other = b"a" * 8 + b"b" * 8, b"a" * 8 + b"c" * 8
    matrix = compare_splits({"train": one + other + one, "test": other})

    assert matrix.repeats == {"train": Shared(1, ((2, 0),))}
    assert matrix.shared == {("train", "test"): Shared(1, ((1, 0),)), ("test", "train"): Shared(1, ((0, 1),))}
