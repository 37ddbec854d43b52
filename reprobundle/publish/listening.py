"""The Hub's library at work: its log becomes progress, its bars show only to who watches, and it does not wait for ever."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.publish.bounding import SILENCE
from reprobundle.publish.patience import PassingError

LIBRARY = "huggingface_hub"
LONGEST_IN_ALL = 2  # silences: the library tries six times
CUT = "UNEXPECTED_EOF_WHILE_READING"
NO_HTTPS = (
    "is the Hub that of HF_ENDPOINT, and its certificate one that this machine trusts? SSL_CERT_FILE names others"
)
_NO_HTTPS = re.compile(r"\[SSL: ([A-Z0-9_]+)\]")
_PAUSE = re.compile(r"(Waiting|Retrying in) ([0-9.]+)s")


class _Listener(logging.Handler):
    """Tells pauses of the library; its other lines hold signed addresses and a server's words, and go nowhere."""

    def __init__(self, say: Callable[[str], None], longest: float, silence: float) -> None:
        super().__init__()
        self._say, self._longest, self._silence, self._begun = say, longest, silence, time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Say why nothing seems to happen.

        Raises:
            PassingError: The server asks for more patience than there is.
            UnavailableError: There is no https, or the library has tried for long enough.
        """
        words = record.getMessage()
        fault = _NO_HTTPS.search(words)
        if fault is not None and fault[1] != CUT:
            raise UnavailableError(f"the Hub does not speak https as this machine does: {fault[1]}", hint=NO_HTTPS)
        found = _PAUSE.search(words)
        if found is None:
            return
        waited = time.monotonic() - self._begun
        if waited > LONGEST_IN_ALL * self._silence:
            message = f"the Hub did not answer, asked again and again for {waited:.0f} s"
            raise UnavailableError(message, hint="try again later")
        seconds = float(found[2])
        if seconds > self._longest + 1:  # the library adds a second
            hint = "try again then; what came through is recognised"
            raise PassingError(f"the Hub asks to wait {seconds:g} s", hint=hint, wait=seconds)
        asked = "the Hub asks to wait" if found[1] == "Waiting" else "the Hub did not answer, trying again in"
        self._say(f"{asked} {seconds:g} s")


@contextmanager
def library(say: Callable[[str], None], *, bars: bool, longest: float, silence: float = SILENCE) -> Iterator[None]:
    """Let the library work under this program's manners, and put back what it found.

    Args:
        say: Is told when the library waits.
        bars: Whether the library's own bars are shown.
        longest: Seconds at most that a server may ask to wait.
        silence: Seconds without a byte after which a connection is given up.
    """
    logger = logging.getLogger(LIBRARY)
    before = logger.handlers[:]
    logger.handlers[:] = [_Listener(say, longest, silence)]
    try:
        with _bars(shown=bars):
            yield
    finally:
        logger.handlers[:] = before


@contextmanager
def _bars(*, shown: bool) -> Iterator[None]:
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if shown or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()


def counting(path: str, size: int, ended: threading.Event) -> type[Any]:
    """A bar for one download that ends it as soon as more comes than was announced, before that reaches the disk.

    Args:
        path: The file, for the message.
        size: Bytes that were announced.
        ended: Set when nobody waits for it any more, as after Ctrl-C.
    """
    from huggingface_hub.utils.tqdm import tqdm

    class Counting(tqdm):
        """Counts bytes."""

        came = 0

        def update(self, n: float | None = 1) -> bool | None:
            """Count further bytes; the library tells fewer when it begins anew."""
            self.came += int(n or 0)
            if ended.is_set():
                raise UnavailableError(f"{path}: the download was ended")
            if self.came > size:
                raise RefusedInputError(f"{path}: more than the {size} bytes come that were announced")
            shown: bool | None = super().update(n)
            return shown

    return Counting
