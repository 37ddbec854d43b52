"""Numbers and targets in words, the same in the tables and on the screen."""

from __future__ import annotations

from benchmarks.job import GIB, MIB, Target
from benchmarks.summing import Judged, Spread


def amount_text(amount: int, unit: str) -> str:
    """Bytes in their own units, anything else with its noun."""
    return bytes_text(amount) if unit == "bytes" else f"{amount:,} {unit}"


def bytes_text(count: float) -> str:
    """GiB or MiB."""
    return f"{count / GIB:.3g} GiB" if count >= GIB else f"{count / MIB:.0f} MiB"


def seconds_text(seconds: float) -> str:
    """Three digits."""
    return f"{seconds * 1000:.0f} ms" if seconds < 0.1 else f"{seconds:.3g} s"


def target_text(target: Target) -> str:
    """A target as a sentence would say it."""
    subject = target.way if target.less is None else f"{target.way}, less {target.less}"
    if target.of == "beyond":
        subject = f"memory of {subject}"
    if target.to is None:
        return f"{subject} ≤ {in_terms(target.plus, 'seconds' if target.of == 'seconds' else 'bytes')}"
    if target.share:
        return f"{subject} ≥ {in_terms(1 / target.times, 'share')} of the {target.to} limit"
    more = f" + {seconds_text(target.plus)}" if target.plus else ""
    return f"{subject} ≤ {target.times:g} × {target.to}{more}"


def in_terms(value: float, terms: str) -> str:
    """A value in a target's own terms."""
    if terms == "bytes":
        return bytes_text(value)
    if terms == "seconds":
        return seconds_text(value)
    return f"{value * 100:.0f} %" if terms == "share" else f"{value:.3g} ×"


def spread_text(spread: Spread, terms: str) -> str:
    """The smallest to the largest."""
    return f"{in_terms(spread.least, terms)} to {in_terms(spread.most, terms)}"


def verdict_text(judged: Judged | None) -> str:
    """Held, missed, or not measured."""
    if judged is None:
        return "not measured"
    return "held" if judged.held else "**missed**"
