"""Licence expressions of SPDX: are they valid, are they current, and between what do they let a reader choose?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product

Choice = frozenset[str]
MOST_CHOICES = 64

DEPRECATED: Mapping[str, str] = {  # what SPDX replaced, by https://spdx.org/licenses (list 3.27), and by what
    **{f"{name}-{version}": f"{name}-{version}-only" for name, version in (
        ("AGPL", "1.0"), ("AGPL", "3.0"), ("GFDL", "1.1"), ("GFDL", "1.2"), ("GFDL", "1.3"), ("GPL", "1.0"), ("GPL", "2.0"),
        ("GPL", "3.0"), ("LGPL", "2.0"), ("LGPL", "2.1"), ("LGPL", "3.0"),
    )},
    **{f"{name}+": f"{name}-or-later" for name in ("GPL-1.0", "GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0")},
    "GPL-2.0-with-GCC-exception": "GPL-2.0-or-later WITH GCC-exception-2.0",
    "GPL-2.0-with-autoconf-exception": "GPL-2.0-or-later WITH Autoconf-exception-2.0",
    "GPL-2.0-with-bison-exception": "GPL-2.0-or-later WITH Bison-exception-2.2",
    "GPL-2.0-with-classpath-exception": "GPL-2.0-or-later WITH Classpath-exception-2.0",
    "GPL-2.0-with-font-exception": "GPL-2.0-or-later WITH Font-exception-2.0",
    "GPL-3.0-with-GCC-exception": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "GPL-3.0-with-autoconf-exception": "GPL-3.0-or-later WITH Autoconf-exception-3.0",
    "BSD-2-Clause-FreeBSD": "BSD-2-Clause-Views",
    "BSD-2-Clause-NetBSD": "BSD-2-Clause",
    "Net-SNMP": "the identifiers of its parts, such as BSD-3-Clause AND MIT-CMU",
    "Nunit": "zlib-acknowledgement",
    "StandardML-NJ": "SMLNJ",
    "bzip2-1.0.5": "bzip2-1.0.6",
    "eCos-2.0": "GPL-2.0-or-later WITH eCos-exception-2.0",
    "wxWindows": "LGPL-2.0-or-later WITH WxWindows-exception-3.1",
}  # fmt: skip

_TOKEN = re.compile(r"\(|\)|[^\s()]+")


def canonical(expression: str) -> str | None:
    """The expression as SPDX spells it; None where it is none."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        return None


def deprecated_in(expression: str) -> tuple[tuple[str, str], ...]:
    """The identifiers of a canonical expression that SPDX replaced, each with what by."""
    tokens = dict.fromkeys(_TOKEN.findall(expression))
    return tuple((token, DEPRECATED[token]) for token in tokens if token in DEPRECATED)


def choices(expression: str) -> tuple[Choice, ...]:
    """What a canonical expression lets a reader choose between: each choice all the licences that then hold together.

    An exception stays with its licence, as ``GPL-2.0-only WITH Classpath-exception-2.0``.
    """
    tokens = _TOKEN.findall(expression)
    made = _either(tokens)
    return tuple(dict.fromkeys(made))[:MOST_CHOICES]


def _either(tokens: list[str]) -> list[Choice]:
    made = _both(tokens)
    while tokens and tokens[0].upper() == "OR":
        tokens.pop(0)
        made += _both(tokens)
    return made[:MOST_CHOICES]


def _both(tokens: list[str]) -> list[Choice]:
    made = _one(tokens)
    while tokens and tokens[0].upper() == "AND":
        tokens.pop(0)
        made = [left | right for left, right in product(made, _one(tokens))][:MOST_CHOICES]
    return made


def _one(tokens: list[str]) -> list[Choice]:
    if not tokens:
        return [frozenset()]
    token = tokens.pop(0)
    if token == "(":  # noqa: S105  a bracket
        made = _either(tokens)
        if tokens:
            tokens.pop(0)
        return made
    if len(tokens) > 1 and tokens[0].upper() == "WITH":
        _, exception = tokens.pop(0), tokens.pop(0)
        return [frozenset({f"{token} WITH {exception}"})]
    return [frozenset({token})]
