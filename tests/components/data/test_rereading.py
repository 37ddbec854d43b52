import random

import numpy as np
import pytest
import torch

from reprobundle.components.data.digesting import digest_sample
from reprobundle.components.data.rereading import random_sample

DIGESTS = b"".join(map(digest_sample, range(5)))


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ([(0, 0), (2, 2), (4, 4)], None),
        ([(0, 0), (2, 1), (4, 0)], 2),
        ([], "it gives its samples only once: whether they are random is not known"),
    ],
)
def test_samples_that_come_anew_are_compared(again, found):
    """The number of the first sample that is another the second time is told."""
    assert random_sample(DIGESTS, lambda: iter(again)) == found


def test_generators_are_moved():
    """After it every global generator gives other numbers than it would have."""

    def drawn():
        return random.random(), np.random.random(), torch.rand(()).item()

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    before = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    random_sample(DIGESTS, lambda: iter([]))

    assert all(now != then for now, then in zip(drawn(), before, strict=True))
