"""Controls on large arrays: what the parent holds beside them is bounded."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from reprobundle.controlling import decoys, measuring
from reprobundle.controlling.blocks import BLOCK

MIB = 2**20
SIZE = 64 * MIB
ROOM = 64 * BLOCK  # bytes that pieces of a few arrays of 64 bits take

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """A few samples of bytes, 64 MiB in all."""
    return np.random.default_rng(0).integers(0, 255, (2, SIZE // 2), dtype=np.uint8)


def peak(action) -> int:
    """Bytes that numpy and Python took at most, beside what was there."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("mixed", [True, False])
def test_far_inputs_take_one_copy(images, mixed):
    """Of bytes, the copy that is made, and pieces."""
    assert peak(lambda: decoys.far({"x": images}, np.random.default_rng(1), mixed=mixed)) < SIZE + ROOM


def test_near_inputs_take_one_copy(images):
    """Of floats likewise."""
    floats = images.view(np.float32)
    floats = np.where(np.isfinite(floats), floats, 0).astype(np.float32)

    assert peak(lambda: decoys.near({"x": floats}, np.random.default_rng(1), 1e-5)) < SIZE + ROOM


def test_distances_take_pieces(images):
    """Of Booleans: how much they can show, and how far they lie apart, without any copy."""
    one = images > 100
    other = images > 101

    def measured() -> None:
        measuring.distance(one, other, measuring.grain(one))

    assert peak(measured) < ROOM
