"""Two tensors of one shape, read piece by piece: how far apart they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprobundle.changes import TensorChange, TensorSide
from reprobundle.comparing.weight_files import WeightFiles

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Sums:
    """What norms and angles are made of, over finite elements.

    Attributes:
        first: Sum of the squares of the first.
        second: Sum of the squares of the second.
        difference: Sum of the squares of the difference.
        product: Sum of the products of the two.
    """

    first: float = 0.0
    second: float = 0.0
    difference: float = 0.0
    product: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.first + other.first,
            self.second + other.second,
            self.difference + other.difference,
            self.product + other.product,
        )

    @property
    def relative(self) -> float | None:
        """Norm of the difference divided by the norm of the first."""
        return finite(math.sqrt(self.difference / self.first)) if 0 < self.first < math.inf else None

    @property
    def cosine(self) -> float | None:
        """Cosine of the angle between the two."""
        scale = math.sqrt(self.first) * math.sqrt(self.second)
        if not 0 < scale < math.inf:
            return None
        exact = finite(self.product / scale)
        return None if exact is None else min(max(exact, -1.0), 1.0)


@dataclass
class Tally:
    """What was met so far of one tensor.

    Attributes:
        sums: The sums.
        elements: How many elements have another value.
        largest: Largest absolute difference.
        at: Flat index of that element.
        values: Its two values, as text.
        nan: How many elements are no number, on either side.
        infinite: How many are infinite, on either side.
    """

    sums: Sums = field(default_factory=Sums)
    elements: int = 0
    largest: float = -1.0
    at: int = 0
    values: tuple[str, str] = ("", "")
    nan: tuple[int, int] = (0, 0)
    infinite: tuple[int, int] = (0, 0)


def finite(value: float) -> float | None:
    """The value where it is finite."""
    return value if math.isfinite(value) else None


def is_inexact(dtype: str) -> bool:
    """Whether a dtype, by safetensors' name, holds fractions: a layer's change is that of its weights, not of its counters."""
    return dtype != "BOOL" and not dtype.startswith(("I", "U"))


def has_numbers(sums: Sums, changes: Sequence[TensorChange]) -> bool:
    """Whether sums tell of the changes: where all that changed is no number or has another shape, they say that nothing did."""
    return sums.difference > 0 or not any(_is_broken(change) for change in changes)


def _is_broken(change: TensorChange) -> bool:
    sides = [side for side in (change.expected, change.found) if side is not None]
    return change.elements is None or any(side.nan or side.infinite for side in sides)


def measure(name: str, ours: WeightFiles, theirs: WeightFiles) -> tuple[TensorChange, Sums]:
    """How far two tensors of one name are apart; without numbers where their shapes differ or numpy has no such dtype."""
    first, second = ours.places[name], theirs.places[name]
    plain = TensorChange(
        name=name,
        expected=TensorSide(dtype=first.dtype, shape=first.shape),
        found=TensorSide(dtype=second.dtype, shape=second.shape),
    )
    if first.shape != second.shape or not (ours.is_numeric(name) and theirs.is_numeric(name)):
        return plain, Sums()
    tally, at = Tally(), 0
    for one, other in zip(ours.arrays_of(name), theirs.arrays_of(name), strict=True):
        add(tally, one, other, at)
        at += one.size
    return _told(plain, tally), tally.sums


def add(tally: Tally, one: Array, other: Array, at: int) -> None:
    """Add one piece, flat arrays of equal size, whose first element has the flat index `at`."""
    import numpy as np

    first, second = _wide(one), _wide(other)
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float64 a norm is infinite, and told as not known
        difference = second - first
        distance = np.abs(difference)
        if not np.isfinite(distance).all():
            first, second = _finite_parts(tally, first, second)
            difference = second - first
            distance = np.abs(difference)
        if one.dtype == other.dtype and one.dtype.kind in "iu":
            distance = _exact_distance(one, other)
        tally.elements += int(np.count_nonzero(distance))
        tally.sums += Sums(*(_dot(*pair) for pair in _pairs(first, second, difference)))
    most = int(np.argmax(distance))
    if distance[most] > tally.largest:
        tally.largest, tally.at = float(distance[most]), at + most
        tally.values = (str(one[most]), str(other[most]))


def _exact_distance(one: Array, other: Array) -> Array:
    """Distance of integers before it is rounded: neighbours beyond 2^53 are not one number."""
    import numpy as np

    high, low = np.maximum(one, other).astype(np.uint64), np.minimum(one, other).astype(np.uint64)
    return np.subtract(high, low).astype(np.float64)  # what negative ones are off by falls out


def _finite_parts(tally: Tally, first: Array, second: Array) -> tuple[Array, Array]:
    """Both with zeros where one of them is not finite; such elements are counted here."""
    import numpy as np

    nan, infinite = (np.isnan(first), np.isnan(second)), (np.isinf(first), np.isinf(second))
    tally.nan = (tally.nan[0] + int(nan[0].sum()), tally.nan[1] + int(nan[1].sum()))
    tally.infinite = (tally.infinite[0] + int(infinite[0].sum()), tally.infinite[1] + int(infinite[1].sum()))
    broken = nan[0] | nan[1] | infinite[0] | infinite[1]
    tally.elements += int(np.count_nonzero(broken & (first != second) & ~(nan[0] & nan[1])))
    return np.where(broken, 0, first), np.where(broken, 0, second)


def _pairs(first: Array, second: Array, difference: Array) -> tuple[tuple[Array, Array], ...]:
    return (first, first), (second, second), (difference, difference), (first, second)


def _dot(one: Array, other: Array) -> float:
    import numpy as np

    # numpy's own sum and no product of its linear algebra: always the same digits, however many threads there are
    return float(np.add.reduce((one.conj() * other).real if np.iscomplexobj(one) else one * other))


def _wide(array: Array) -> Array:
    import numpy as np

    wide: Array = array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    return wide


def _told(plain: TensorChange, tally: Tally) -> TensorChange:
    assert plain.expected is not None
    assert plain.found is not None
    norms = [finite(math.sqrt(squares)) for squares in (tally.sums.first, tally.sums.second)]
    sides = [
        side.model_copy(update={"norm": norms[n], "nan": tally.nan[n], "infinite": tally.infinite[n]})
        for n, side in enumerate((plain.expected, plain.found))
    ]
    known: dict[str, Any] = {"expected": sides[0], "found": sides[1], "elements": tally.elements}
    if tally.largest > 0 or (tally.largest == 0 and not any((*tally.nan, *tally.infinite))):
        known |= {
            "relative_l2": tally.sums.relative,
            "cosine": tally.sums.cosine,
            "max_absolute": finite(tally.largest),
            "worst": _index(tally.at, plain.expected.shape),
            "expected_value": tally.values[0],
            "found_value": tally.values[1],
        }
    return plain.model_copy(update=known)


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index: list[int] = []
    for extent in reversed(shape):
        flat, step = divmod(flat, extent)
        index.append(step)
    return tuple(reversed(index))
