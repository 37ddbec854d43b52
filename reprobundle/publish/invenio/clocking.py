"""An answer against the clock: whoever trickles bytes, or promises an answer again and again, is given up.

`http.client` knows one limit, the time between two bytes. Here the time for all of them is limited as well, by the limits
of `bounding`, and how much may come before the answer itself.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from reprobundle.errors import UnavailableError
from reprobundle.publish.bounding import AGAIN, Limits

MAX_HEAD = 2**20  # bytes before the body; `http.client` takes 100 headers of 64 KiB, honest ones have less than 8 KiB


@dataclass(eq=False)
class Clock:
    """How long an answer takes, and how much of it came.

    Attributes:
        limits: What is granted.
        what: Who answers, and what cannot be done then, for the message.
        began: When it was asked.
        came: Bytes.
        is_head: Whether the answer itself has not begun.
    """

    limits: Limits
    what: str
    began: float = field(default_factory=time.monotonic)
    came: int = 0
    is_head: bool = True

    def left(self) -> float:
        """Seconds until the next byte must be there.

        Raises:
            UnavailableError: The time is over, or too much came before the answer.
        """
        seconds = time.monotonic() - self.began
        left = self.limits.granted(self.came) - seconds
        if self.is_head and self.came > MAX_HEAD:
            message = f"{self.what}: expected an answer, found {self.came} bytes that only announce one"
            raise UnavailableError(message, hint=AGAIN)
        if left <= 0:
            message = f"{self.what}: its answer comes too slowly: {self.came} bytes in {seconds:.0f} s"
            raise UnavailableError(message, hint=AGAIN)
        return min(left, self.limits.silence)


class _Clocked(io.RawIOBase):
    """What comes from a socket, against the clock."""

    def __init__(self, connection: socket.socket, clock: Clock) -> None:
        self._connection, self._clock = connection, clock
        self._inner: io.RawIOBase = connection.makefile("rb", buffering=0)  # keeps the socket open until it is closed

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Read what is there, or wait for it no longer than is granted."""
        self._connection.settimeout(self._clock.left())
        try:
            count: int | None = self._inner.readinto(buffer)
        except TimeoutError:
            if self._clock.came:
                self._clock.left()  # the time for all of it is over
            raise
        self._clock.came += count or 0
        return count

    def close(self) -> None:
        """Let the socket go."""
        self._inner.close()
        super().close()


@dataclass(frozen=True)
class _Source:
    """A socket, as far as an answer needs one."""

    connection: socket.socket
    clock: Clock

    def makefile(self, _mode: str = "rb", *_: object) -> io.BufferedReader:
        """Its bytes."""
        return io.BufferedReader(_Clocked(self.connection, self.clock))


def answered(connection: http.client.HTTPConnection, clock: Clock) -> http.client.HTTPResponse:
    """The answer to what was sent; its bytes come against the clock.

    Args:
        connection: Over which something was sent.
        clock: Starts now.

    Raises:
        UnavailableError: It does not begin in time.
    """

    def made(sock: Any, *given: Any, **named: Any) -> http.client.HTTPResponse:
        source: Any = _Source(sock, clock)
        return http.client.HTTPResponse(source, *given, **named)

    factory: Callable[..., http.client.HTTPResponse] = made
    connection.response_class = factory  # type: ignore[assignment]  # whatever makes an answer of a socket
    answer = connection.getresponse()
    clock.is_head = False
    return answer
