"""A pull that was killed is taken up: what is whole is kept, what is not comes again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from hub_play import NAME, QUICK, SOURCE, WARNINGS, files_of, publish_to, pull_from, raising, weighty
from hub_server import SETTINGS, TOKEN, ConnectionCut

from reprobundle.errors import UnavailableError
from reprobundle.publish import gathering
from reprobundle.publish.hub import pull

pytestmark = pytest.mark.filterwarnings(WARNINGS)
SIZE = 200_000
PULLING = """
import sys
from reprobundle.publish.hub import pull
pull(sys.argv[1], sys.argv[2], endpoint=sys.argv[3], token=sys.argv[4])
"""


def _asked(server, part):
    return [path for verb, path in server.asked if verb == "GET" and part in path]


def _kill_at(server, part, target):
    """Pull in a process that is killed when it asks for what holds `part`, once the rest has come."""
    argv = [sys.executable, "-W", "ignore", "-c", PULLING, SOURCE, str(target), server.endpoint, TOKEN]
    process = subprocess.Popen(argv, env={**os.environ, **SETTINGS})
    room = gathering.place(target, server.endpoint, NAME, server.repositories[NAME].branches["main"])

    def before(verb, path):
        if part in path and verb == "GET":
            while not (room / "model.safetensors").is_file():
                pass
            os.kill(process.pid, signal.SIGKILL)
            raise ConnectionCut

    server.before = before
    assert process.wait(60) == -signal.SIGKILL
    server.before = lambda verb, path: None
    return room


@pytest.mark.skipif(sys.platform == "win32", reason="needs a signal that kills")
def test_what_came_before_a_kill_is_not_fetched_again(server, tmp_path):
    """The weights that had come stay and are taken up; what somebody spoiled meanwhile, or put there, is not."""
    bundle = weighty(tmp_path / "a", SIZE)
    publish_to(server, bundle)
    room = _kill_at(server, "README.md", tmp_path / "pulled")
    (room / "evil.py").write_text("x")
    (room / "documentation").mkdir(exist_ok=True)
    (room / "documentation" / "card.yaml").write_bytes(b'"title": "tiny"\n')
    server.asked.clear()
    said = []
    pulled = pull_from(server, tmp_path / "pulled", say=said.append)

    assert _asked(server, "/store/") == []
    assert any(line.startswith("1 file of an earlier run, ") for line in said)
    assert files_of(pulled.path) == files_of(bundle.path)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["a", "pulled"]


@pytest.mark.parametrize("worth", [1, 2**40])
def test_a_cut_pull_is_kept_where_much_has_come(server, tmp_path, monkeypatch, worth):
    """What is little is removed; what is much is kept, beside no folder of the target's name, and the hint says so."""
    monkeypatch.setattr(gathering, "WORTH", worth)
    publish_to(server, weighty(tmp_path / "a", SIZE))
    server.before = raising(ConnectionCut(), "HEAD", "/README.md")
    with pytest.raises(UnavailableError) as caught:
        pull(SOURCE, tmp_path / "pulled", endpoint=server.endpoint, token=TOKEN, patience=QUICK)
    left = [place.name for place in tmp_path.iterdir() if place.name != "a"]

    assert len(left) == (worth == 1)
    assert ("the same command goes on from there" in str(caught.value.hint)) is (worth == 1)


def test_a_room_of_others_is_not_entered(tmp_path):
    """A folder of that name that others can write, or a link, is left alone."""
    target = tmp_path / "pulled"
    room = gathering.place(target, "x")
    room.mkdir()
    room.chmod(0o777)
    (room / "theirs").write_text("x")
    with gathering.gathered(target, "x") as made:
        other = made
    room.rename(tmp_path / "elsewhere")
    room.symlink_to(tmp_path / "elsewhere")
    with gathering.gathered(target, "x") as again:
        pass

    assert room not in (other, again)
    assert (tmp_path / "elsewhere" / "theirs").read_text() == "x"
