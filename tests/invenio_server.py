"""An InvenioRDM repository on the loopback, as strict as the real one, or stricter.

Modelled after InvenioRDM's OpenAPI description (12.0.0, ``rdm/openapi.yaml``) and its reference: ``POST /api/records``
(201), ``GET``, ``PUT`` and ``DELETE /api/records/{id}/draft`` (200, 200, 204), ``POST …/draft/pids/doi`` (201), ``GET`` and
``POST …/draft/files`` (200, 201), ``DELETE …/draft/files/{key}`` (204), ``PUT`` and ``GET …/content`` (200), ``POST …/commit``
(200 as the reference and the real one have it, 201 in the description), ``PUT …/draft/review`` (200), ``POST
…/actions/submit-review`` and ``…/actions/publish`` (202; 201 in the description), ``POST /api/records/{id}/versions`` (201),
``GET /api/records/{id}``, ``…/files``, ``…/content``, ``/api/user/records``, ``/api/communities/{slug}`` and
``/api/vocabularies/{type}/{id}`` (200). Refusals are 400, 401, 403, 404, 413, 415 with ``message`` and ``errors``.

As in the real one: a draft with faulty metadata is kept and its answer lists ``errors``, and publishing it is 400; a ``PUT``
without ``pids`` loses the reserved DOI; content of a file that was not announced is 404, publishing with files that were not
committed is 400, and so is a second announcement; a published draft is gone. As Zenodo's: who accepts plain JSON alone gets
the older form, whose ``id`` is a number, and a body in the native media type is 415. Not modelled: access, embargoes, other
actions, searching by fields, the time until a search finds what is new, multipart transfers.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "right-token"
NATIVE = "application/vnd.inveniordm.v1+json"
VOCABULARIES = {
    "resourcetypes": {"model", "software", "dataset"},
    "licenses": {"apache-2.0", "mit", "cc-by-4.0"},
}
RELATIONS = {"issupplementto", "references", "isderivedfrom"}
FIELDS = {
    "resource_type", "creators", "title", "publication_date", "publisher", "description", "version", "subjects", "rights",
    "related_identifiers", "additional_descriptions",
}  # fmt: skip
REQUIRED = ("resource_type", "creators", "title", "publication_date", "publisher")


@dataclass
class Stored:
    """A file: its bytes once they came, and whether they were committed."""

    content: bytes | None = None
    committed: bool = False


@dataclass
class Deposition:
    """A draft or a record."""

    id: str
    document: dict[str, Any]
    parent: str
    doi: str | None = None
    files: dict[str, Stored] = field(default_factory=dict)
    published: bool = False
    community: str | None = None
    in_review: bool = False


class Refusal(Exception):  # noqa: N818  an answer, no error
    """An answer with an error's status."""

    def __init__(
        self, status: int, message: str = "", errors: list[dict[str, Any]] | None = None, **headers: str
    ) -> None:
        self.status, self.message, self.errors, self.headers = status, message, errors, headers


class ConnectionCut(Exception):  # noqa: N818  the same
    """The connection ends here."""


