"""How two sides are told apart: a record and a copy of it, or two bundles."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """How the two sides are told apart.

    Attributes:
        was: The value of the first side, to be filled in.
        gone: What only the first side has.
        come: What only the second has.
    """

    was: str
    gone: str
    come: str


RECORDED = Words("recorded {}", "is missing", "is new")
BESIDE = Words("{} in the first", "is only in the first", "is only in the second")
