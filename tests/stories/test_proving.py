"""The proof is only run where a second copy of the model fits, and says so where it does not."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from projects import NET, TRAIN, make_project, python

import reprobundle
from reprobundle import memory

pytestmark = pytest.mark.slow

NO_ROOM = "from reprobundle import memory\nmemory.host_bytes = memory.total_bytes = lambda: 100\n"


def test_a_model_without_room_for_a_second_copy_is_sealed_unproven(tmp_path: Path) -> None:
    """Under 1.3 times its size in free memory the proof is not run, and the bundle says why."""
    project = make_project(tmp_path / "project", net=NET, train=NO_ROOM + TRAIN)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    manifest = reprobundle.verify(tmp_path / "bundle").manifest

    assert finished.stdout == "not run\n", finished.stderr
    assert manifest.proof.why == "a second copy of the model needs 348 bytes of memory, 100 are free"
    assert manifest.notes[0].message == (
        "a second copy of the model needs 348 bytes of memory, this machine has 100 bytes in all: it cannot be proven here"
    )


def test_the_machine_says_how_much_memory_is_free() -> None:
    """Some mebibytes at least, or this test would not run."""
    free = memory.host_bytes()

    assert free is not None
    assert free > 2**20


def test_an_unproven_bundle_is_told_by_a_warning(tmp_path: Path) -> None:
    """The call returns, and warns."""
    project = make_project(tmp_path / "project", net=NET, train=NO_ROOM + TRAIN)
    finished = python("train.py", str(tmp_path / "bundle"), cwd=project)

    assert finished.returncode == 0
    assert "UnprovenBundleWarning: the bundle 'bundle' is unproven: not run: a second copy" in finished.stderr


def test_a_model_made_in_another_way_is_explained(tmp_path: Path) -> None:
    """A constructor that wants an object where a dictionary was found: the proof says how it was called, and what to do."""
    net = NET.replace("def __init__(self, hidden=8):", "def __init__(self, config):").replace(
        "super().__init__()\n", "super().__init__()\n        hidden = config.hidden\n"
    )
    train = TRAIN.replace("Net(hidden=8)", "Net(type('Config', (), {'hidden': 8}))")
    project = make_project(tmp_path / "project", net=net, train=train)
    python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    proof = reprobundle.verify(tmp_path / "bundle").manifest.proof

    assert proof.why == (
        "at build: AttributeError: 'dict' object has no attribute 'hidden', at code/source/net.py:12 in __init__: "
        "hidden = config.hidden; it was called as "
        "net:Net(config={'hidden': 8, 'lr': 0.1}): if that is not how you make it, name a function of yours that does: "
        "factory="
    )


def test_a_class_that_loads_other_weights_fails_the_proof(tmp_path: Path) -> None:
    """Outputs that agree prove nothing where a tensor that they do not need came back as another."""
    net = NET.replace(
        "super().__init__()\n",
        "super().__init__()\n        self.register_buffer('seen', torch.zeros(2))\n"
        "        self.register_load_state_dict_post_hook(raise_seen)\n",
    )
    net = net.replace("class Net", "def raise_seen(net, _):\n    net.seen.add_(1)\n\n\nclass Net")
    project = make_project(tmp_path / "project", net=net, train=TRAIN)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    assert finished.returncode == 0, finished.stderr
    proof = reprobundle.verify(tmp_path / "bundle").manifest.proof

    assert (proof.status, proof.why) == (
        "failed",
        "the outputs agree, bitwise, but 1 tensor of the model is not the recorded one; "
        "1 of 5 tensors after load differ: 'seen' (other bytes)",
    )


def test_the_order_of_words_in_a_set_is_the_recorded_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that counts on hashes of words gives the same again where the seed of the hashes was recorded."""
    model = "import numpy as np\n\ndef place(x):\n    return x + np.float64(hash('word') % 65521)\n"
    train = (
        "import sys\nimport numpy as np\nimport reprobundle\nfrom model import place\n\n"
        "if __name__ == '__main__':\n"
        "    captured = reprobundle.capture(sys.argv[1], model=place, inputs=np.zeros(2), budget=0)\n"
        "    print(captured.proof.status)\n"
    )
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    project = make_project(tmp_path / "project", model=model, train=train)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    monkeypatch.delenv("PYTHONHASHSEED")
    report = reprobundle.replay(tmp_path / "bundle", env="current", sandbox="none", report=tmp_path / "report")

    assert finished.stdout == "bitwise\n", finished.stderr
    assert report.verdict.sentence == "reproduced, bitwise"


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a real server, which knows no path."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as made:
        made.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign]
        made.RequestHandlerClass.do_GET = lambda handler: (handler.send_response(200), handler.end_headers())  # type: ignore[attr-defined]
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/weights"
        made.shutdown()


def test_a_constructor_that_needs_the_network_fails_the_proof_with_its_line(tmp_path: Path, server: str) -> None:
    """Training could fetch, a replay cannot: the proof says which line asks, and what to do."""
    fetch = f"        import urllib.request\n        urllib.request.urlopen({server!r})\n"
    net = NET.replace("        super().__init__()\n", "        super().__init__()\n" + fetch)
    project = make_project(tmp_path / "project", net=net, train=TRAIN)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    manifest = reprobundle.verify(tmp_path / "bundle").manifest
    line = f"code/source/net.py:13 in __init__: urllib.request.urlopen({server!r})"

    assert finished.stdout == "failed\n", finished.stderr
    assert manifest.proof.why == (
        f"needs the network: {line}; fetch such weights before capture, so that they are part of the model's state, and "
        "keep the constructor from asking for them: init={'pretrained': False} or the like; at build: URLError: <urlopen "
        "error a model that is made from its bundle has no network>"
    )
    assert not [note for note in manifest.notes if "network" in note.message]


def test_what_a_constructor_does_besides_is_noted_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of the author's disk that it reads or writes, and a network that it can do without, by name only."""
    (tmp_path / "labels.txt").write_text("a b c")
    (tmp_path / "temporary").mkdir()
    more = f"""
        import socket
        labels = open({str(tmp_path / "labels.txt")!r}).read()
        open({str(tmp_path / "log.txt")!r}, "a").close()
        try:
            socket.create_connection(("127.0.0.1", 9))
        except OSError:
            pass
"""
    net = NET.replace("        super().__init__()\n", "        super().__init__()" + more)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    project = make_project(tmp_path / "project", net=net, train=TRAIN)
    finished = python("-W", "ignore", "train.py", str(tmp_path / "bundle"), cwd=project)
    notes = [note for note in reprobundle.verify(tmp_path / "bundle").manifest.notes if note.kind == "model"]

    assert finished.stdout == "failed\n", finished.stderr  # a replay would not have the file
    assert [note.message.partition(": code/source/net.py:")[0] for note in notes] == [
        "while its model is made, the source reads 'labels.txt', which is not in the bundle",
        "while its model is made, the source writes 'log.txt'",
        "while its model is made, the source connects to a host and goes on without",
    ]
