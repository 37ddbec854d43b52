"""How a callback speaks at the end of hours of training: so that it is read, and so that nothing ends through it."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings


class CaptureFailedWarning(UserWarning):
    """Training is complete and untouched, but no bundle was made of it, or a part of the bundle is missing."""


def call_from(checkpoint: str | os.PathLike[str], path: str, further: str) -> str:
    """How to capture by hand from what a trainer saved.

    Args:
        checkpoint: The saved file or folder.
        path: The bundle to make.
        further: The other arguments, as they are written.
    """
    return f"from what was saved: reprobundle.capture({path!r}, model={os.fspath(checkpoint)!r}, {further})"


def warn(message: str) -> None:
    """Warn so that it is seen: also where warnings are ignored, and where they are errors without ending the training."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", CaptureFailedWarning)
        warnings.warn(message, CaptureFailedWarning, stacklevel=3)
        if getattr(warnings.showwarning, "__module__", "") == logging.__name__:  # they go to a log, be there one or not
            say(message)


def say(message: str) -> None:
    """Tell a person something on standard error."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or None in a program without a console
        sys.stderr.write(f"reprobundle: {message}\n")
