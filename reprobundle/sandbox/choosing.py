"""Which kind of sandbox works here, found by running it."""

from __future__ import annotations

import sys
from typing import Literal

from reprobundle.errors import ReproBundleError, UnavailableError
from reprobundle.sandbox import walls
from reprobundle.sandbox.hints import hint_for
from reprobundle.sandbox.running import Sandbox

Preference = Literal["auto", "bwrap", "none"]


def choose(preference: Preference, *, own: bool = False) -> Sandbox:
    """The sandbox to use.

    Args:
        preference: What the person typed. ``none`` only when typed.
        own: Whether the code is this user's own (captured by them, here), which needs no walls.

    Raises:
        UnavailableError: None works here; the hint says how to get one.
    """
    if preference == "none":
        return Sandbox("none")
    failure = bwrap_failure()
    if failure is None:
        return Sandbox("bwrap")
    if preference == "auto" and own:
        return Sandbox("none")
    raise UnavailableError(f"no sandbox works here: {failure}", hint=hint_for(failure, sys.platform))


def bwrap_failure() -> str | None:
    """Why bubblewrap does not work here, found by running it; None when it does."""
    if sys.platform != "linux":
        return f"bubblewrap needs Linux, this is {sys.platform}"
    if walls.find_bwrap() is None:
        return "bubblewrap is not installed"
    try:
        finished = Sandbox("bwrap").run(["/usr/bin/env", "true"], reads=(), writes=(), env={}, timeout=20)
        finished.required("bubblewrap")
    except ReproBundleError as error:
        return str(error)
    return None
