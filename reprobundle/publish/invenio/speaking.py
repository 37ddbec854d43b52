"""Requests to one repository over HTTP: the token goes to its host alone, files go and come in pieces.

Only this module opens connections. Nothing is believed of an answer but its status until `answers` has read it, no
answer is read beyond a few MB, and no redirect is followed but those of a reading request: to the same host, or, for the
bytes of a file, elsewhere without the token.
"""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.publish.bounding import ANSWER, RATE, SILENCE, Limits
from reprobundle.publish.invenio.clocking import Clock, answered
from reprobundle.publish.invenio.refusing import SENDING, Hints, connection_failed, refused
from reprobundle.publish.invenio.servers import Server, address, is_here
from reprobundle.version import version

NATIVE = (
    "application/vnd.inveniordm.v1+json, application/json;q=0.9"  # Zenodo's plain JSON is that of its older interface
)
MAX_ANSWER = 8 * 2**20
NOT_TRUSTED = "is this the server that is meant? a certificate authority of your own is named by SSL_CERT_FILE"
NO_HTTPS = "is the port that of https? a server of this very machine can be named with http"
REDIRECTS = 3
PIECE = 2**20
MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True)
class Line:
    """A repository that can be asked.

    Attributes:
        server: Which.
        silence: Seconds without a byte after which a connection is given up; in these an answer has to be there. A
            plain question has `ANSWER` at most.
        rate: Bytes a second that a longer answer has to bring, once they are over.
        hints: The ways out of what goes wrong.
    """

    server: Server
    silence: float = SILENCE
    rate: int = RATE
    hints: Hints = SENDING

    def ask(self, work: str, method: str, path: str, body: Any = None) -> Any:
        """Send a document or nothing, and read the answer as JSON; None where it is empty.

        Args:
            work: What could not be done then, for the message.
            method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
            path: Below the server's address.
            body: Plain values.

        Raises:
            UnavailableError: It refuses, does not answer, or answers with something else.
        """
        headers = {"Accept": NATIVE}
        content = None
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        url, silence = self.server.url + path, min(self.silence, ANSWER) if method == "GET" else self.silence
        for _ in range(REDIRECTS + 1):
            with self._answer(work, method, url, headers, content, silence) as answer:
                if answer.status not in MOVED:
                    return self._document(work, answer)
                url = self._next(work, url, answer, elsewhere=False, method=method)
        raise UnavailableError(f"{self.server.host}: {work}: it redirects again and again")

    def send(self, work: str, path: str, pieces: Iterable[bytes], size: int) -> Any:
        """Send the bytes of a file, which are never held whole; gives the answer as JSON.

        Raises:
            UnavailableError: As for `ask`.
        """
        headers = {"Accept": NATIVE, "Content-Type": "application/octet-stream", "Content-Length": str(size)}
        with self._answer(work, "PUT", self.server.url + path, headers, pieces) as answer:
            if answer.status in MOVED:
                self._next(work, path, answer, elsewhere=False, method="PUT")
            return self._document(work, answer)

    def fetch(self, work: str, path: str, size: int) -> Iterator[bytes]:
        """The bytes of a file in pieces: exactly so many, or an error.

        Raises:
            UnavailableError: As for `ask`, or fewer came.
            RefusedInputError: More came than were announced.
        """
        url = self.server.url + path
        for _ in range(REDIRECTS + 1):
            with self._answer(work, "GET", url, {"Accept": "*/*"}, None) as answer:
                if answer.status in MOVED:
                    url = self._next(work, url, answer, elsewhere=True, method="GET")
                    continue
                self._refuse(work, answer)
                yield from self._pieces(work, answer, size)
                return
        raise UnavailableError(f"{self.server.host}: {work}: it redirects again and again")

    def _pieces(self, work: str, answer: http.client.HTTPResponse, size: int) -> Iterator[bytes]:
        came = 0
        while True:
            with self._telling(work):
                piece = answer.read(PIECE)
            if not piece:
                break
            came += len(piece)
            if came > size:
                raise RefusedInputError(f"{self.server.host}: {work}: more than {size} bytes come, as were announced")
            yield piece
        if came < size:
            raise connection_failed(self.server, work, f"{came} of {size} bytes came", self.hints)

    @contextmanager
    def _answer(
        self,
        work: str,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | Iterable[bytes] | None,
        silence: float | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        parts = urlsplit(url)
        sent = {"User-Agent": f"reprobundle/{version()}", **headers}
        if self.server.token is not None and _origin(url) == self.server.url:
            sent["Authorization"] = f"Bearer {self.server.token}"
        with self._telling(work):
            connection = _connection(url, silence or self.silence)
        with closing(connection):
            with self._telling(work):
                target = parts.path + (f"?{parts.query}" if parts.query else "")
                try:
                    connection.request(method, target, body=body, headers=sent)
                except (BrokenPipeError, ConnectionResetError):  # it may have answered before everything was sent
                    answer = self._begun(work, connection, silence)
                    if answer.status < HTTPStatus.BAD_REQUEST:
                        raise
                else:
                    answer = self._begun(work, connection, silence)
            with closing(answer):
                yield answer

    def _begun(
        self, work: str, connection: http.client.HTTPConnection, silence: float | None
    ) -> http.client.HTTPResponse:
        """The answer, once it has begun; it ends in time, or is given up."""
        limits = Limits(silence=silence or self.silence, rate=self.rate)
        return answered(connection, Clock(limits, f"{self.server.host}: {work}"))

    def _document(self, work: str, answer: http.client.HTTPResponse) -> Any:
        """An answer as plain values.

        Raises:
            UnavailableError: It is a refusal, no JSON, or longer than any honest one.
        """
        self._refuse(work, answer)
        with self._telling(work):
            content = answer.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            raise UnavailableError(f"{self.server.host}: {work}: its answer is larger than {MAX_ANSWER} bytes")
        if not content.strip():
            return None
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            kind = (answer.getheader("Content-Type") or "nothing")[:80]
            message = f"{self.server.host}: {work}: expected an answer in JSON, found {kind!r}"
            raise UnavailableError(message, hint="is this an InvenioRDM server?") from None

    def _refuse(self, work: str, answer: http.client.HTTPResponse) -> None:
        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            with self._telling(work):
                content = answer.read(MAX_ANSWER)
            raise refused(self.server, work, answer.status, answer.getheader("Retry-After"), content, self.hints)

    def _next(self, work: str, url: str, answer: http.client.HTTPResponse, *, elsewhere: bool, method: str) -> str:
        """Where a redirect leads.

        Raises:
            UnavailableError: There is none, or it is not followed.
        """
        try:
            target = urljoin(url, answer.getheader("Location") or "")
            parts = urlsplit(target)
        except ValueError as error:  # such as a bracket that does not close
            message = f"{self.server.host}: {work}: it redirects to what is no address: {error}"
            raise UnavailableError(message) from error
        same = _origin(target) == self.server.url
        safe = parts.scheme == "https" or (is_here(parts.hostname or "") and self.server.url.startswith("http:"))
        if method == "GET" and (same or (elsewhere and safe)):
            return target
        where = parts.hostname or "nowhere"
        message = f"{self.server.host}: {work}: it redirects to {where!r}, and that is not followed"
        raise UnavailableError(message, hint="the token is for the host that was named: name another with --server")

    @contextmanager
    def _telling(self, work: str) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            message = f"{self.server.host}: {work}: its certificate is not trusted: {error.verify_message}"
            raise UnavailableError(message, hint=NOT_TRUSTED) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:  # the connection was cut
            raise connection_failed(self.server, work, f"{type(error).__name__}: {error}", self.hints) from error
        except ssl.SSLError as error:
            why = f"does not speak https as this machine does: {error.reason or type(error).__name__}"
            raise UnavailableError(f"{self.server.host}: {work}: {why}", hint=NO_HTTPS) from error
        except (OSError, http.client.HTTPException, ValueError) as error:  # the last: a length below nothing
            raise connection_failed(self.server, work, f"{type(error).__name__}: {error}", self.hints) from error


def _connection(url: str, silence: float) -> http.client.HTTPConnection:
    """A connection, through the proxy that this person's settings name."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=silence)
    context = ssl.create_default_context()
    proxy = urlsplit(getproxies().get("https", ""))
    if not proxy.hostname or proxy_bypass(host):
        return http.client.HTTPSConnection(host, port, timeout=silence, context=context)
    connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=silence, context=context)
    connection.set_tunnel(host, port, headers=_sign_in(proxy.username, proxy.password))
    return connection


def _sign_in(name: str | None, password: str | None) -> dict[str, str]:
    if name is None:
        return {}
    import base64

    given = f"{unquote(name)}:{unquote(password or '')}".encode()
    return {"Proxy-Authorization": f"Basic {base64.b64encode(given).decode()}"}


def _origin(url: str) -> str | None:
    """Scheme, host and port of an address; None where it is none that a token is for."""
    try:
        parts = urlsplit(url)
        return address(f"{parts.scheme}://{parts.netloc}")
    except (UsageError, ValueError):
        return None
