"""Which reprobundle this is."""

from __future__ import annotations

import importlib.metadata


def version() -> str:
    """This program's version, as installed."""
    return importlib.metadata.version("reprobundle")
