"""Where two lists of samples part, as a diff tells it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.data.locating import describe, part, ranges

ROWS = list(range(20))


def digests(rows: list[int]) -> bytes:
    return b"".join(row.to_bytes(8, "little") + bytes(8) for row in rows)


def said(recorded: list[int], found: list[int]) -> list[str]:
    return list(describe(part(digests(recorded), digests(found)), len(recorded)))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (ROWS, []),
        ([*ROWS[:5], 99, *ROWS[5:]], ["row 5 of the copy is new"]),
        ([*ROWS[:5], *ROWS[8:]], ["rows 5 to 7 are missing"]),
        ([*ROWS[:5], 77, *ROWS[6:]], ["row 5 differs"]),
        ([*ROWS[:5], 77, 78, *ROWS[6:12], *ROWS[13:]],
         ["row 5 differs", "row 12 is missing", "row 6 of the copy is new"]),
        (ROWS[::-1], ["they stand in another order"]),
        ([*ROWS[:9][::-1], *ROWS[10:], 5, 50],
         ["row 9 is missing", "rows 19 to 20 of the copy are new", "the others stand in another order"]),
        ([row + 100 for row in ROWS], ["every row differs"]),
        ([*[row + 100 for row in ROWS], 500], ["every row differs", "row 20 of the copy is new"]),
        ([], ["none of the 20 recorded rows is in it"]),
        ([row if row % 2 else row + 100 for row in ROWS], ["row 0, row 2, row 4, row 6, row 8 and 5 more differ"]),
    ],
)  # fmt: skip
def test_a_difference_is_told_as_a_diff_tells_it(found: list[int], words: list[str]) -> None:
    """Rows after an insertion or a removal do not differ; what faces each other has changed."""
    assert said(ROWS, found) == words


@given(st.lists(st.integers(0, 5), max_size=12), st.lists(st.integers(0, 5), max_size=12))
def test_what_is_told_leads_from_one_to_the_other(recorded: list[int], found: list[int]) -> None:
    """Taking away what is missing and adding what is new gives as many rows, and the same where none moved."""
    parting = part(digests(recorded), digests(found))
    gone, come = {*parting.missing.tolist(), *parting.changed.tolist()}, set(parting.new.tolist())
    kept = [row for place, row in enumerate(recorded) if place not in gone]

    assert len(recorded) - len(parting.missing) == len(found) - len(parting.new)
    if not len(parting.changed) and not parting.moved:
        assert kept == [row for place, row in enumerate(found) if place not in come]
    assert (recorded == found) == (not gone and not come and not parting.moved)


def test_rows_are_told_as_ranges() -> None:
    """Neighbours are one range; of many ranges the first five are told."""
    assert ranges(np.array([1])) == "row 1"
    assert ranges(np.array([1, 2, 3, 7])) == "rows 1 to 3, row 7"
    assert ranges(np.arange(0, 20, 2), "file") == "file 0, file 2, file 4, file 6, file 8 and 5 more"
