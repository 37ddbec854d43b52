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
    `Refusal` or `ConnectionCut`. `spoil` gives what is kept of a tree that was sent.
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

    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


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
        length = int(self.headers.get("Content-Length") or 0)
        self.body = (
            self.rfile.read(length)
            if length or "chunked" not in self.headers.get("Transfer-Encoding", "")
            else (b"".join(self._chunks()))
        )
        parts = urlsplit(self.path)
        path, self.query = unquote(parts.path), parse_qs(parts.query)
        self.server.asked.append((self.command, path))
        host, authorization = self.headers["Host"].partition(":")[0], self.headers.get("Authorization")
        self.server.tokens.append((host, authorization))
        try:
            self.server.before(self.command, path)
            self._route(path, authorization)
        except Refusal as refused:
            self._answer(
                {"error": refused.message},
                status=refused.status,
                **{"X-Error-Code": refused.code, "X-Error-Message": refused.message},
            )
        except ConnectionCut:
            self.close_connection = True

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
            self.wfile.write(body)

    def _repository(self, name: str) -> Repository:
        repository = self.server.repositories.get(name)
        if repository is None or (repository.private and "Authorization" not in self.headers):
            raise Refusal(404 if "Authorization" in self.headers else 401, "RepoNotFound", "Repository not found")
        return repository

    def _commit_of(self, repository: Repository, revision: str) -> str:
        found = repository.branches.get(revision, revision)
        if found not in repository.commits:
            raise Refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

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

    def facts(self, name: str, revision: str | None = None) -> None:
        """What a repository is, at a revision."""
        repository = self._repository(name)
        commit = self._commit_of(repository, revision or "main")
        siblings = [{"rfilename": path} for path in repository.commits[commit]]
        self._answer({"id": name, "sha": commit, "private": repository.private, "siblings": siblings})

    def listing(self, name: str, revision: str) -> None:
        """Every file of a commit."""
        repository = self._repository(name)
        tree = repository.commits[self._commit_of(repository, revision)]
        self._answer([_entry(path, content) for path, content in tree.items()])

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
        objects = []
        for wanted in json.loads(self.body)["objects"]:
            upload = {"upload": {"href": f"{self.server.elsewhere}/store/{wanted['oid']}", "header": {}}}
            objects.append({**wanted, **({} if wanted["oid"] in self.server.store else {"actions": upload})})
        self._answer({"transfer": "basic", "objects": objects})

    def stored(self, oid: str) -> None:
        """Take or give a large file."""
        if self.command == "PUT":
            self.server.store[oid] = self.body
            self._answer({})
        else:
            self._answer(self.server.store[oid], ETag=f'"{oid}"')

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
                tree[value["path"]] = self.server.store[value["oid"]]
            else:
                del tree[value["path"]]
        commit = repository.commit(self.server.spoil(tree), branch, header["summary"])
        self.server.after_commit(self.command, self.path)
        url = f"{self.server.endpoint}/{name}/commit/{commit}"
        self._answer({"commitOid": commit, "commitUrl": url, "success": True})

    def resolve(self, name: str, revision: str, path: str) -> None:
        """One file; a large one lies elsewhere."""
        repository = self._repository(name)
        commit = self._commit_of(repository, revision)
        content = repository.commits[commit].get(path)
        if content is None:
            raise Refusal(404, "EntryNotFound")
        headers = {"X-Repo-Commit": commit, "ETag": f'"{_oid(path, content)}"'}
        if not _large(path):
            return self._answer(content, **headers)
        oid = _oid(path, content)
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


def _entry(path: str, content: bytes) -> dict:
    entry = {"type": "file", "path": path, "oid": _oid(path, content), "size": len(content)}
    if _large(path):
        entry["lfs"] = {"oid": _oid(path, content), "size": len(content), "pointerSize": 130}
    return entry


REPOSITORY = r"([^/]+/[^/]+)"
ROUTES = (
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", lambda handler: handler._answer({"errors": [], "warnings": []})),
    ("POST", f"/api/models/{REPOSITORY}/branch/(.+)", Handler.branch),
    ("GET", f"/api/models/{REPOSITORY}", Handler.facts),
    ("GET", f"/api/models/{REPOSITORY}/revision/(.+)", Handler.facts),
    ("GET", f"/api/models/{REPOSITORY}/tree/([^/]+)", Handler.listing),
    ("POST", f"/api/models/{REPOSITORY}/preupload/(.+)", Handler.preupload),
    ("POST", rf"/{REPOSITORY}\.git/info/lfs/objects/batch", Handler.batch),
    ("GET HEAD PUT", "/store/([0-9a-f]{64})", Handler.stored),
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