class Invenio(ThreadingHTTPServer):
    """The repository, whose plays a test decides.

    `before` and `after` are called with the request's number, verb and path, ahead of the work and once it is done but not
    answered; both may raise `Refusal` or `ConnectionCut`. `spoil` gives the bytes that a file comes back with, `answer`
    the document that is answered. `cut_upload` and `cut_download` are a number of bytes after which the connection ends,
    once. Files of more than `room` bytes in all find no room.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.depositions: dict[str, Deposition] = {}
        self.asked: list[str] = []
        self.tokens: list[str | None] = []
        self.uploads: list[str] = []
        self.before: Callable[[int, str, str], None] = lambda number, verb, path: None
        self.after: Callable[[int, str, str], None] = lambda number, verb, path: None
        self.spoil: Callable[[str, bytes], bytes] = lambda key, content: content
        self.answer: Callable[[str, str, Any], Any] = lambda verb, path, document: document
        self.cut_upload: int | None = None
        self.cut_download: int | None = None
        self.elsewhere: str | None = None
        self.room = 10**9
        self.lock = threading.RLock()

    def new(self, document: dict[str, Any], parent: str | None = None) -> Deposition:
        """A draft."""
        number = str(1001 + len(self.depositions))
        made = self.depositions[number] = Deposition(number, document, parent or f"p{number}")
        return made

    @property
    def published(self) -> list[Deposition]:
        """What everybody sees."""
        return [one for one in self.depositions.values() if one.published]

    @property
    def drafts(self) -> list[Deposition]:
        """What nobody sees."""
        return [one for one in self.depositions.values() if not one.published]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A cut connection is what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Invenio

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        with self.server.lock:
            number = len(self.server.asked)
            self.server.asked.append(f"{self.command} {self.path}")
            self.server.tokens.append(self.headers.get("Authorization"))
        try:
            self.server.before(number, self.command, self.path)
            status, document = self._routed()
            self.server.after(number, self.command, self.path)
            if isinstance(document, bytes):
                self._give(document)
            else:
                self._answer(status, self.server.answer(self.command, self.path, document))
        except Refusal as refusal:
            told: dict[str, Any] = {"status": refusal.status, "message": refusal.message}
            if refusal.errors is not None:
                told["errors"] = refusal.errors
            self._answer(refusal.status, told, **refusal.headers)
        except ConnectionCut:
            self._cut()

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  the library's names

    def _cut(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _answer(self, status: int, document: Any, **headers: str) -> None:
        content = (
            document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True  # whatever of a body nobody read is no next request

    def _give(self, content: bytes) -> None:
        if self.server.elsewhere is not None and not self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", f"{self.server.elsewhere}/elsewhere{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        cut, self.server.cut_download = self.server.cut_download, None
        self.wfile.write(content if cut is None else content[:cut])
        if cut is not None:
            self._cut()

    def _routed(self) -> tuple[int, Any]:
        path = urlsplit(self.path).path
        for verb, pattern, work, needs_token in ROUTES:
            found = re.fullmatch(pattern, path)
            if verb == self.command and found:
                if needs_token and self.headers.get("Authorization") is None:
                    raise Refusal(401, "The server could not verify that you are authorized.")
                if self.headers.get("Authorization") not in (None, f"Bearer {TOKEN}"):
                    raise Refusal(401, "The token is not known.")
                with self.server.lock:
                    return work(self, *map(unquote, found.groups()))
        raise Refusal(404, "The requested URL was not found on the server.")

    def _body(self) -> Any:
        if self.headers.get("Content-Type") != "application/json":
            raise Refusal(415, "Invalid 'Content-Type' header.")
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _draft(self, name: str) -> Deposition:
        found = self.server.depositions.get(name)
        if found is None or found.published:
            raise Refusal(404, "The persistent identifier does not exist.")
        return found

    def _record(self, name: str) -> Deposition:
        found = self.server.depositions.get(name)
        if found is None or not found.published:
            raise Refusal(404, "The persistent identifier does not exist.")
        return found

    def _shown(self, one: Deposition) -> dict[str, Any]:
        if NATIVE not in self.headers.get("Accept", ""):
            return {
                "id": int(one.id),
                "doi": one.doi,
                "metadata": {},
                "state": "unsubmitted",
                "submitted": one.published,
            }
        doi = {"doi": {"identifier": one.doi, "provider": "datacite", "client": "datacite"}} if one.doi else {}
        shown = {
            "id": one.id,
            "is_draft": not one.published,
            "is_published": one.published,
            "status": "published" if one.published else "in_review" if one.in_review else "draft",
            "parent": {"id": one.parent},
            "revision_id": 4,
            "created": "2026-11-22T12:00:00+00:00",
            "updated": "2026-11-22T12:00:00+00:00",
            "versions": {"index": 1, "is_latest": one.published},
            "pids": doi,
            "links": {"self": f"{self.server.url}/api/records/{one.id}"},
            **one.document,
        }
        return shown if one.published else {**shown, "errors": _faults(one.document)}

    def create(self) -> tuple[int, Any]:
        document = self._body()
        _refuse_form(document)
        document.pop("pids", None)
        return 201, self._shown(self.server.new(document))

    def version(self, name: str) -> tuple[int, Any]:
        earlier = self._record(name)
        there = [one for one in self.server.drafts if one.parent == earlier.parent]
        metadata = {k: v for k, v in earlier.document["metadata"].items() if k not in ("publication_date", "version")}
        return 201, self._shown(
            there[0] if there else self.server.new({**earlier.document, "metadata": metadata}, earlier.parent)
        )

    def draft(self, name: str) -> tuple[int, Any]:
        return 200, self._shown(self._draft(name))

    def record(self, name: str) -> tuple[int, Any]:
        return 200, self._shown(self._record(name))

    def change(self, name: str) -> tuple[int, Any]:
        draft, document = self._draft(name), self._body()
        _refuse_form(document)
        given = document.pop("pids", {}).get("doi")
        if given is not None and (given["identifier"] != draft.doi or given["provider"] != "datacite"):
            raise Refusal(400, "A validation error occurred.", [{"field": "pids.doi", "messages": ["Wrong DOI."]}])
        draft.doi = None if given is None else draft.doi
        draft.document = document
        return 200, self._shown(draft)

    def discard(self, name: str) -> tuple[int, Any]:
        del self.server.depositions[self._draft(name).id]
        return 204, None

    def reserve(self, name: str) -> tuple[int, Any]:
        draft = self._draft(name)
        if draft.doi is not None:
            raise Refusal(400, "A PID already exists for type doi")
        draft.doi = f"10.5072/zenodo.{draft.id}"
        return 201, self._shown(draft)

    def listing(self, name: str) -> tuple[int, Any]:
        draft = self._draft(name)
        return 200, {"enabled": True, "entries": [self._entry(key, one) for key, one in draft.files.items()]}

    def published_listing(self, name: str) -> tuple[int, Any]:
        entries = [self._entry(key, one) for key, one in self._record(name).files.items()]
        return 200, {"enabled": True, "entries": entries}

    def _entry(self, key: str, one: Stored) -> dict[str, Any]:
        if one.content is None or not one.committed:
            return {"key": key, "status": "pending", "links": {}, "size": None, "checksum": None}
        digest = hashlib.md5(one.content).hexdigest()
        return {"key": key, "status": "completed", "size": len(one.content), "checksum": f"md5:{digest}", "links": {}}

    def begin(self, name: str) -> tuple[int, Any]:
        draft, wanted = self._draft(name), self._body()
        if not isinstance(wanted, list) or not all(isinstance(one, dict) and set(one) == {"key"} for one in wanted):
            raise Refusal(400, "A validation error occurred.")
        for one in wanted:
            if one["key"] in draft.files:
                raise Refusal(400, f"File with key {one['key']} already exists.")
            draft.files[one["key"]] = Stored()
        return 201, self.listing(name)[1]

    def remove(self, name: str, key: str) -> tuple[int, Any]:
        if self._draft(name).files.pop(key, None) is None:
            raise Refusal(404, f"File with key {key} not found")
        return 204, None

    def upload(self, name: str, key: str) -> tuple[int, Any]:
        draft = self._draft(name)
        if key not in draft.files or draft.files[key].committed:
            raise Refusal(404, f"File with key {key} not found")
        if self.headers.get("Content-Type") != "application/octet-stream":
            raise Refusal(415, "Invalid 'Content-Type' header.")
        size = int(self.headers["Content-Length"])
        others = sum(len(one.content or b"") for one in draft.files.values())
        if others + size > self.server.room:
            self.rfile.read(size)  # a server that closes at once may lose its own answer on the way
            raise Refusal(413, "Bucket quota exceeded.")
        self.server.uploads.append(key)
        cut, self.server.cut_upload = self.server.cut_upload, None
        if cut is not None:
            draft.files[key].content = self.rfile.read(min(cut, size))
            raise ConnectionCut
        draft.files[key].content = self.server.spoil(key, self.rfile.read(size))
        return 200, self._entry(key, draft.files[key])

    def commit(self, name: str, key: str) -> tuple[int, Any]:
        found = self._draft(name).files.get(key)
        if found is None:
            raise Refusal(404, f"File with key {key} not found")
        if found.content is None:
            raise Refusal(400, "File content was not uploaded.")
        found.committed = True
        return 200, self._entry(key, found)

    def content(self, name: str, key: str) -> tuple[int, Any]:
        return 200, self._bytes(self._draft(name), key)

    def published_content(self, name: str, key: str) -> tuple[int, Any]:
        return 200, self._bytes(self._record(name), key)

    def _bytes(self, one: Deposition, key: str) -> bytes:
        found = one.files.get(key)
        if found is None or not found.committed or found.content is None:
            raise Refusal(404, f"File with key {key} not found")
        return found.content

    def publish(self, name: str) -> tuple[int, Any]:
        draft = self._draft(name)
        self._refuse_unready(draft)
        if draft.community is not None:
            raise Refusal(400, "Draft is linked to a review.")
        draft.doi = draft.doi or f"10.5072/zenodo.{draft.id}"
        draft.published = True
        return 202, self._shown(draft)

    def _refuse_unready(self, draft: Deposition) -> None:
        errors = _faults(draft.document)
        if not draft.files:
            errors.append({"field": "files.enabled", "messages": ["Missing uploaded files."]})
        if any(not one.committed for one in draft.files.values()):
            errors.append({"field": "files", "messages": ["All files must be committed."]})
        if errors:
            raise Refusal(400, "A validation error occurred.", errors)

    def review(self, name: str) -> tuple[int, Any]:
        draft, wanted = self._draft(name), self._body()
        if wanted.get("type") != "community-submission" or wanted["receiver"] != {"community": "c-uuid-1"}:
            raise Refusal(400, "A validation error occurred.")
        draft.community = "c-uuid-1"
        return 200, {"type": "community-submission", "receiver": wanted["receiver"]}

    def submit(self, name: str) -> tuple[int, Any]:
        draft = self._draft(name)
        self._refuse_unready(draft)
        if draft.community is None or draft.in_review or set(self._body()) != {"payload"}:
            raise Refusal(400, "There is no review to submit.")
        draft.in_review = True
        return 202, {"status": "submitted", "is_open": True}

    def own(self) -> tuple[int, Any]:
        text = parse_qs(urlsplit(self.path).query)["q"][0].strip('"')
        found = [one for one in self.server.depositions.values() if text in json.dumps(one.document)]
        return 200, {"hits": {"total": len(found), "hits": [self._shown(one) for one in found]}}

    def community(self, name: str) -> tuple[int, Any]:
        if name != "reproducible-models":
            raise Refusal(404, "The community does not exist.")
        return 200, {"id": "c-uuid-1", "slug": name}

    def word(self, vocabulary: str, word: str) -> tuple[int, Any]:
        if word not in VOCABULARIES.get(vocabulary, ()):
            raise Refusal(404, "The persistent identifier does not exist.")
        return 200, {"id": word, "type": vocabulary}


def _refuse_form(document: Any) -> None:
    """What is refused even in a draft."""
    if not isinstance(document, dict) or set(document) - {"access", "files", "metadata", "pids", "custom_fields"}:
        raise Refusal(400, "A validation error occurred.")
    if document.get("files") != {"enabled": True} or document.get("access") != {"record": "public", "files": "public"}:
        raise Refusal(400, "A validation error occurred.", [{"field": "files.enabled", "messages": ["Expected true."]}])


def _faults(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What is wrong with the metadata."""
    metadata = document.get("metadata", {})
    wrong = [(f"metadata.{name}", "Missing data for required field.") for name in REQUIRED if not metadata.get(name)]
    wrong += [(f"metadata.{name}", "Unknown field.") for name in metadata if name not in FIELDS]
    kind = metadata.get("resource_type", {}).get("id")
    if kind is not None and kind not in VOCABULARIES["resourcetypes"]:
        wrong.append(("metadata.resource_type", "Invalid value."))
    for place, right in enumerate(metadata.get("rights", [])):
        wrong += [(f"metadata.rights.{place}.{name}", "Unknown field.") for name in right
                  if name not in ("id", "title", "description", "link")]  # fmt: skip
        if ("id" in right) == ("title" in right):
            wrong.append((f"metadata.rights.{place}", "An identifier or title must be present."))
        if right.get("id", "mit") not in VOCABULARIES["licenses"]:
            wrong.append((f"metadata.rights.{place}.id", "Invalid value."))
    for place, creator in enumerate(metadata.get("creators", [])):
        who = creator.get("person_or_org", {})
        name = "family_name" if who.get("type") == "personal" else "name"
        if who.get("type") not in ("personal", "organizational") or not who.get(name):
            wrong.append((f"metadata.creators.{place}.person_or_org.{name}", "Family name or name must be filled."))
        wrong += [(f"metadata.creators.{place}", "Unknown field.") for name in creator
                  if name not in ("person_or_org", "affiliations", "role")]  # fmt: skip
    for place, relation in enumerate(metadata.get("related_identifiers", [])):
        if relation["relation_type"]["id"] not in RELATIONS:
            wrong.append((f"metadata.related_identifiers.{place}.relation_type", "Invalid value."))
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", metadata.get("publication_date", "2026")):
        wrong.append(("metadata.publication_date", "Please provide a valid date or interval."))
    return [{"field": name, "messages": [message]} for name, message in wrong]


