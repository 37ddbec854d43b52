"""Turns of phrase that every message shares: a number with its noun, the first few of many, and a size."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun, such as ``1 tensor``, ``0 tensors`` or ``1,234 tensors``.

    Args:
        number: How many there are.
        noun: The word for one of them.
        plural: The word for several, where it is not the noun with an ``s``.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def some(words: Sequence[str], shown: int = 5, more: str = "more") -> str:
    """The first few words, and how many there are besides, such as ``a, b, c and 4 more``.

    Args:
        words: What is told, in the order to tell it in.
        shown: How many are told by name, at least one.
        more: What the rest are called, such as ``more tensors``.
    """
    rest = f" and {len(words) - shown:,} {more}" if len(words) > shown else ""
    return ", ".join(words[:shown]) + rest


def sized(size: int) -> str:
    """Bytes as a person says them, in powers of 1,000, such as ``12 bytes`` or ``1.5 GB``."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size:,} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"


def percent(share: float) -> str:
    """A share of all in hundredths, such as ``12%`` or ``0.4%``; one that is there is never told as none, nor part as all."""
    hundred = 100 * share
    if 0 < hundred < 0.05:
        return "<0.1%"
    if 99.5 <= hundred < 100:
        return ">99%"
    return f"{round(hundred, 1):g}%" if hundred < 9.95 else f"{hundred:.0f}%"


def rounded(value: float) -> str:
    """A number with three digits, such as ``0.5``, ``12.3``, ``4,201`` or ``1.2e-07``."""
    if 1000 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.3g}"
