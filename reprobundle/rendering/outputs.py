"""One output beside its record, in words: how far off, against which tolerance, what would be decided by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from reprobundle.comparison.policy import Thresholds
from reprobundle.phrases import counted, percent, rounded
from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import OutputComparison, Rung

NONE = "-"
ORIGINS = {"default": "default", "envelope": "measured at capture", "reviewer": "yours"}
LOOSENED, NARROWED = "LOOSENED", "NARROWED"  # beyond this program's table, below it
CUT = "cut"  # to what the reviewer lets a bundle ask for
SAME_DECISIONS = "; every decision is the same: "  # as a comparison ends its reason
APART = Thresholds().apart
MEANINGS = {
    Rung.BITWISE: "every output equals the recorded one, bit for bit",
    Rung.CLOSE: "every output lies within the tolerance around the recorded one",
    Rung.SAME_DECISIONS: "some numbers lie outside the tolerance, but what would be decided by them is the same",
    Rung.SAME_METRICS: "numbers and some decisions differ, but every metric that was claimed comes out the same",
}
TONES: dict[Rung, Literal["good", "bad", "open"]] = {
    Rung.BITWISE: "good",
    Rung.CLOSE: "good",
    Rung.DIFFERENT: "bad",
}


def tone(rung: Rung) -> Literal["good", "bad", "open"]:
    """The colour of a rung by name."""
    return TONES.get(rung, "open")


def shape(output: OutputComparison) -> str:
    """The shape as numpy writes it."""
    return "(" + ", ".join(map(str, output.shape)) + ("," if len(output.shape) == 1 else "") + ")"


def difference(output: OutputComparison) -> str:
    """The largest absolute difference, or a dash when none could be taken."""
    return NONE if output.max_absolute is None else f"{output.max_absolute:.3g}"


def worst(output: OutputComparison) -> str:
    """Where the outputs differ most, and the two values there; empty when they do not."""
    if output.worst is None or output.rung is Rung.BITWISE:
        return ""
    place = "[" + ", ".join(map(str, output.worst)) + "]"
    return f"{place} {escape(output.expected)} → {escape(output.found)}"


def tolerance(output: OutputComparison) -> str:
    """How far a value may lie from the recorded one, as it is counted; a dash where none was applied."""
    if output.rung is Rung.BITWISE or (output.atol is None and output.rtol is None):
        return NONE
    return f"{output.atol or 0:.3g} + {output.rtol or 0:.3g}|x|"


def origin(output: OutputComparison) -> str:
    """Who says that this tolerance is right, whether it lets more or less through than this program's own; empty without one."""
    if tolerance(output) == NONE:
        return ""
    times = "" if output.wider is None else f" {output.wider:.3g}x"
    loosened = f", {LOOSENED}{times}" if output.loosened else ""
    narrowed = f", {NARROWED}" if output.narrowed else ""
    return ORIGINS[output.tolerance_from] + loosened + narrowed + (f", {CUT}" if output.capped else "")


def details(output: OutputComparison) -> Iterator[str]:
    """Everything else that was measured of an output that is not bitwise, a few words each."""
    if output.rung is Rung.BITWISE:
        return
    yield from _reason(output)
    if worst(output):
        yield f"worst at {worst(output)}"
    yield from _spread(output)
    yield from _unusual(output)
    if output.decisions is not None:
        yield decisions(output)


def in_short(output: OutputComparison, said: str = "") -> Iterator[str]:
    """What a reader needs at once of an output that is not close, without what was said of it before."""
    if output.rung in {Rung.BITWISE, Rung.CLOSE}:
        return
    if not any(f"{escape(output.name)!r} {reason}" in said for reason in _reason(output)):
        yield from _reason(output)
    if worst(output):
        yield f"worst at {worst(output)}"
    yield from _unusual(output)
    if output.decisions is not None:
        yield decisions(output)


def _reason(output: OutputComparison) -> Iterator[str]:
    """Why it is not bitwise, without the decisions, which are told for themselves."""
    if output.reason:
        yield prose(output.reason.partition(SAME_DECISIONS)[0] if output.decisions is not None else output.reason)


def _spread(output: OutputComparison) -> Iterator[str]:
    if output.outside and output.ppm is not None:
        yield f"{output.ppm:,.0f} ppm outside"
    if output.p999 is not None:
        yield f"99.9 % of the elements within {output.p999:.3g}"
    if output.max_ulp is not None:
        yield f"up to {output.max_ulp:,} ulp"
    if output.relative_l2 is not None:
        yield f"relative L2 {output.relative_l2:.3g}"
    if output.cosine is not None:
        yield f"cosine {_cosine(output.cosine)}"


def _cosine(value: float) -> str:
    """With as many nines as there are, and never one where it is not."""
    return f"1 - {1 - value:.2g}" if 0.99 < value < 1 else f"{value:.4g}"


def _unusual(output: OutputComparison) -> Iterator[str]:
    for word, (recorded, produced) in (("NaN", output.nan), ("infinite", output.infinite)):
        if recorded or produced:
            yield f"{word}: {recorded:,} recorded, {produced:,} replayed"


def decisions(output: OutputComparison) -> str:
    """What would be decided by an output, there and here; empty where nothing is."""
    made = output.decisions
    if made is None:
        return ""
    margin = "" if made.margin is None else f", taken with a margin of up to {rounded(made.margin)}"
    agreement = "" if made.agreement in {0.0, 1.0} else f", agreement {percent(made.agreement)}"
    flips = f"{made.flips:,} of {counted(made.count, 'decision')} differ" if made.flips else "every decision the same"
    return f"{prose(made.words)}: {flips}{agreement}{margin}{_missed(output)}"


def _missed(output: OutputComparison) -> str:
    """Which limit keeps an output whose decisions are all the same from *same decisions*; empty where none does."""
    if output.rung is not Rung.DIFFERENT or output.decisions is None or output.decisions.flips:
        return ""
    if output.relative_l2 is not None and output.relative_l2 > APART:
        return f", but the output lies {100 * output.relative_l2:.3g}% away (relative L2), where {percent(APART)} is the limit"
    return f", but a row of it lies more than {percent(APART)} away, or half of them had been taken by less than the tolerance"


def weakest_first(outputs: Sequence[OutputComparison], limit: int) -> tuple[OutputComparison, ...]:
    """The outputs in their own order, or the `limit` weakest of them when there are more."""
    if len(outputs) <= limit:
        return tuple(outputs)
    return tuple(sorted(outputs, key=lambda output: output.rung.strength)[:limit])
