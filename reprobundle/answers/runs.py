"""A further run of the model, read as a stranger's: from files whose names the parent knows, whatever the worker says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.answers.forms import Run, Sketch
from reprobundle.answers.strangers import LONGEST_PATH, duration, line, mapping, number, text
from reprobundle.tensors.dtypes import BITS

if TYPE_CHECKING:
    import numpy as np

MOST_SKETCHES = 4096
MOST_SAMPLES = 64
MOST_CALLS = 10**9
HIGHEST_RANK = 32
LARGEST_EXTENT = 2**62
DIGEST = re.compile(r"[0-9a-f]{32}", re.ASCII)
NUMBERS = ("sum", "absmax", "mean", "std")

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


def run(
    name: str,
    told: Mapping[str, Any] | None,
    ended: str,
    arrays: Callable[[], Arrays],
    sketched: Callable[[], Any] | None,
) -> Run:
    """What one run gave.

    Args:
        name: As it was asked for.
        told: What the worker says of it; None where it says nothing.
        ended: In words how the worker ended.
        arrays: Reads its outputs.
        sketched: Reads its sketches; None where none were asked for.

    Raises:
        RefusedInputError: A file of it is missing, or not what it must be.
    """
    if told is None:
        return Run(name=name, error=f"not run: {ended}")
    error, seconds = text(told.get("error")), duration(told.get("seconds"))
    if error is not None or "structure" not in told:
        return Run(
            name=name, error=error or "the worker does not say what it gave", seconds=seconds, at=line(told.get("at"))
        )
    found, more = sketches(None if sketched is None else sketched())
    return Run(
        name=name,
        outputs=told["structure"],
        arrays=arrays(),
        seconds=seconds,
        sketches=found,
        left_out=(_count(told.get("left_out"), MOST_CALLS) or 0) + more,
    )


def sketches(value: Any) -> tuple[tuple[Sketch, ...], int]:
    """The sketches that can be read, at most 4,096; and how many more there are."""
    listed = value if isinstance(value, list) else []
    found = [one for one in map(sketch, listed[:MOST_SKETCHES]) if one is not None]
    return tuple(found), len(listed) - len(found)


def sketch(value: Any) -> Sketch | None:
    """One sketch; None for anything else."""
    told = mapping(value)
    module, kind, dtype, digest = (text(told.get(name), LONGEST_PATH) for name in ("module", "kind", "dtype", "digest"))
    call, shape, samples = _count(told.get("call"), MOST_CALLS), told.get("shape"), told.get("samples")
    if module is None or kind is None or dtype is None or digest is None or call is None:
        return None
    if dtype not in BITS or not DIGEST.fullmatch(digest) or not isinstance(shape, list) or len(shape) > HIGHEST_RANK:
        return None
    if any(_count(extent, LARGEST_EXTENT) is None for extent in shape):
        return None
    if not isinstance(samples, list) or len(samples) > MOST_SAMPLES:
        return None
    return Sketch(
        module=module,
        kind=kind,
        call=call,
        dtype=dtype,
        shape=tuple(shape),
        digest=digest,
        samples=tuple(map(number, samples)),
        **{name: number(told.get(name)) for name in NUMBERS},
    )


def _count(value: Any, most: int) -> int | None:
    return value if type(value) is int and 0 <= value <= most else None
