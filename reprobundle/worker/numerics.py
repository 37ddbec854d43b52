"""What changes numbers besides code and weights: read as facts, and put back where a setting can be put back.

`facts` reads the process it is called in and imports nothing heavy: torch and numpy are asked only when they are
loaded already. `apply` sets what `settings` picked out of the facts of another process. Standard library only; used by
the program and by the worker alike. The tables of facts stand beside this, a file for whom they are asked of.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, Dict, List, Mapping

VARIABLES = "variables"


def _beside(name: str) -> Any:
    """A module of this folder; alone as the worker it has no package, and its modules one beginning of their names."""
    return importlib.import_module(__name__.replace("numerics", name))


TOLD_WHERE_LOADED = (
    "compile.",
    "distributed.",
    "threadpool.",
    *(name + "." for name in sorted(_beside("libraries").NAMES.values())),
)
"""Beginnings of facts that a process tells only where it has loaded what they are of: absence is no difference."""


def facts() -> Dict[str, Any]:
    """Every fact of this process that changes numbers, by dotted name, as plain JSON with finite numbers.

    What cannot be read is absent. ``variables`` holds the environment variables that a replay may set, by name.
    """
    found = _beside("readings").readings(_beside("machine").FACTS, None)
    found[VARIABLES] = _beside("variables").settable(os.environ)
    found.update(_beside("variables").of_the_job())
    found.update(_beside("libraries").facts())
    if "torch" in sys.modules:
        found.update(_beside("torch_facts").facts(sys.modules["torch"]))
        found.update(_beside("torch_settings").facts(sys.modules["torch"]))
    return dict(sorted(found.items()))


def settings(found: Mapping[str, Any]) -> Dict[str, Any]:
    """The part of the facts that `apply` can set."""
    names = [*_beside("torch_settings").SETTINGS, *_beside("libraries").SETTINGS]
    return {name: found[name] for name in names if name in found}


def now() -> Dict[str, Any]:
    """How everything that `apply` can set is set in this process, of the libraries that are loaded."""
    found: Dict[str, Any] = _beside("libraries").settings()
    if "torch" in sys.modules:
        found.update(_beside("torch_settings").facts(sys.modules["torch"]))
    return found


def apply(wanted: Mapping[str, Any]) -> List[str]:
    """Set this process's torch and numpy the way they were recorded, before the model runs.

    Args:
        wanted: What `settings` gave, read back from a document.

    Returns:
        One line for each setting that could not be set, with what was wanted and what is now.
    """
    lines: List[str] = _beside("libraries").apply(wanted)
    if "torch" in sys.modules:
        return lines + list(_beside("torch_settings").apply(sys.modules["torch"], wanted))
    if any(name in wanted for name in _beside("torch_settings").SETTINGS):
        lines.append("numeric settings were not applied: torch is not loaded")
    return lines


def environment(found: Mapping[str, Any], own: Mapping[str, str]) -> Dict[str, str]:
    """Environment variables to start a process with, so that it computes as the recorded one did.

    Args:
        found: The recorded facts.
        own: The reviewer's environment, whose values win; only allow-listed names are taken from it. Where one of them
            decides on a number of threads that is not the recorded one, no other recorded number of threads is set.
    """
    recorded, mine = found.get(VARIABLES), own_variables(own)
    before = dict(recorded) if isinstance(recorded, Mapping) else {}
    counts = _beside("variables").THREAD_COUNTS
    if any(name in mine and mine[name] != before.get(name) for name in counts):
        before = {name: value for name, value in before.items() if name not in counts}
    both = {**before, **mine}
    safe: Dict[str, str] = _beside("variables").settable(both)
    return safe


def own_variables(own: Mapping[str, str]) -> Dict[str, str]:
    """The variables of an environment that a replay may set, where their values are safe."""
    safe: Dict[str, str] = _beside("variables").settable(own)
    return safe
