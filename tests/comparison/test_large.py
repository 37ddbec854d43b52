"""Large outputs: compared in a time that grows with them alone, and in memory that does not."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from reprobundle.comparison import compare
from reprobundle.report import Rung

MANY = 8_000_000  # elements: 32 MB
ROOM = 24 << 20  # bytes beside the arrays; blocks take about 8 MiB
SHAPES = {"a row": (MANY,), "next words": (80, 100_000), "class maps": (2, 4, 1000, 1000), "masks": (2, 1, 2000, 2000)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_floats_that_differ(shape):
    """Eight million floats that differ take well under two seconds and little memory, decisions included."""
    expected = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    produced = expected * np.float32(1.000001)
    tracemalloc.start()
    started = time.process_time()
    result = compare("value", expected, produced)
    seconds, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert result.rung is Rung.CLOSE
    assert (result.decisions is None) == (len(shape) == 1)
    assert seconds < 2
    assert peak < ROOM


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.uint8, np.complex64])
def test_equal_ones_are_only_read(dtype):
    """What is equal is looked at once, without a copy."""
    expected = np.arange(MANY).astype(dtype)
    produced = expected.copy()
    tracemalloc.start()
    started = time.process_time()
    result = compare("value", expected, produced)
    seconds, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert result.rung is Rung.BITWISE
    assert seconds < 0.5
    assert peak < ROOM
