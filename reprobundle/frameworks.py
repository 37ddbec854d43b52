"""Which of the worker's loaders knows a model: the one table of frameworks, asked at capture.

A new framework is one file ``worker/for_x.py`` and one name here.
"""

from __future__ import annotations

import importlib
from typing import Any

LOADERS = ("for_transformers", "for_torch", "for_callable")  # the first that knows it


def loader_of(model: Any) -> str | None:
    """The name of the worker's file that loads such a model; None where none does.

    Nothing is imported to find out: a model of a framework exists only where that framework is loaded.
    """
    return next((name for name in LOADERS if module_of(name).recognises(model)), None)


def module_of(loader: str) -> Any:
    """The loader as a module of this process."""
    return importlib.import_module(f"reprobundle.worker.{loader}")
