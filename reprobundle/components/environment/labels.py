"""Local labels of versions that name a known build, and the public index that offers it."""

from __future__ import annotations

import re

PYTORCH = "https://download.pytorch.org/whl"

_LABEL = re.compile(r"cpu|xpu|cu[0-9]{2,3}|rocm[0-9]{1,2}(?:\.[0-9]{1,2}){1,2}")


def hint_of(version: str) -> str | None:
    """Which index offers a build with this local label, such as ``pytorch/cu128``; None where the label is not known."""
    label = version.partition("+")[2]
    return f"pytorch/{label}" if _LABEL.fullmatch(label) else None


def address_of(hint: str) -> str:
    """The address of the index that a hint names.

    Raises:
        ValueError: It is no hint of the known form.
    """
    publisher, _, label = hint.partition("/")
    if publisher != "pytorch" or not _LABEL.fullmatch(label):
        raise ValueError(f"{hint!r} is no known hint to an index")
    return f"{PYTORCH}/{label}"
