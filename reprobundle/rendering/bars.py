"""How far each output lies from the recorded one, as a small picture: a bar on a logarithmic axis around the tolerance.

The axis runs from a millionth of the tolerance to a thousand times the tolerance, one decade after the other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reprobundle.report import OutputComparison, Rung

BELOW, ABOVE = 6, 3  # decades shown on either side of the tolerance
WIDTH = 180.0
SHORTEST = 0.01  # of the axis: a difference that is there must be seen


@dataclass(frozen=True)
class Bar:
    """What is drawn for one output.

    Attributes:
        length: Length of the bar, in the picture's units, 0 to 180.
        limit: Where the tolerance stands on the same axis.
        tone: Colour of the bar by name: ``good``, ``bad`` or ``open``.
        words: The same in words, for whoever does not see the picture.
    """

    length: float
    limit: float
    tone: str
    words: str


def bar_of(output: OutputComparison) -> Bar | None:
    """The bar of one output; None when nothing could be measured or no tolerance was applied."""
    ratio = _ratio(output)
    if ratio is None:
        return None
    limit = WIDTH * BELOW / (BELOW + ABOVE)
    if ratio == 0:
        return Bar(0.0, limit, _tone(output.rung), "no difference")
    share = (BELOW + math.log10(ratio)) / (BELOW + ABOVE)
    words = f"{ratio:.2g} times the tolerance at the worst element"
    return Bar(WIDTH * min(max(share, SHORTEST), 1.0), limit, _tone(output.rung), words)


def _ratio(output: OutputComparison) -> float | None:
    """How many times the tolerance the worst element is off, where both can be told."""
    recorded, produced = _number(output.expected), _number(output.found)
    if recorded is None or produced is None or output.atol is None or output.rtol is None:
        return None
    allowed = output.atol + output.rtol * abs(recorded)
    ratio = abs(produced - recorded) / allowed if allowed > 0 else math.inf
    return ratio if math.isfinite(ratio) else None


def _number(text: str | None) -> float | None:
    """A recorded value as a number; None where it is no real one, as for complex values."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _tone(rung: Rung) -> str:
    return {Rung.BITWISE: "good", Rung.CLOSE: "good", Rung.DIFFERENT: "bad"}.get(rung, "open")
