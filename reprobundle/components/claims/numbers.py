"""A claimed number beside a computed one: do they agree, as the number is printed?"""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

from reprobundle.components.claims.section import Claim
from reprobundle.phrases import counted

PRINTED = 6  # significant digits: a number with more was not rounded by hand
LOOSE = 0.1  # of the claimed number
RELATIVE = 1e-5  # of the claimed number, for one that was not


def rule_of(claim: Claim) -> str:
    """In words, how a computed value is compared with the claimed one."""
    if claim.tolerance is not None:
        return f"within {claim.tolerance:.6g}"
    decimals = decimals_of(claim)
    if decimals is None:
        return f"within {RELATIVE:g} of it"
    return f"to {counted(decimals, 'decimal')}" if decimals else "to a whole number"


def agrees(claim: Claim, got: float) -> bool:
    """Whether a computed value is the claimed one, within its tolerance or to its decimals.

    A value halfway between two printed ones agrees with both: people round in either way. All is computed exactly, with
    the numbers as they are printed.
    """
    if not math.isfinite(got):
        return False
    distance = abs(Fraction(repr(got)) - Fraction(repr(claim.value)))
    if claim.tolerance is not None:
        return distance <= Fraction(repr(claim.tolerance))
    decimals = decimals_of(claim)
    if decimals is None:
        return distance <= Fraction(repr(RELATIVE)) * abs(Fraction(repr(claim.value)))
    return distance <= Fraction(1, 2 * 10**decimals)


def is_loose(claim: Claim) -> bool:
    """Whether a claim lets so much pass that nearly any number would agree."""
    decimals = decimals_of(claim)
    width = claim.tolerance if claim.tolerance is not None else None if decimals is None else 0.5 / 10**decimals
    return width is not None and width >= LOOSE * abs(claim.value)


def decimals_of(claim: Claim) -> int | None:
    """Digits after the point that count; those the number has, where it is short enough to have been rounded."""
    if claim.decimals is not None:
        return claim.decimals
    _, digits, exponent = Decimal(repr(claim.value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # a claimed number is finite
    return max(-exponent, 0) if exponent >= 0 or len(digits) <= PRINTED else None
