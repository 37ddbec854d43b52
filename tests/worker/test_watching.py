"""What the source does to the world while its model is made is noted with its line, at a proof only; the network is refused."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from workers import Project

pytestmark = pytest.mark.slow  # each starts an interpreter of its own

NET = """
import os
import subprocess
import tempfile
from pathlib import Path

def model(outside):
    with open(os.path.join(outside, "labels.txt")) as file:
        file.read()
    Path(outside, "made.txt").write_text("x")
    Path(outside, "made.txt").read_text()
    os.makedirs(os.path.join(outside, "folder"), exist_ok=True)
    os.makedirs(os.path.join(outside, "folder"), exist_ok=True)
    os.rename(os.path.join(outside, "made.txt"), os.path.join(outside, "moved.txt"))
    subprocess.run(["true", "secret"])
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x")
    open(__file__).close()
    open(os.devnull, "w").close()
    import noisy
    def run(x):
        open(os.path.join(outside, "labels.txt")).close()
        return x
    return run
"""
DEEDS = [
    ("read", "reads", "labels.txt", 'with open(os.path.join(outside, "labels.txt")) as file:'),
    ("change", "writes", "made.txt", 'Path(outside, "made.txt").write_text("x")'),
    ("change", "makes the folder", "folder", 'os.makedirs(os.path.join(outside, "folder"), exist_ok=True)'),
    ("change", "renames", "moved.txt", 'os.rename(os.path.join(outside, "made.txt"), os.path.join(outside, "moved.txt"))'),
    ("process", "starts", "true", 'subprocess.run(["true", "secret"])'),
]  # fmt: skip


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that no replay has, beside a folder for temporary files."""
    for name in ("outside", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "outside" / "labels.txt").write_text("a")
    return tmp_path / "outside"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose model is made by a factory."""
    folder = tmp_path / "project"
    folder.mkdir()
    made = Project(folder)
    made.write("net.py", NET)
    made.job["watched"] = True
    return made


def test_deeds_are_noted_with_their_lines(project: Project, outside: Path) -> None:
    """Files and processes count once each and by name only; the own source, temporary files and the run itself do not."""
    noisy = project.write("noisy.py", "", outside.parent / "packages")
    noisy.write_text(f"open({str(outside / 'kept.txt')!r}, 'w').close()\n")
    project.write("net.py", f"import sys\nsys.path.append({str(noisy.parent)!r})\n" + NET)
    project.job["model"]["init"] = {"args": [str(outside)], "kwargs": {}}
    project.job["hidden"] = [str(outside)]
    left = project.run()
    found = [(deed["kind"], deed["does"], deed["name"], deed["at"]["text"]) for deed in left.result["deeds"]]

    assert left.result["error"] is None
    assert found == DEEDS
    assert left.result["deeds"][0]["at"] == {
        "file": "source/net.py", "line": 10, "function": "model",
        "text": 'with open(os.path.join(outside, "labels.txt")) as file:',
    }  # fmt: skip
    assert (outside / "kept.txt").exists()


def test_nothing_is_watched_at_a_replay(project: Project, outside: Path) -> None:
    """There the walls decide."""
    project.job["watched"] = False
    project.write("net.py", NET.replace("    import noisy\n", ""))
    project.job["model"]["init"] = {"args": [str(outside)], "kwargs": {}}
    left = project.run()

    assert left.result["error"] is None
    assert "deeds" not in left.result


class _Quiet(http.server.BaseHTTPRequestHandler):
    """Says yes to everything."""

    def do_GET(self) -> None:
        """Answer."""
        self.server.asked = True  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    """A real server on this machine."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Quiet) as made:
        made.asked = False  # type: ignore[attr-defined]
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


FETCH = """
import socket
from urllib.request import urlopen

def model(port, caught):
    here, there = socket.socketpair()
    here.close(), there.close()
    try:
        urlopen(f"http://localhost:{port}/weights").read()
    except OSError:
        if not caught:
            raise
    return lambda x: x
"""
LINE = {
    "file": "source/net.py",
    "line": 9,
    "function": "model",
    "text": 'urlopen(f"http://localhost:{port}/weights").read()',
}


@pytest.mark.parametrize("caught", [True, False])
def test_the_network_is_refused(project: Project, server: http.server.HTTPServer, caught: bool) -> None:
    """Nothing reaches the server, the line is noted, and the source may go on without."""
    project.write("net.py", FETCH)
    project.job["model"]["init"] = {"args": [server.server_port, caught], "kwargs": {}}
    left = project.run()
    refused = "NetworkRefused: a model that is made from its bundle has no network"

    assert not server.asked  # type: ignore[attr-defined]
    assert left.result["deeds"] == [{"kind": "network", "does": "connects to a host", "name": "", "at": LINE}]
    assert left.result["stage"] == ("done" if caught else "build")
    assert left.result["error"] == (None if caught else f"URLError: <urlopen error {refused.partition(': ')[2]}>")
    assert caught or left.result["at"] == LINE


def test_the_network_is_refused_to_the_run_too(project: Project, server: http.server.HTTPServer) -> None:
    """A model that asks a server for its answer is no model that a bundle can hold."""
    project.write("net.py", FETCH.replace("return lambda x: x", "return 1").replace("def model", "def fetch")
                  + f"def model(x):\n    return fetch({server.server_port}, False)\n")  # fmt: skip
    left = project.run()

    assert (left.result["stage"], left.result["at"]) == ("run", {**LINE, "function": "fetch"})
    assert [deed["kind"] for deed in left.result["deeds"]] == ["network"]


FAILING = {
    "in the source": ("def model(x):\n    return one(x)\ndef one(x):\n    raise ValueError(x.shape)", 4, "one", "raise ValueError(x.shape)"),
    "in a library": ("import numpy\ndef model(x):\n    return numpy.linalg.inv(x)", 3, "model", "return numpy.linalg.inv(x)"),
    "at import": ("import no_such_module", 1, "<module>", "import no_such_module"),
    "of syntax": ("x = 1\ndef model(x) return x", 2, "<module>", "def model(x) return x"),
    "long": (f"raise ValueError('{'x' * 500}')", 1, "<module>", f"raise ValueError('{'x' * 182}"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "line", "function", "text"), FAILING.values(), ids=FAILING)
def test_an_error_says_which_line(project: Project, source: str, line: int, function: str, text: str) -> None:
    """The innermost line of the bundle's source that it came through, by its path in the bundle."""
    project.write("net.py", source)

    assert project.run().result["at"] == {"file": "source/net.py", "line": line, "function": function, "text": text}


def test_an_error_without_a_line_of_the_source(project: Project) -> None:
    """Where the source was not even found there is no line; files of the bundle go by their path in it."""
    project.job["model"]["entry"] = "no_such_module:model"
    left = project.run()

    assert left.result["at"] is None
    project.job["model"]["entry"] = "net:model"
    project.write("net.py", "def model(x):\n    open(__file__ + '.txt')")
    assert project.run().result["error"].endswith("No such file or directory: 'source/net.py.txt'")
