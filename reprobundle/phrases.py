"""Turns of phrase that every message shares: a number with its noun, the first few of many, and a size."""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterable, Sequence

MOST_SINGLE = 9  # digits that tell any float32 from every other


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


def likely(word: str, known: Iterable[str]) -> str:
    """Which known word a mistyped one may stand for, such as ``did you mean 'split'?``; empty where none is near."""
    from difflib import get_close_matches  # milliseconds that only a slip of the finger is to cost

    near = get_close_matches(word, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


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


def shortest(value: float) -> float:
    """The shortest decimal that reads back as the same float32, where a number is one: 0.8375 for 0.8374999761581421.

    A number with more digits than a float32 holds, a whole one, and what is not finite are given back as they are.
    """
    if not math.isfinite(value) or value.is_integer():
        return value
    try:
        packed = struct.pack("<f", value)
    except OverflowError:  # larger than any float32
        return value
    if struct.unpack("<f", packed)[0] != value:
        return value
    made = (float(f"{value:.{digits}g}") for digits in range(1, MOST_SINGLE + 1))
    return next(short for short in made if struct.pack("<f", short) == packed)


def printed(value: float, digits: int = 6) -> str:
    """A claimed or computed number as every screen shows it: a float32 as its shortest decimal, at most so many digits.

    Args:
        value: The number.
        digits: The most significant digits.
    """
    return f"{shortest(float(value)):.{digits}g}"


def told_apart(names: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What each thing is called where several may read alike: its text, with its id behind it where another has the same.

    Args:
        names: Id and text of each.

    Returns:
        What to call it, by id.
    """
    alike = Counter(" ".join(text.casefold().split()) for _, text in names)
    return {name: f"{text} ({name})" if alike[" ".join(text.casefold().split())] > 1 else text for name, text in names}
