"""A server on the loopback that says whatever a test wants, an answer or not, and servers of somebody else."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass
class Raw:
    """Where it listens, what it was asked, and whether it still speaks."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def raw(reply: Callable[[socket.socket], None], *, again: bool = False) -> Iterator[Raw]:
    """A server that answers each request by a function of its connection, once or until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        server = Raw(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def one(connection: socket.socket) -> None:
            with connection:
                try:
                    server.requests.append(connection.recv(65536))
                    reply(connection)
                    while again and not server.ended.is_set():
                        reply(connection)
                except OSError:
                    return

        def loop() -> None:
            while not server.ended.is_set():
                try:
                    connection = listener.accept()[0]
                except OSError:
                    continue
                threading.Thread(target=one, args=(connection,), daemon=True).start()

        waiting = threading.Thread(target=loop, daemon=True)
        waiting.start()
        try:
            yield server
        finally:
            server.ended.set()
            waiting.join()


def dripping() -> Callable[[socket.socket], None]:
    """An answer of which a byte comes every now and then."""
    head = [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"]

    def reply(connection: socket.socket) -> None:
        connection.sendall(head.pop() if head else b" ")
        time.sleep(0.03)

    return reply


def continuing(connection: socket.socket) -> None:
    """An answer is announced, and announced, and announced."""
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
    time.sleep(0.001)


def trickling(connection: socket.socket) -> None:
    """The same, slowly."""
    connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    time.sleep(0.03)


class Stranger(HTTPServer):
    """A server of somebody else: what it was asked, with which token, and the document that it always answers."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.seen: list[tuple[str, str, str | None]] = []
        self.answer: Any = {}


class _Handler(BaseHTTPRequestHandler):
    server: Stranger

    def _serve(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append((self.command, self.path.partition("?")[0], self.headers.get("Authorization")))
        content = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = _serve  # noqa: N815  the library's names

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def stranger() -> Iterator[Stranger]:
    """Such a server for the time of a block."""
    with Stranger() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
