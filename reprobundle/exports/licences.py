"""A licence expression taken apart, for those who know single licences only."""

from __future__ import annotations


def choices(expression: str | None) -> tuple[str, ...]:
    """The licences that one may choose from, each by its SPDX name; a longer expression as the one it is.

    Args:
        expression: An SPDX expression, as the card has it.
    """
    if expression is None:
        return ()
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        canonical = str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        return (expression,)
    parts = canonical.split(" OR ")
    simple = not any(" " in part or "(" in part for part in parts)
    return tuple(dict.fromkeys(parts)) if simple else (canonical,)
