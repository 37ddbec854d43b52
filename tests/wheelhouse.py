"""Small real wheels, the locks that pin them, and a real package index on loopback that may answer badly."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

TIME = (2020, 1, 1, 0, 0, 0)


def make_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    files: Mapping[str, str] | None = None,
    needs: tuple[str, ...] = (),
) -> Path:
    """A pure wheel of one module that says its name, or of the files given."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
    members = {
        **({f"{name}.py": f"WORD = {name!r}\n"} if files is None else files),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_record_digest(text)},{len(text.encode())}\n" for path, text in members.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**members, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(path, TIME), text)
    return wheel


BACK_END = """
import base64, socket, zipfile
def build_wheel(folder, settings=None, metadata=None):
    try:
        socket.create_connection(("127.0.0.1", {port}), 1).close()
        reached = True
    except OSError:
        reached = False
    name = "{name}-{version}-py3-none-any.whl"
    info = "{name}-{version}.dist-info/"
    with zipfile.ZipFile(f"{{folder}}/{{name}}", "w") as archive:
        archive.writestr("{name}.py", f"REACHED = {{reached}}\\n")
        archive.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        archive.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(info + "RECORD", "")
    return name
"""


def make_source(folder: Path, name: str, version: str = "1.0", *, needs: tuple[str, ...] = (), port: int = 9) -> Path:
    """A source archive with a build back end of its own, which tries to reach a port and tells in the module it builds."""
    folder.mkdir(parents=True, exist_ok=True)
    system = f'[build-system]\nrequires = {list(needs)}\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    members = {
        "pyproject.toml": f'{system}[project]\nname = "{name}"\nversion = "{version}"\n',
        "backend.py": BACK_END.format(name=name, version=version, port=port),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
    }
    source = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for path, text in members.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return source


def lock_of(*wheels: Path, hashes: bool = True) -> bytes:
    """A lock that pins these wheels."""
    lines = []
    for wheel in sorted(wheels):
        name, version = wheel.name.removesuffix(".tar.gz").split("-")[:2]
        lines.append(f"{name.replace('_', '-')}=={version}" + (f" --hash=sha256:{sha256(wheel)}" if hashes else ""))
    return "".join(f"{line}\n" for line in lines).encode()


def sha256(file: Path) -> str:
    """The hash that a lock holds."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _record_digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


class Index:
    """A package index of the simple form over a folder of wheels.

    Attributes:
        answers: What to answer in place of a page or a file, by path: status, kind of content, bytes.
        asked: The paths asked for.
        yanked: Names of files that are withdrawn.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answers: dict[str, tuple[int, str, bytes]] = {}
        self.asked: list[str] = []
        self.yanked: set[str] = set()
        self.address = ""

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, kind of content and body for a path."""
        path = unquote(path)
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]
        kind, _, name = path.strip("/").partition("/")
        if kind == "files" and (self.folder / name).is_file():
            return 200, "application/octet-stream", (self.folder / name).read_bytes()
        every = sorted([*self.folder.glob("*.whl"), *self.folder.glob("*.tar.gz")])
        found = [archive for archive in every if archive.name.split("-")[0].replace("_", "-") == name]
        if kind != "simple" or not found:
            return 404, "text/plain", b"nothing here"
        return 200, "text/html", "".join(map(self._link, found)).encode()

    def _link(self, wheel: Path) -> str:
        yanked = ' data-yanked="broken"' if wheel.name in self.yanked else ""
        return f'<a href="/files/{wheel.name}#sha256={sha256(wheel)}"{yanked}>{wheel.name}</a>\n'


@contextmanager
def serving(folder: Path) -> Iterator[Index]:
    """Serve a folder of wheels on loopback while the block runs."""
    index = Index(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = index.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  the name that the server looks for

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.address = f"http://127.0.0.1:{server.server_port}/simple"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
