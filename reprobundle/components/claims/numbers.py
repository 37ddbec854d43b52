"""A claimed number beside a computed one: do they agree, as the number is printed?"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from reprobundle.components.claims.section import Claim
from reprobundle.phrases import counted, printed, shortest

PRINTED = 6  # significant digits: a number with more was not rounded by hand
LOOSE = 0.1  # of the claimed number
RELATIVE = 1e-5  # of the claimed number, for one that was not


def rule_of(claim: Claim) -> str:
    """In words, how a computed value is compared with the claimed one."""
    if claim.tolerance is not None:
        return f"within {printed(claim.tolerance)}"
    decimals = decimals_of(claim)
    if decimals is None:
        return f"within {RELATIVE:g} of it"
    return f"to {counted(decimals, 'decimal')}" if decimals else "to a whole number"


def agrees(claim: Claim, got: float) -> bool:
    """Whether a computed value is the claimed one, within its tolerance or to its decimals.

    A value halfway between two printed ones agrees with both: people round in either way. All is computed exactly, with
    the numbers as they are printed.
    """
    return math.isfinite(got) and _apart(claim.value, got) <= _reach(claim, claim.value)


def group_agrees(claim: Claim, claimed: float, got: float) -> bool:
    """Whether the number of one of a claim's groups agrees, by the rule of the whole claim: its tolerance or decimals.

    Args:
        claim: The claim.
        claimed: What it says of the group.
        got: What was computed of it.
    """
    larger = max(abs(claimed), abs(claim.value))
    return math.isfinite(got) and _apart(claimed, got) <= _reach(claim, larger)


def _apart(one: float, other: float) -> Fraction:
    """How far two numbers lie apart, as they are or as they are printed: a person may have rounded either form of a float32."""
    return min(abs(Fraction(repr(one)) - Fraction(repr(other))), abs(_exact(one) - _exact(other)))


def _exact(number: float) -> Fraction:
    """A number as it is printed, as a ratio."""
    return Fraction(repr(shortest(number)))


def _reach(claim: Claim, size: float) -> Fraction:
    """How far two numbers may lie apart: `size` counts only where nothing else says how exactly a claim is meant."""
    if claim.tolerance is not None:
        return _exact(claim.tolerance)
    decimals = decimals_of(claim)
    if decimals is None:
        return Fraction(repr(RELATIVE)) * abs(_exact(size))
    return Fraction(1, 2 * 10**decimals)


def is_loose(claim: Claim) -> bool:
    """Whether a claim lets so much pass that nearly any number would agree."""
    decimals = decimals_of(claim)
    width = claim.tolerance if claim.tolerance is not None else None if decimals is None else 0.5 / 10**decimals
    return width is not None and width >= LOOSE * abs(claim.value)


def decimals_of(claim: Claim) -> int | None:
    """Digits after the point that count; those the number has, where it is short enough to have been rounded."""
    if claim.decimals is not None:
        return claim.decimals
    _, digits, exponent = Decimal(repr(shortest(claim.value))).normalize().as_tuple()
    assert isinstance(exponent, int)  # a claimed number is finite
    return max(-exponent, 0) if exponent >= 0 or len(digits) <= PRINTED else None
