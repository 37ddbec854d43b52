"""How far each module's output lies from the recorded sketch of it: the marks of a picture, and the same in words.

Modules stand from left to right in the order they were called; the distance is logarithmic, three decades above and below
what was met. Equal outputs stand on the bottom line.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.phrases import counted
from reprobundle.rendering.escaping import escape
from reprobundle.report import LayerDivergence

WIDTH, HEIGHT = 720.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 12.0, 26.0, 46.0
SHOWN_LAYERS = 160  # marks that can still be told apart
LOWEST = 1e-18
SHOWN_ROWS = 40


@dataclass(frozen=True)
class Mark:
    """One module in the picture.

    Attributes:
        x: From the left.
        y: From the top.
        outside: Whether it lies outside the envelope.
        broken: Whether no distance could be taken: form or NaN differ.
        words: Name and figures, for whoever points at it.
    """

    x: float
    y: float
    outside: bool
    broken: bool
    words: str


@dataclass(frozen=True)
class Picture:
    """What is drawn of all modules.

    Attributes:
        marks: The modules.
        envelope: The line below which a distance was measured at capture, as an SVG path; empty where there is none.
        ticks: Places and texts of the vertical axis.
        first: The first mark outside; None where there is none.
        label: The name beside it, cut to what there is room for.
        label_end: Whether the name stands to the left of its mark.
        left_out: How many modules are not drawn.
        words: The whole in one sentence.
    """

    marks: tuple[Mark, ...]
    envelope: str
    ticks: tuple[tuple[float, str], ...]
    first: Mark | None
    label: str
    label_end: bool
    left_out: int
    words: str


def picture(layers: Sequence[LayerDivergence]) -> Picture | None:
    """The picture; None without any modules."""
    if not layers:
        return None
    shown = thinned(layers)
    low, high = _decades(shown)
    places = [_x(number, len(shown)) for number in range(len(shown))]
    marks = tuple(_mark(layer, x, low, high) for layer, x in zip(shown, places, strict=True))
    first = next((mark for mark in marks if mark.outside), None)
    named = first_outside(layers)
    return Picture(
        marks=marks,
        envelope=_envelope(shown, places, low, high),
        ticks=tuple((_y(10.0**decade, low, high), f"1e{decade}") for decade in _ticks(low, high)),
        first=first,
        label="" if named is None else escape(named.module, limit=48),
        label_end=first is not None and first.x > WIDTH / 2,
        left_out=len(layers) - len(shown),
        words=words(layers),
    )


def thinned(layers: Sequence[LayerDivergence]) -> tuple[LayerDivergence, ...]:
    """As many modules as can be told apart: the first outside and those around it, the rest at even steps."""
    if len(layers) <= SHOWN_LAYERS:
        return tuple(layers)
    step = len(layers) / (SHOWN_LAYERS - 5)
    kept = {int(number * step) for number in range(SHOWN_LAYERS - 5)} | {len(layers) - 1}
    first = next((number for number, layer in enumerate(layers) if layer.outside), None)
    if first is not None:
        kept |= {number for number in range(first - 1, first + 3) if 0 <= number < len(layers)}
    return tuple(layers[number] for number in sorted(kept))


def first_outside(layers: Sequence[LayerDivergence]) -> LayerDivergence | None:
    """The first module that lies outside; None where none does."""
    return next((layer for layer in layers if layer.outside), None)


def words(layers: Sequence[LayerDivergence]) -> str:
    """How many modules are equal, within and outside, and which is the first outside."""
    first = first_outside(layers)
    return totals(layers) + ("" if first is None else f"; the first outside is {name(first)}")


def totals(layers: Sequence[LayerDivergence]) -> str:
    """How many modules are equal, within and outside."""
    equal, outside = sum(layer.equal for layer in layers), sum(layer.outside for layer in layers)
    within = len(layers) - equal - outside
    calls = counted(len(layers), "module call")
    return f"{calls} in order: {equal:,} equal bit for bit, {within:,} within, {outside:,} outside"


def name(layer: LayerDivergence) -> str:
    """A module with its kind and call, such as ``encoder.0 (Linear, call 2)``."""
    call = f", call {layer.call + 1}" if layer.call else ""
    return f"{escape(layer.module)} ({escape(layer.kind)}{call})"


def distance(value: float | None) -> str:
    """A distance as text; a dash for none."""
    return "-" if value is None else f"{value:.2g}"


def state(layer: LayerDivergence) -> str:
    """Whether a module is equal, within the envelope or outside it."""
    return "outside" if layer.outside else "equal" if layer.equal else "within"


def rows(layers: Sequence[LayerDivergence], *, before: int = 3) -> tuple[tuple[int, LayerDivergence], ...]:
    """Modules worth a row, with their place in the order: from the last few before the first outside to some beyond it."""
    first = next((number for number, layer in enumerate(layers) if layer.outside), 0)
    start = max(0, first - before)
    return tuple(enumerate(layers[start : start + SHOWN_ROWS], start + 1))


def _decades(layers: Sequence[LayerDivergence]) -> tuple[int, int]:
    values = [value for layer in layers for value in (layer.distance, layer.envelope) if value and value > LOWEST]
    exponents = [math.log10(value) for value in values if math.isfinite(value)] or [-8.0, 0.0]
    return math.floor(min(exponents)) - 1, max(math.ceil(max(exponents)), math.floor(min(exponents)) + 1) + 1


def _ticks(low: int, high: int) -> range:
    return range(low + 1, high + 1, max(1, (high - low) // 6))


def _x(number: int, of: int) -> float:
    room = WIDTH - LEFT - RIGHT - 16
    return LEFT + 8 + (room * number / (of - 1) if of > 1 else room / 2)


def _y(value: float | None, low: int, high: int) -> float:
    """Equal ones at the bottom, incomparable ones at the top."""
    if value is None or not math.isfinite(value):
        return TOP
    share = 0.0 if value <= LOWEST else (math.log10(value) - low) / (high - low)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(share, 0.0), 1.0)


def _mark(layer: LayerDivergence, x: float, low: int, high: int) -> Mark:
    broken = layer.distance is None and not layer.equal
    figures = "cannot be compared" if broken else "equal" if layer.equal else f"distance {distance(layer.distance)}"
    envelope = "" if layer.envelope is None else f", envelope {distance(layer.envelope)}"
    told = f"{name(layer)}: {figures}{envelope}, {state(layer)}"
    return Mark(x, _y(0.0 if layer.equal else layer.distance, low, high), layer.outside, broken, told)


def _envelope(layers: Sequence[LayerDivergence], places: Sequence[float], low: int, high: int) -> str:
    """A line through the modules that have an envelope, broken where one has none."""
    parts: list[str] = []
    joined = False
    for layer, x in zip(layers, places, strict=True):
        if layer.envelope is None:
            joined = False
            continue
        parts.append(f"{'L' if joined else 'M'}{x:.1f} {_y(layer.envelope, low, high):.1f}")
        joined = True
    return "".join(parts)
