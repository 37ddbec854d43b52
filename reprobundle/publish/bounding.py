"""How much and how long an answer of a Hub may be: bytes, pages, seconds; whoever gives more or slower is given up.

An honest answer is far from each of these limits. They stand against a place that keeps a reader for ever, or fills its
memory: a listing without an end, a page that unpacks to gigabytes, a byte every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from reprobundle.errors import UnavailableError
from reprobundle.store.listing import MAX_FILES

ANSWER = 60.0  # seconds for the answer to a plain question
SILENCE = 300.0  # seconds without a byte; a commit of many files takes long before its answer begins
RATE = 4096  # bytes a second: slower than any line that can bring a model
MAX_ANSWER = 2**25  # bytes; a page of 1,000 files has less than 1 MiB, what is said of a repository of 100,000 files 10
MAX_PAGES = 3 * MAX_FILES // 50  # a Hub gives 1,000 files or folders a page, 50 where it says much of each
UNKNOWN_BYTES = 2**24  # of a body that does not say how long it is: a commit's, of small files
SHOWN = 200
EMPTY = 2  # bytes of an empty list
AGAIN = "try again later, or over another connection"


@dataclass(frozen=True)
class Limits:
    """What is granted to one answer.

    Attributes:
        most: Bytes.
        silence: Seconds without a byte, and in which it begins.
        rate: Bytes a second, once the first `silence` seconds are over.
        pages: Of one listing.
    """

    most: int = MAX_ANSWER
    silence: float = SILENCE
    rate: int = RATE
    pages: int = MAX_PAGES

    def granted(self, size: int) -> float:
        """Seconds for so many bytes."""
        return self.silence + size / self.rate

    def silence_of(self, request: Any) -> None:
        """Give a request the times that it lacks; some of the library's say that they wait for ever."""
        times = request.extensions.get("timeout") or {}
        known = {kind: times.get(kind) for kind in ("connect", "read", "write", "pool")}
        request.extensions["timeout"] = {
            kind: self.silence if seconds is None else seconds for kind, seconds in known.items()
        }


ANSWERS = Limits()


@dataclass(eq=False)
class Watch:
    """Gives a client up whose answers do not begin, whatever comes instead of them: it closes the library's session.

    Attributes:
        limits: After how long.
        late: The hosts that did not answer in time.
        timers: One of each thread that waits.
    """

    limits: Limits
    late: list[str] = field(default_factory=list)
    timers: dict[int, threading.Timer] = field(default_factory=dict)

    def begin(self, request: Any) -> None:
        """A request is about to be sent.

        Raises:
            UnavailableError: An earlier one had no answer in time; the library would try again and again.
        """
        self.came()
        if self.late:
            raise UnavailableError(f"{self.late[0]}: does not begin to answer", hint=AGAIN)
        size = request.headers.get("Content-Length")
        size = 0 if size is None and request.method in ("GET", "HEAD") else size
        seconds = self.limits.granted(UNKNOWN_BYTES if size is None else int(size))
        timer = threading.Timer(seconds + 1, self._give_up, [request.url.host])  # silence itself has a limit below
        timer.daemon = True
        self.timers[threading.get_ident()] = timer
        timer.start()

    def came(self) -> None:
        """The answer to this thread's request has begun, or the request failed and another one is made."""
        timer = self.timers.pop(threading.get_ident(), None)
        if timer is not None:
            timer.cancel()

    def end(self) -> None:
        """Nobody waits any more."""
        while self.timers:
            self.timers.popitem()[1].cancel()

    def _give_up(self, host: str) -> None:
        from huggingface_hub import close_session

        self.late.append(host)
        close_session()


@dataclass(eq=False)
class Pages:
    """A listing, page by page: it has an end, and each page brings something.

    Attributes:
        limits: How many.
        named: The pages that were named so far.
    """

    limits: Limits
    named: set[str] = field(default_factory=set)

    def follow(self, response: Any) -> None:
        """Note the page that an answer names next.

        Raises:
            UnavailableError: It was named before, or there are too many.
        """
        following = response.links.get("next", {}).get("url")
        if following is None:
            return
        if following in self.named:
            raise UnavailableError(f"{response.url.host}: its listing names the same next page twice")
        self.named.add(following)
        if len(self.named) > self.limits.pages:
            raise UnavailableError(f"{response.url.host}: its listing has more than {self.limits.pages} pages")

    def refuse_empty(self, response: Any, size: int) -> None:
        """Make sure that a page which is not the last one brought something."""
        if size <= EMPTY and "next" in response.links:
            raise UnavailableError(f"{response.url.host}: its listing has an empty page, and names a next one")


def bound(response: Any, limits: Limits, pages: Pages) -> None:
    """Let no more of an answer come, and no slower, than is granted; it comes as it is, never to be unpacked.

    Args:
        response: An answer whose body was not read.
        limits: What is granted.
        pages: Of the listing that it may be part of.

    Raises:
        UnavailableError: It is packed: how much it is shows only when it fills the memory.
    """
    if response.request.method == "HEAD":
        return
    packed = response.headers.get("Content-Encoding", "identity").strip().lower()
    host = response.url.host
    if packed not in ("", "identity"):
        raise UnavailableError(f"{host}: sends its answer packed as {packed[:SHOWN]!r}, and was asked not to")
    base = import_module(type(response).__module__.partition(".")[0]).SyncByteStream  # httpx, of whichever name
    inner = response.stream

    class Bounded(base):  # type: ignore[misc,valid-type]  # known when it runs
        """The same bytes, counted."""

        def __iter__(self) -> Iterator[bytes]:
            """Give them on.

            Raises:
                UnavailableError: They are too many, or come too slowly.
            """
            came, began = 0, time.monotonic()
            for piece in inner:
                came += len(piece)
                if came > limits.most:
                    raise UnavailableError(f"{host}: its answer is larger than {limits.most} bytes")
                if time.monotonic() - began > limits.granted(came):
                    seconds = f"{time.monotonic() - began:.0f} s"
                    raise UnavailableError(
                        f"{host}: its answer comes too slowly: {came} bytes in {seconds}", hint=AGAIN
                    )
                yield piece
            pages.refuse_empty(response, came)

        def close(self) -> None:
            """End."""
            inner.close()

    response.stream = Bounded()