ID, KEY = "/api/records/([^/]+)", "/files/([^/]+)"
ROUTES = (
    ("POST", "/api/records", Handler.create, True),
    ("GET", ID, Handler.record, False),
    ("POST", f"{ID}/versions", Handler.version, True),
    ("GET", f"{ID}/files", Handler.published_listing, False),
    ("GET", f"(?:/elsewhere)?{ID}{KEY}/content", Handler.published_content, False),
    ("GET", f"{ID}/draft", Handler.draft, True),
    ("PUT", f"{ID}/draft", Handler.change, True),
    ("DELETE", f"{ID}/draft", Handler.discard, True),
    ("POST", f"{ID}/draft/pids/doi", Handler.reserve, True),
    ("GET", f"{ID}/draft/files", Handler.listing, True),
    ("POST", f"{ID}/draft/files", Handler.begin, True),
    ("DELETE", f"{ID}/draft{KEY}", Handler.remove, True),
    ("PUT", f"{ID}/draft{KEY}/content", Handler.upload, True),
    ("GET", f"{ID}/draft{KEY}/content", Handler.content, True),
    ("GET", f"/elsewhere{ID}/draft{KEY}/content", Handler.content, False),
    ("POST", f"{ID}/draft{KEY}/commit", Handler.commit, True),
    ("PUT", f"{ID}/draft/review", Handler.review, True),
    ("POST", f"{ID}/draft/actions/submit-review", Handler.submit, True),
    ("POST", f"{ID}/draft/actions/publish", Handler.publish, True),
    ("GET", "/api/user/records", Handler.own, True),
    ("GET", "/api/communities/([^/]+)", Handler.community, False),
    ("GET", "/api/vocabularies/([^/]+)/([^/]+)", Handler.word, False),
)


@contextmanager
def invenio() -> Iterator[Invenio]:
    """A repository for the time of a block."""
    with Invenio() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
