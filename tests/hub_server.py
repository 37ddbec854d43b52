"""A Hub on the loopback: what huggingface_hub asks of one to publish and to pull, with git's own digests of files.

Whoever imports this decides how huggingface_hub behaves in this process, for it reads its settings once, when it is
imported: large files go over git's own protocol, and nobody's stored token is sent.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

ATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"
LARGE = ("*.safetensors", "*.bin")
TOKEN = "hf_right"
SETTINGS = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}
os.environ.update(SETTINGS)


@dataclass
class Repository:
    """Commits by id, each a whole tree, and branches."""

    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def commit(self, tree: dict[str, bytes], branch: str = "main", message: str = "") -> str:
        """Put a tree on a branch."""
        name = hashlib.sha1(repr((sorted(tree.items()), len(self.commits))).encode()).hexdigest()
        self.commits[name] = dict(tree)
        self.branches[branch] = name
        self.messages.append(message)
        return name

    def tree(self, branch: str = "main") -> dict[str, bytes]:
        """The files of a branch."""
        return self.commits[self.branches[branch]]


class Hub(ThreadingHTTPServer):
    """The server, whose plays a test decides.

    `before` is called with verb and path ahead of each answer, `after_commit` once a commit is made; both may raise
    `Refusal` or `ConnectionCut`. `tell` and `list` give what is said of a repository and of a commit, `give` the bytes of
    a small file, `spoil` what is kept of a tree that was sent. `cut_upload` and `cut_download` give
    the bytes of a body after which the connection ends, or None. Large files of more than `part` bytes come in parts;
    where `no_room` is set none may come. With `cas`, a folder, they go by xet: there hf_xet keeps them itself, and
    `expected` tells the server of which content it will be asked.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, Repository] = {}
        self.store: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.tokens: list[tuple[str, str | None]] = []
        self.before: Callable[[str, str], None] = lambda verb, path: None
        self.after_commit: Callable[[str, str], None] = lambda verb, path: None
        self.spoil: Callable[[dict[str, bytes]], dict[str, bytes]] = lambda tree: tree
        self.cut_upload: Callable[[str, str], int | None] = lambda verb, path: None
        self.cut_download: Callable[[str], int | None] = lambda path: None
        self.tell: Callable[[dict], object] = lambda facts: facts
        self.list: Callable[[list], object] = lambda entries: entries
        self.give: Callable[[str, bytes], bytes] = lambda path, content: content
        self.part: int | None = None
        self.parts: dict[tuple[str, int], bytes] = {}
        self.no_room = ""
        self.cas: str | None = None
        self.expected: dict[str, tuple[bytes, str]] = {}
        self.received: list[tuple[str, int]] = []

    @property
    def large_bytes(self) -> int:
        """Bytes of large files that came, again or for the first time."""
        return sum(size for path, size in self.received if path.startswith("/store/"))

    @property
    def endpoint(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def elsewhere(self) -> str:
        """The same under another name: where large files lie."""
        return f"http://localhost:{self.server_address[1]}"

    def new(self, name: str, tree: dict[str, bytes] | None = None, *, private: bool = False) -> Repository:
        """A repository with its first commit."""
        self.repositories[name] = Repository(private)
        self.repositories[name].commit({".gitattributes": ATTRIBUTES} if tree is None else tree)
        return self.repositories[name]

    def handle_error(self, request, client_address) -> None:
        """A connection that was cut is part of the play."""


class Refusal(Exception):  # noqa: N818  an answer, no error
    """Answer with a status."""

    def __init__(self, status: int, code: str = "", message: str = "", **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ConnectionCut(Exception):  # noqa: N818  the same
    """Close the connection without an answer."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each small answer waits 40 ms
    wbufsize = 2**16

    def log_message(self, *_args) -> None:
        """Nobody reads it."""

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        path, self.query = unquote(parts.path), parse_qs(parts.query)
        try:
            self.body = self._body(path)
            self.server.received.append((path, len(self.body)))
            self.server.asked.append((self.command, path))
            host, authorization = self.headers["Host"].partition(":")[0], self.headers.get("Authorization")
            self.server.tokens.append((host, authorization))
            self.server.before(self.command, path)
            self._route(path, authorization)
        except Refusal as refused:
            self._answer(
                {"error": refused.message},
                status=refused.status,
                **{"X-Error-Code": refused.code, "X-Error-Message": refused.message, **refused.headers},
            )
        except ConnectionCut:
            self.close_connection = True

    def _body(self, path: str) -> bytes:
        length = int(self.headers.get("Content-Length") or 0)
        if not length and "chunked" in self.headers.get("Transfer-Encoding", ""):
            return b"".join(self._chunks())
        limit = self.server.cut_upload(self.command, path)
        if limit is not None and limit < length:
            self.server.received.append((path, len(self.rfile.read(limit))))
            raise ConnectionCut
        return self.rfile.read(length)

    def _route(self, path: str, authorization: str | None) -> None:
        if authorization not in {None, f"Bearer {TOKEN}"}:
            raise Refusal(401, message="Invalid credentials in Authorization header")
        for verb, pattern, action in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and self.command in verb.split():
                action(self, *found.groups())
                return
        raise Refusal(404, "EntryNotFound")

    do_GET = do_HEAD = do_POST = do_PUT = _serve  # noqa: N815  the names http.server looks for

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _answer(self, content, *, status: int = 200, **headers: str) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            limit = self.server.cut_download(unquote(urlsplit(self.path).path)) if status < 300 else None
            self.wfile.write(body[:limit])
            if limit is not None and limit < len(body):
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                raise ConnectionCut

    def _repository(self, name: str) -> Repository:
        repository = self.server.repositories.get(name)
        if repository is None or (repository.private and "Authorization" not in self.headers):
            raise Refusal(404 if "Authorization" in self.headers else 401, "RepoNotFound", "Repository not found")
        return repository

    def _commit_of(self, repository: Repository, revision: str) -> str:
        found = {**repository.tags, **repository.branches}.get(revision, revision)
        begun = [commit for commit in repository.commits if len(found) >= 7 and commit.startswith(found)]
        if len(begun) != 1:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return begun[0]

    def _need_token(self) -> None:
        if "Authorization" not in self.headers:
            raise Refusal(401, message="Invalid username or password.")

    def create(self) -> None:
        """Make a repository."""
        self._need_token()
        wanted = json.loads(self.body)
        name = f"{wanted['organization']}/{wanted['name']}"
        if name in self.server.repositories:
            there = {
                "error": "You already created this model repo",
                "url": f"{self.server.endpoint}/{name}",
                "name": name,
            }
            return self._answer(there, status=409)
        self.server.new(name, private=wanted.get("visibility") == "private")
        return self._answer({"url": f"{self.server.endpoint}/{name}", "name": name})

    def branch(self, name: str, branch: str) -> None:
        """Make a branch where main is."""
        self._need_token()
        repository = self._repository(name)
        repository.branches[branch] = repository.branches["main"]
        self._answer({})

    def tag(self, name: str, revision: str) -> None:
        """Name a commit."""
        self._need_token()
        repository, tag = self._repository(name), json.loads(self.body)["tag"]
        if tag in repository.tags:
            raise Refusal(409, message="Tag reference exists already")
        repository.tags[tag] = self._commit_of(repository, revision)
        self._answer({})

    def facts(self, name: str, revision: str | None = None) -> None:
        """What a repository is, at a revision."""
        repository = self._repository(name)
        commit = self._commit_of(repository, revision or "main")
        siblings = [{"rfilename": path} for path in repository.commits[commit]]
        facts = {"id": name, "sha": commit, "private": repository.private, "siblings": siblings}
        self._answer(self.server.tell(facts))

    def listing(self, name: str, revision: str) -> None:
        """Every file of a commit."""
        repository = self._repository(name)
        tree = repository.commits[self._commit_of(repository, revision)]
        self._answer(self.server.list([self._entry(path, content) for path, content in tree.items()]))

    def _entry(self, path: str, content: bytes) -> dict:
        oid = _oid(path, content)
        entry = {"type": "file", "path": path, "oid": oid, "size": len(content)}
        if _large(path):
            entry["lfs"] = {"oid": oid, "size": len(content), "pointerSize": 130}
        if oid in self.server.expected:
            entry["xetHash"] = self.server.expected[oid][1]
        return entry

    def preupload(self, name: str, revision: str) -> None:
        """How each file is to be sent."""
        self._need_token()
        repository = self._repository(name)
        tree = repository.commits[self._commit_of(repository, revision)]
        wanted = json.loads(self.body)
        ignored = [line for line in wanted.get("gitIgnore", tree.get(".gitignore", b"").decode()).split() if line]
        files = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if _large(file["path"]) else "regular",
                "shouldIgnore": any(fnmatch.fnmatch(file["path"], pattern) for pattern in ignored),
                "oid": _oid(file["path"], tree[file["path"]]) if file["path"] in tree else None,
            }
            for file in wanted["files"]
        ]
        self._answer({"files": files})

    def batch(self, name: str) -> None:
        """Where large files go."""
        self._need_token()
        self._repository(name)
        objects = [self._ways(name, wanted) for wanted in json.loads(self.body)["objects"]]
        self._answer({"transfer": "multipart" if self.server.part else "basic", "objects": objects})

    def _ways(self, name: str, wanted: dict) -> dict:
        if wanted["oid"] in self.server.store:
            return wanted
        if self.server.no_room:
            return {**wanted, "error": {"code": 507, "message": self.server.no_room}}
        place, size = f"/store/{wanted['oid']}", self.server.part
        upload = {"href": f"{self.server.elsewhere}{place}", "header": {}}
        if size is not None and wanted["size"] > size:
            urls = {str(n + 1): f"{self.server.elsewhere}{place}/{n + 1}" for n in range(-(-wanted["size"] // size))}
            upload = {"href": f"{self.server.endpoint}/complete", "header": {"chunk_size": str(size), **urls}}
        verify = {"href": f"{self.server.endpoint}/{name}.git/info/lfs/verify", "header": {}}
        return {**wanted, "actions": {"upload": upload, "verify": verify}}

    def stored(self, oid: str) -> None:
        """Take or give a large file."""
        if self.command == "PUT":
            self._keep(oid, self.body)
            self._answer({})
            return
        content, begin = self.server.store[oid], re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(begin[1]) if begin else 0
        self._answer(content[start:], status=206 if start else 200, ETag=f'"{oid}"')

    def part(self, oid: str, number: str) -> None:
        """Take a part of a large file."""
        self.server.parts[oid, int(number)] = self.body
        self._answer({}, ETag=f'"{number}"')

    def complete(self) -> None:
        """Put the parts of a large file together."""
        done = json.loads(self.body)
        numbers = [part["partNumber"] for part in done["parts"]]
        self._keep(done["oid"], b"".join(self.server.parts.pop((done["oid"], number)) for number in numbers))
        self._answer({})

    def _keep(self, oid: str, content: bytes) -> None:
        if hashlib.sha256(content).hexdigest() != oid:
            raise Refusal(400, message="The content is not what was announced")
        self.server.store[oid] = content

    def verified(self, name: str) -> None:
        """Say whether a large file came through."""
        self._need_token()
        wanted = json.loads(self.body)
        if len(self.server.store.get(wanted["oid"], b"")) != wanted["size"]:
            raise Refusal(404, message=f"{name}: the object is not there")
        self._answer({})

    def xet(self, name: str, way: str, revision: str) -> None:
        """Where hf_xet keeps large files, and for how long it may."""
        if self.server.cas is None:
            raise Refusal(404, message=f"{name} has no xet-{way}-token for {revision}")
        place = {"casUrl": f"local://{self.server.cas}", "exp": 2**31, "accessToken": "xet"}
        headers = {"Cas-Url": place["casUrl"], "Access-Token": "xet", "Token-Expiration": str(2**31)}
        self._answer(place, **{f"X-Xet-{header}": value for header, value in headers.items()})

    def commit(self, name: str, branch: str) -> None:
        """All changes or none."""
        self._need_token()
        repository = self._repository(name)
        lines = [json.loads(line) for line in self.body.splitlines()]
        header = lines[0]["value"]
        if header.get("parentCommit") not in {None, repository.branches[branch]}:
            raise Refusal(412, message="A commit has happened since. Please refresh and try again.")
        tree = dict(repository.tree(branch))
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                kept = self.server.store.get(value["oid"]) or self.server.expected.get(value["oid"], (None,))[0]
                if kept is None:
                    raise Refusal(400, message=f"The LFS object {value['oid']} is not there")
                tree[value["path"]] = kept
            else:
                del tree[value["path"]]
        proposed = {}
        if "create_pr" in self.query:
            number = sum(name.startswith("refs/pr/") for name in repository.branches) + 1
            branch, proposed = (
                f"refs/pr/{number}",
                {"pullRequestUrl": f"{self.server.endpoint}/{name}/discussions/{number}"},
            )
        commit = repository.commit(self.server.spoil(tree), branch, header["summary"])
        self.server.after_commit(self.command, self.path)
        url = f"{self.server.endpoint}/{name}/commit/{commit}"
        self._answer({"commitOid": commit, "commitUrl": url, "success": True, **proposed})

    def resolve(self, name: str, revision: str, path: str) -> None:
        """One file; a large one lies elsewhere."""
        repository = self._repository(name)
        commit = self._commit_of(repository, revision)
        content = repository.commits[commit].get(path)
        if content is None:
            raise Refusal(404, "EntryNotFound")
        headers = {"X-Repo-Commit": commit, "ETag": f'"{_oid(path, content)}"'}
        if not _large(path):
            return self._answer(self.server.give(path, content), **headers)
        oid = _oid(path, content)
        if oid in self.server.expected:  # by xet alone: whoever asks here is sent to nothing
            route = f"{self.server.endpoint}/api/models/{name}/xet-read-token/{commit}"
            headers.update({"X-Xet-Hash": self.server.expected[oid][1], "X-Xet-Refresh-Route": route})
        else:
            self.server.store[oid] = content
        linked = {"X-Linked-Etag": f'"{oid}"', "X-Linked-Size": str(len(content))}
        return self._answer(b"", status=302, Location=f"{self.server.elsewhere}/store/{oid}", **{**headers, **linked})


def _large(path: str) -> bool:
    return any(fnmatch.fnmatch(path, pattern) for pattern in LARGE)


def _oid(path: str, content: bytes) -> str:
    """SHA-256 of a large file, git's blob id of another."""
    if _large(path):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


REPOSITORY = r"([^/]+/[^/]+)"
ROUTES = (
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", lambda handler: handler._answer({"errors": [], "warnings": []})),
    ("POST", f"/api/models/{REPOSITORY}/branch/(.+)", Handler.branch),
    ("POST", f"/api/models/{REPOSITORY}/tag/(.+)", Handler.tag),
    ("GET", f"/api/models/{REPOSITORY}/xet-(read|write)-token/(.+)", Handler.xet),
    ("GET", f"/api/models/{REPOSITORY}", Handler.facts),
    ("GET", f"/api/models/{REPOSITORY}/revision/(.+)", Handler.facts),
    ("GET", f"/api/models/{REPOSITORY}/tree/([^/]+)", Handler.listing),
    ("POST", f"/api/models/{REPOSITORY}/preupload/(.+)", Handler.preupload),
    ("POST", rf"/{REPOSITORY}\.git/info/lfs/objects/batch", Handler.batch),
    ("POST", rf"/{REPOSITORY}\.git/info/lfs/verify", Handler.verified),
    ("GET HEAD PUT", "/store/([0-9a-f]{64})", Handler.stored),
    ("PUT", r"/store/([0-9a-f]{64})/(\d+)", Handler.part),
    ("POST", "/complete", Handler.complete),
    ("POST", f"/api/models/{REPOSITORY}/commit/(.+)", Handler.commit),
    ("GET HEAD", f"/{REPOSITORY}/resolve/([^/]+)/(.+)", Handler.resolve),
)


@contextmanager
def hub() -> Iterator[Hub]:
    """A Hub for the time of a block."""
    with Hub() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
