"""Which line of the bundle's own source something happened in; paths are relative to the bundle, whatever machine it is."""

from __future__ import annotations

import linecache
import os
import types
from typing import Any, Dict, Optional, Sequence

LONGEST_TEXT = 200
LIBRARY = os.path.join(os.path.dirname(os.path.abspath(os.__file__)), "")
Line = Dict[str, Any]


class Source:
    """The bundle's import roots, so that a frame can be told to be one of its own.

    A line is ``file`` (relative to the bundle, POSIX), ``line`` (from 1), ``function`` and the ``text`` of the line.
    """

    def __init__(self, bundle: str, roots: Sequence[str]) -> None:
        """Know the bundle's folder and the import roots in it, spelled as they stand on ``sys.path``."""
        self._bundle = os.path.abspath(bundle)
        self._roots = tuple(os.path.join(os.path.abspath(root), "") for root in roots)

    def holds(self, file: str) -> bool:
        """Whether a file is one of the bundle's source."""
        return file.startswith(self._roots)

    def failing(self, error: BaseException) -> Optional[Line]:
        """The innermost line of the bundle's source that an exception came through; None where it saw none of it."""
        if isinstance(error, SyntaxError) and error.filename and self.holds(error.filename):
            return self._line(error.filename, error.lineno or 1, "<module>")
        found = None
        trace = error.__traceback__
        while trace is not None:
            if self.holds(trace.tb_frame.f_code.co_filename):
                found = self._line(trace.tb_frame.f_code.co_filename, trace.tb_lineno, trace.tb_frame.f_code.co_name)
            trace = trace.tb_next
        return found

    def calling(self, frame: Optional[types.FrameType]) -> Optional[Line]:
        """The line that a frame and those that called it stand in; None where an import lies between.

        What a library does while it is imported is its own business, not that of the line that imports it.
        """
        while frame is not None:
            file = frame.f_code.co_filename
            if self.holds(file):
                return self._line(file, frame.f_lineno, frame.f_code.co_name)
            if file.startswith("<frozen importlib"):
                return None
            frame = frame.f_back
        return None

    def asks_itself(self, frame: Optional[types.FrameType]) -> bool:
        """Whether nothing but the standard library stands between a frame and the bundle's line that led to it."""
        while frame is not None and not self.holds(frame.f_code.co_filename):
            if not _is_standard(frame.f_code.co_filename):
                return False
            frame = frame.f_back
        return frame is not None

    def told(self, message: str) -> str:
        """A message in which files of the bundle go by their path in it."""
        return message.replace(os.path.join(self._bundle, ""), "")

    def _line(self, file: str, number: int, function: str) -> Line:
        text = linecache.getline(file, number).strip()[:LONGEST_TEXT]
        path = os.path.relpath(file, self._bundle).replace(os.sep, "/")
        return {"file": path, "line": number, "function": function, "text": text}


def _is_standard(file: str) -> bool:
    packages = ("site-packages", "dist-packages")
    return file.startswith((LIBRARY, "<frozen ")) and not any(name in file for name in packages)
