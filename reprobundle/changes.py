"""How two models' weights differ, by layer and by tensor, in numbers; and two texts, by their lines."""

from __future__ import annotations

from reprobundle.records import Record
from reprobundle.report import Finding


class TensorSide(Record):
    """A tensor as one of two bundles holds it.

    Attributes:
        dtype: safetensors' name of its dtype.
        shape: Its shape.
        norm: Root of the sum of its squares, of what is finite; None where numpy has no such dtype.
        nan: How many elements are no number.
        infinite: How many are infinite.
    """

    dtype: str
    shape: tuple[int, ...]
    norm: float | None = None
    nan: int = 0
    infinite: int = 0


class TensorChange(Record):
    """One tensor that is not the same in two bundles; numbers are taken in float64, elements that are not finite left out.

    Attributes:
        name: Its name in the state.
        expected: How the first bundle holds it; None: not at all.
        found: How the second does.
        elements: How many elements have another value; None where no values could be compared.
        relative_l2: Norm of the difference divided by the norm of the first; None where that is zero.
        cosine: Cosine of the angle between the two, 1 where only the length changed; None where one of them is zero.
        max_absolute: Largest absolute difference of two elements.
        worst: Index of that element.
        expected_value: Its value in the first, as text.
        found_value: Its value in the second, as text.
    """

    name: str
    expected: TensorSide | None
    found: TensorSide | None
    elements: int | None = None
    relative_l2: float | None = None
    cosine: float | None = None
    max_absolute: float | None = None
    worst: tuple[int, ...] | None = None
    expected_value: str | None = None
    found_value: str | None = None


class LayerChange(Record):
    """One layer with at least one tensor that is not the same.

    Attributes:
        name: What the names of its tensors begin with, without the dot at the end.
        tensors: How many tensors it has, those of one side only included.
        relative_l2: As of a tensor, over all tensors of the layer that hold fractions and stand in both with one shape.
        cosine: Likewise.
        max_absolute: The largest of its tensors, whatever they hold.
        changes: The tensors that are not the same, most changed first.
    """

    name: str
    tensors: int
    relative_l2: float | None = None
    cosine: float | None = None
    max_absolute: float | None = None
    changes: tuple[TensorChange, ...] = ()


class WeightsFinding(Finding):
    """That weights differ, with the numbers.

    Attributes:
        layers: Every layer that changed, most changed first.
        unchanged: Layers all of whose tensors are the same; where a whole group of them is, what their names begin with, such
            as ``encoder.``.
    """

    layers: tuple[LayerChange, ...] = ()
    unchanged: tuple[str, ...] = ()


class TextFinding(Finding):
    """That a text differs, with the first of its lines that do.

    Attributes:
        lines: The difference as `diff -u` writes it: each line begins with ``@``, a blank, ``+`` or ``-``.
        left_out: How many more there are.
    """

    lines: tuple[str, ...] = ()
    left_out: int = 0
