import random

import numpy as np
import pytest
import torch

from reprobundle.components.data.digesting import digest_sample
from reprobundle.components.data.rereading import ROWS, chosen_rows, random_sample

DIGESTS = b"".join(map(digest_sample, range(5)))


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ([(row, row) for row in range(5)], None),
        ([(0, 0), (2, 2)], "2 of its 5 samples were read a second time, and are the same: the others may be random"),
        ([(0, 0), (2, 1), (4, 0)], 2),
        ([], "it gives its samples only once: whether they are random is not known"),
    ],
)
def test_samples_that_come_anew_are_compared(again, found):
    """The number of the first sample that is another the second time is told."""
    assert random_sample(DIGESTS, lambda _: iter(again)) == found


def test_generators_are_moved():
    """After it every global generator gives other numbers than it would have."""

    def drawn():
        return random.random(), np.random.random(), torch.rand(()).item()

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    before = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    random_sample(DIGESTS, lambda _: iter([]))

    assert all(now != then for now, then in zip(drawn(), before, strict=True))


def test_the_rows_that_are_read_again_are_chosen_by_digest():
    """All of a few; of many the first, the middle, the last, and those with the smallest digests, wherever they stand."""
    digests = b"".join(map(digest_sample, range(1000)))
    chosen = chosen_rows(digests)
    keys = np.frombuffer(digests, "<u8")[::2]

    assert chosen_rows(DIGESTS) == (0, 1, 2, 3, 4)
    assert len(chosen) == ROWS
    assert {0, 500, 999} < set(chosen)
    assert set(chosen) - {0, 500, 999} <= set(np.argsort(keys)[:ROWS].tolist())
    assert list(chosen) == sorted(chosen)
