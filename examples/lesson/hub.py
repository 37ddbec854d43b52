"""A Hub of your own, in this process, for as long as it runs: to follow the course without an account or a network.

It is the one the project's tests use, so this file needs the rest of the clone.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2] / "tests"


@contextmanager
def running() -> Iterator[dict[str, str]]:
    """What to set in the environment of programs that are to use it; what they download is forgotten afterwards."""
    sys.path.append(str(TESTS))
    from hub_server import SETTINGS, TOKEN, hub

    sys.path.remove(str(TESTS))
    with hub() as server, tempfile.TemporaryDirectory() as home:
        own = {"HF_ENDPOINT": server.endpoint, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0", "HF_HOME": home}
        yield {**SETTINGS, **own}


if __name__ == "__main__":
    with running() as settings:
        print("in another terminal, until this one is closed:")
        print("export " + " ".join(f"{name}={value}" for name, value in settings.items()), flush=True)
        try:
            time.sleep(10**6)
        except KeyboardInterrupt:
            sys.exit()
