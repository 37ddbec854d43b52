"""Names as the Hub has them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


def on_hub(names: Sequence[str]) -> list[str]:
    """Those that can be names on the Hub; it refuses a card with others."""
    return list(dict.fromkeys(name for name in names if _HUB_NAME.fullmatch(name)))


def slug(text: str | None) -> str:
    """A text as an identifier; ``unknown`` without one."""
    return _NOT_A_WORD.sub("-", (text or "").lower()).strip("-") or "unknown"
