"""Killed anywhere: the branch shows the old commit or the new one, and the same once more completes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
from hub_play import NAME, WARNINGS, files_of, publish_to, weighty
from hub_server import SETTINGS, TOKEN, ConnectionCut

pytestmark = pytest.mark.filterwarnings(WARNINGS)
POINTS = 20
PART = 40_000
PUBLISHING = """
import os, sys
from huggingface_hub import HfApi
from huggingface_hub.hf_api import RepoFile
from reprobundle.bundle import verify
from reprobundle.linting import gate
from reprobundle.publish import hub
from reprobundle.publish.patience import Patience
from reprobundle.secrecy.library import library_rules

library_rules()
place, name, endpoint, token = sys.argv[1:]
for line in sys.stdin:
    child = os.fork()
    if not child:
        break
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
patience = Patience(tries=3, pause=0.01)
hub.publish(verify(place), name, endpoint=endpoint, token=token, patience=patience)
os._exit(0)
"""


class _Publisher:
    """A process that has imported all, and forks for each run: a start would take longer than the run."""

    def __init__(self, server, bundle):
        argv = [sys.executable, "-W", "ignore", "-c", PUBLISHING, str(bundle.path), NAME, server.endpoint, TOKEN]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen(argv, text=True, env={**os.environ, **SETTINGS}, **pipes)

    def start(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self):
        return int(self.process.stdout.readline())


@pytest.fixture
def running(server, tmp_path):
    """An earlier bundle on the branch, and what publishes another one with weights in several parts over it."""
    server.part = PART
    server.new(NAME)
    publish_to(server, weighty(tmp_path / "old", 1000))
    bundle = weighty(tmp_path / "new", 6 * PART, seed=2, lr=0.2)
    publisher = _Publisher(server, bundle)
    yield server, bundle, publisher
    publisher.process.stdin.close()
    publisher.process.wait(60)
    publisher.process.stdout.close()


def _killing(server, publisher, at, *, lost):
    """Kill the process that publishes when its request number `at` has come, which is then answered or lost."""
    count, pid = [0], [0]

    def before(verb, path):
        count[0] += 1
        if count[0] == at:
            os.kill(pid[0], signal.SIGKILL)
            if lost:
                raise ConnectionCut

    server.before = before
    pid[0] = publisher.start()
    return publisher.end()


@pytest.mark.slow
def test_a_kill_at_any_point_leaves_the_old_or_the_new(running):
    """Over all its requests, answered or lost with it: never half a bundle, and the next run completes what is there."""
    server, bundle, publisher = running
    repository = server.repositories[NAME]
    old, before, kept = repository.branches["main"], dict(repository.commits), dict(server.store)
    new = files_of(bundle.path)
    server.asked.clear()
    publisher.start()
    assert publisher.end() == 0
    requests = len(server.asked)
    seen = set()

    for point in range(POINTS):
        repository.branches["main"], repository.commits, server.store = old, dict(before), dict(kept)
        at = 1 + point * (requests - 1) // (POINTS - 1)
        code = _killing(server, publisher, at, lost=point % 2 == 1)
        shown = repository.tree()
        seen.add("old" if repository.branches["main"] == old else "new")
        assert code == -signal.SIGKILL, at
        assert shown in (before[old], {**new, ".gitattributes": shown[".gitattributes"]}), at
        server.before, sent = lambda verb, path: None, server.large_bytes
        in_store = len(server.store) > len(kept)
        publisher.start()
        assert publisher.end() == 0, at
        assert repository.tree() == {**new, ".gitattributes": shown[".gitattributes"]}
        assert server.large_bytes == sent or not in_store, at

    assert requests >= POINTS
    assert seen == {"old", "new"}
