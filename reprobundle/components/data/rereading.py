"""Whether a data set is random: some samples are read a second time, the global generators standing elsewhere."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from reprobundle.components.data.digesting import DIGEST_BYTES, digest_sample
from reprobundle.errors import UsageError

Again = Callable[[Sequence[int]], Iterator[tuple[int, Any]]]

ROWS = 16


def random_sample(digests: bytes, again: Again) -> int | str | None:
    """Read some samples once more; moves the global generators.

    Args:
        digests: Digests of all samples as they were read first, 16 bytes each.
        again: Takes numbers of samples, and gives those anew, each with its number.

    Returns:
        The number of one that is another now, None where all are as they were, or what is not known.
    """
    _move_generators()
    read_again, count = 0, len(digests) // DIGEST_BYTES
    try:
        for index, sample in again(chosen_rows(digests)):
            read_again += 1
            if digest_sample(sample) != digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES]:
                return index
    except UsageError as error:
        return f"it cannot be read a second time, so whether it is random is not known: {error}"
    if not read_again:
        return "it gives its samples only once: whether they are random is not known"
    if read_again == count:
        return None
    return f"{read_again} of its {count:,} samples were read a second time, and are the same: the others may be random"


def chosen_rows(digests: bytes) -> tuple[int, ...]:
    """The samples to read a second time, ascending: first, middle and last, and those whose digests are smallest.

    Nobody chooses a digest, so that these stand anywhere; and the same samples give the same choice.

    Args:
        digests: Of all samples, 16 bytes each.
    """
    import numpy as np

    count = len(digests) // DIGEST_BYTES
    if count <= ROWS:
        return tuple(range(count))
    keys = np.frombuffer(digests, "<u8")[::2]
    smallest = np.argsort(keys, kind="stable")[:ROWS].tolist()
    return tuple(sorted([*dict.fromkeys([0, count // 2, count - 1, *smallest])][:ROWS]))


def _move_generators() -> None:
    """Draw once from each global generator, so that a data set that draws from one gives something else now."""
    random.random()  # noqa: S311  the global generator is what is to move
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.random()
    if torch is not None:
        torch.rand(())
