"""Which layers of a model changed and by how much, as a table for a terminal; every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.changes import LayerChange, TensorChange, TensorSide, WeightsFinding
from reprobundle.phrases import counted, some
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import Page, Row

SHOWN_LAYERS = 10
SHOWN_NOTES = 3
HEADER = Row(("layer", "changed", "relative L2", "cosine", "largest change"), ("2",))
FROM_ZERO = "from 0"
UNKNOWN = "-"


def show_layers(page: Page, finding: WeightsFinding, sides: tuple[str, str]) -> None:
    """Add the layers, most changed first, how many more there are, and what did not change.

    Args:
        page: The page.
        finding: What differs.
        sides: What the first and the second bundle are called, escaped.
    """
    if finding.layers:
        page.folded([HEADER, *(_row(layer, sides) for layer in finding.layers[:SHOWN_LAYERS])])
    if len(finding.layers) > SHOWN_LAYERS:
        more = len(finding.layers) - SHOWN_LAYERS
        page.paragraph(f"and {counted(more, 'more layer')}, none of them more changed (--json shows all)")
    if finding.unchanged:
        page.paragraph(f"unchanged: {some([escape(name) for name in finding.unchanged], SHOWN_LAYERS)}")


def _row(layer: LayerChange, sides: tuple[str, str]) -> Row:
    cells = (
        escape(layer.name),
        f"{len(layer.changes):,} of {counted(layer.tensors, 'tensor')}",
        _relative(layer),
        UNKNOWN if layer.cosine is None else f"{layer.cosine:.4f}",
        _largest(layer),
    )
    return Row(cells, note="; ".join(_some_notes(layer, sides)))


def _relative(layer: LayerChange) -> str:
    if layer.relative_l2 is not None:
        return f"{layer.relative_l2:.3g}"
    zero = any(
        change.elements and change.expected is not None and change.expected.norm == 0 for change in layer.changes
    )
    return FROM_ZERO if zero and layer.max_absolute else UNKNOWN


def _largest(layer: LayerChange) -> str:
    """The element of the layer that moved furthest: where, and from what to what."""
    moved = [change for change in layer.changes if change.max_absolute is not None and change.worst is not None]
    if not moved:
        return UNKNOWN
    most = max(moved, key=lambda change: change.max_absolute or 0.0)
    index = f"[{', '.join(map(str, most.worst or ()))}]"
    return f"{_own_name(most, layer)}{index}: {_value(most.expected_value)} → {_value(most.found_value)}"


def _value(text: str | None) -> str:
    """A number with four digits; --json has them all."""
    try:
        return f"{float(text or ''):.4g}"
    except ValueError:  # a complex one
        return escape(text)


def _own_name(change: TensorChange, layer: LayerChange) -> str:
    return escape(change.name.removeprefix(f"{layer.name}."))


def _some_notes(layer: LayerChange, sides: tuple[str, str]) -> list[str]:
    notes = [
        f"{_own_name(change, layer)}: {prose(words)}" for change in layer.changes for words in _notes(change, sides)
    ]
    rest = [f"and {len(notes) - SHOWN_NOTES:,} more"] if len(notes) > SHOWN_NOTES else []
    return [*notes[:SHOWN_NOTES], *rest]


def _notes(change: TensorChange, sides: tuple[str, str]) -> Iterator[str]:
    first, second = change.expected, change.found
    if first is None or second is None:
        return
    if first.shape != second.shape or first.dtype != second.dtype:
        yield f"{_form(first)} → {_form(second)}"
    for side, name in ((first, sides[0]), (second, sides[1])):
        broken = [f"{number:,} {word}" for number, word in ((side.nan, "NaN"), (side.infinite, "Inf")) if number]
        if broken:
            yield f"{' and '.join(broken)} in {name}"
    if change.elements == 0 and first.dtype == second.dtype:
        yield "equal values of other bits"


def _form(side: TensorSide) -> str:
    norm = "" if side.norm is None else f", norm {side.norm:.4g}"
    return f"{side.dtype} {side.shape}{norm}"
