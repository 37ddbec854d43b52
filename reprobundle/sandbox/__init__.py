"""The only way bundle code runs: `Sandbox.run` with an allow-list of what it may read and write.

Two kinds stand behind it. ``bwrap`` (bubblewrap): no network unless asked, no home, an environment built from nothing,
everything not listed invisible; memory, processes, files, output and time bounded. ``none``: the same call without
walls, for the user's own code. Paths are the same inside and outside, so a caller need not know which kind it has.

``choosing`` finds a kind that works here, ``walls`` says what can be seen, ``syscalls`` what the kernel is not asked,
``limits`` how much can be used, ``watching`` stops what uses more all the same, and ``running`` joins them.
"""

from __future__ import annotations

from reprobundle.sandbox.choosing import Preference, bwrap_failure, choose
from reprobundle.sandbox.hints import HOW_TO_GET_ONE
from reprobundle.sandbox.limits import Limits, usual
from reprobundle.sandbox.running import Kind, Sandbox
from reprobundle.sandbox.walls import BASE_ENVIRONMENT, devices, is_too_wide

__all__ = [
    "BASE_ENVIRONMENT",
    "HOW_TO_GET_ONE",
    "Kind",
    "Limits",
    "Preference",
    "Sandbox",
    "bwrap_failure",
    "choose",
    "devices",
    "is_too_wide",
    "usual",
]
