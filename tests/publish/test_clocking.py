"""A repository that answers with something else than an answer: one line, and in time."""

from __future__ import annotations

import re
import time

import pytest
from invenio_server import TOKEN
from raw_server import continuing, dripping, raw, stranger, trickling

from reprobundle.errors import UnavailableError
from reprobundle.publish.bounding import Limits
from reprobundle.publish.invenio.servers import Server
from reprobundle.publish.invenio.speaking import Line

OK = b"HTTP/1.1 200 OK\r\n"
SLOW = r"comes too slowly: \d+ bytes in \d s"


def asked(url):
    """Ask such a server something, with little patience."""
    with pytest.raises(UnavailableError) as caught:
        Line(Server(url, TOKEN), silence=0.3, rate=10**6).ask("nothing can be read", "GET", "/api/records/1")
    return str(caught.value).partition(": nothing can be read: ")[2]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (dripping(), f"its answer {SLOW}"),
        (continuing, r"expected an answer, found \d+ bytes that only announce one"),
        (trickling, f"its answer {SLOW}"),
    ],
    ids=["dripping", "continuing", "trickling"],
)
def test_an_answer_that_never_ends(reply, said):
    """Bytes that trickle keep nobody for ever, nor do answers that are only announced."""
    begun = time.monotonic()
    with raw(reply, again=True) as server:
        told = asked(server.url)

    assert re.fullmatch(said, told)
    assert time.monotonic() - begun < 5
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}", "the connection failed: ValueError: "),
        (OK + b"Content-Length: -5\r\n\r\n{", "expected an answer in JSON, found 'nothing'"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}", "the connection failed: IncompleteRead: "),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n", "it redirects to what is no address: Invalid IPv6 URL"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:99999/\r\n\r\n",
         "it redirects to '127.0.0.1', and that is not followed"),
        (b"\x00\xff" * 100, "the connection failed: BadStatusLine: "),
    ],
    ids=["chunk", "length", "huge", "bracket", "port", "noise"],
)  # fmt: skip
def test_an_answer_that_is_none(reply, said):
    """Lengths below nothing, addresses that are none, noise: one line that says so."""
    with raw(lambda connection: connection.sendall(reply)) as server:
        told = asked(server.url)

    assert told.startswith(said)


def test_a_redirect_elsewhere_is_told_no_token():
    """The token is for the host and port that were named; a question is not sent on at all."""
    with stranger() as foreign:
        reply = f"HTTP/1.1 302 Found\r\nLocation: {foreign.url}/x\r\nContent-Length: 0\r\n\r\n".encode()
        with raw(lambda connection: connection.sendall(reply)) as server:
            asked(server.url)
            content = b"".join(Line(Server(server.url, TOKEN)).fetch("it cannot be read", "/x", 2))

    assert foreign.seen == [("GET", "/x", None)]
    assert content == b"{}"


def test_a_file_has_the_time_that_its_size_needs():
    """A long answer may take long: a second more for each so many bytes."""
    limits = Limits(silence=300.0, rate=4096)

    assert limits.granted(0) == 300.0
    assert limits.granted(4096 * 3600) == 3900.0
