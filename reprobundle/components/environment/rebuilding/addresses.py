"""Addresses as they may be shown and kept: a password can stand before the host or in the query, and is no one's business."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>[^\s'\"`<>|\\^{}]*)")


def without_secrets(text: str) -> str:
    """The text with user, password, query and fragment cut out of every address in it."""
    return _ADDRESS.sub(_shown, text)


def _shown(found: re.Match[str]) -> str:
    place = re.split(r"[?#]", found["rest"], maxsplit=1)[0]
    return found["scheme"] + place.rpartition("@")[2]
