"""Known vulnerabilities, asked of an index on loopback that speaks as OSV documents it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from lint_cards import bundle
from tiny import tiny_manifest

import reprobundle
from reprobundle import cli
from reprobundle.components.environment.section import Distribution, Origin
from reprobundle.errors import UsageError

KNOWN = {("tiny-http", "1.0"): ["PYSEC-2024-1", "GHSA-aaaa-bbbb-cccc"]}


class Index(ThreadingHTTPServer):
    """Answers in the form of OSV's batches; `said` instead, where a test sets it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[object] = []
        self.said: tuple[int, bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Index)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body))
        status, content = self.server.said or (200, _answer(body))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _answer(body: dict) -> bytes:
    results = []
    for query in body["queries"]:
        ids = KNOWN.get((query["package"]["name"], query["version"]), [])
        results.append({"vulns": [{"id": name, "modified": "2024-01-01T00:00:00Z"} for name in ids]} if ids else {})
    return json.dumps({"results": results}).encode()


@pytest.fixture
def index() -> Iterator[Index]:
    """A running index."""
    server = Index()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(tmp_path):
    """A bundle that pins a public distribution with known vulnerabilities, one without, and two that are nobody's business."""

    def one(name, version, kind="index"):
        return Distribution(name=name, version=version, origin=Origin(kind=kind), imported=True)

    given = (
        one("fine", "2.0+cpu"),
        one("own-tool", "1.0", "editable"),
        one("secret-sauce", "3.0", "vcs"),
        one("tiny-http", "1.0"),
    )
    section = tiny_manifest().environment.model_copy(update={"distributions": given})
    return bundle(tmp_path / "b", environment=section)


def found(place, url):
    return [
        (lint.rule, lint.message)
        for lint in reprobundle.lint(place, advisories=url).lints
        if lint.rule.startswith("advisory")
    ]


def test_known_vulnerabilities_are_advice(place, index):
    """A pinned distribution with advisories is named with their ids, as advice."""
    message = "of tiny-http 1.0 2 advisories are known: GHSA-aaaa-bbbb-cccc, PYSEC-2024-1"

    assert found(place, index.url) == [("advisory", message)]


def test_only_what_an_index_offers_is_asked_about(place, index):
    """Names of editable installs and of private repositories never leave the machine, nor do local labels."""
    found(place, index.url)
    ((path, body),) = index.asked

    assert path == "/v1/querybatch"
    assert [(one["package"], one["version"]) for one in body["queries"]] == [
        ({"name": "fine", "ecosystem": "PyPI"}, "2.0"),
        ({"name": "tiny-http", "ecosystem": "PyPI"}, "1.0"),
    ]


def test_nothing_is_asked_unless_wished(place, index):
    """Without the option no network is reached."""
    reprobundle.lint(place)

    assert index.asked == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((503, b""), "the index of advisories does not answer: HTTP Error 503: Service Unavailable"),
        ((200, b"{}"), "the index of advisories did not answer each question"),
        ((200, b'{"results": [{}]}'), "the index of advisories did not answer each question"),
        ((200, b'{"results": [{}, {}], "results": []}'), "the index of advisories: repeats the key 'results'"),
    ],
)
def test_an_index_that_does_not_answer_is_told(place, index, said, why):
    """It is advice that nothing is known, with the reason; the rest of the report stands."""
    index.said = said
    ((rule, message),) = found(place, index.url)

    assert rule == "advisory-unasked"
    assert message.startswith("nothing is known of advisories: ")
    assert why.partition(":")[0] in message


def test_hostile_answers_are_no_text(place, index):
    """Ids that are no ids are dropped: what an index says is not believed to be harmless."""
    index.said = (
        200,
        json.dumps({"results": [{"vulns": [{"id": "\x1b[31m"}, 7, {"id": None}]}, {"vulns": 3}]}).encode(),
    )

    assert found(place, index.url) == []


@pytest.mark.parametrize("address", ["http://example.org", "file:///etc/passwd", "ftp://a"])
def test_only_safe_addresses_are_asked(place, address):
    """An address without encryption, or of no web server, is wrong usage."""
    with pytest.raises(UsageError, match="expected an https:// address"):
        reprobundle.lint(place, advisories=address)


def test_the_verb_asks(place, index, capsys):
    """The command line names the index, and prints the advice."""
    code = cli.main(["lint", str(place), "--advisories-index", index.url])

    assert code == 0
    assert "advisory" in capsys.readouterr().out
    assert len(index.asked) == 1
