"""Whether a data set is random: some samples are read a second time, the global generators standing elsewhere."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from reprobundle.components.data.digesting import DIGEST_BYTES, digest_sample
from reprobundle.errors import UsageError

Again = Callable[[], Iterator[tuple[int, Any]]]


def random_sample(digests: bytes, again: Again) -> int | str | None:
    """Read some samples once more; moves the global generators.

    Args:
        digests: Digests of all samples as they were read first, 16 bytes each.
        again: Gives some samples anew, each with its number.

    Returns:
        The number of one that is another now, None where all are the same, or why that is not known.
    """
    _move_generators()
    read_again = 0
    try:
        for index, sample in again():
            read_again += 1
            if digest_sample(sample) != digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES]:
                return index
    except UsageError as error:
        return f"it cannot be read a second time, so whether it is random is not known: {error}"
    return None if read_again else "it gives its samples only once: whether they are random is not known"


def _move_generators() -> None:
    """Draw once from each global generator, so that a data set that draws from one gives something else now."""
    random.random()  # noqa: S311  the global generator is what is to move
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.random()
    if torch is not None:
        torch.rand(())
