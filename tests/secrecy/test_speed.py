"""How long a search takes, whatever a file holds."""

from __future__ import annotations

import base64
import random
import time
from pathlib import Path

import planted
import pytest

from reprobundle.secrecy.searching import MOST_HITS, search

SIZE = 2 * 2**20
SLOWEST = 40  # times an ordinary file of that size; measured: 15, and 200 to no end before each rule was bounded
DRAWN = planted.drawn("speed")
UNITS = (
    'password="', "password: ", "password", '_password="aB3$' + chr(97) + "B9xQ", "_authToken =", "token", "aws_", "wandb", "://", "machine a login a password ",
    "PuTTY-User-Key-File-2:", "-----BEGIN PRIVATE " + "KEY-----" + "A" * 60 + " ", "eyJ", "api_key: str = ", "\\n", "sk-",
    '"a" + ', '"a""a"', '".join(["a",', "f\"{'a'}\"", '{"a"}', "&#104;", "&quot;", "%41", "----begin private key", "a" * 30 + ".",
    DRAWN["hub-token"] + " ", f'password="{DRAWN["gitlab-token"]}" ', base64.b64encode(b'password="aB3' + b'$kdjs8x" hello').decode() + "\n",
)  # fmt: skip


def _seconds(content: bytes, path: str) -> float:
    begun = time.process_time()
    search(content, path)
    return time.process_time() - begun


@pytest.fixture(scope="module")
def ordinary() -> float:
    """Seconds for 2 MiB of ordinary source."""
    text = b"".join(place.read_bytes() for place in sorted(Path(random.__file__).parent.glob("*.py")))[:SIZE]
    return min(_seconds(text, "library.py") for _ in range(2))


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(unit, ordinary):
    """A text made to keep a rule busy takes a few times as long as an ordinary one, never its square."""
    content = (unit * (SIZE // len(unit))).encode()

    assert _seconds(content, "a.json") < SLOWEST * ordinary


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "path"), [('"text":["a",', "a.ipynb"), ("password,x\n", "a.csv"), ("f\"{'a'}\"", "a.py")]
)
def test_no_notebook_table_or_program_takes_long(unit, path, ordinary):
    """What is read by its ending is read in one pass."""
    content = (unit * (SIZE // len(unit))).encode()

    assert _seconds(content, path) < SLOWEST * ordinary


def test_a_file_full_of_secrets():
    """After a few hundred of a rule one without a place tells that there are more, so that nothing is cut out halfway."""
    rows = "".join(f'{{"password": "kD9x{index * 7919}zQ!"}}\n' for index in range(2 * MOST_HITS))
    found = search(rows.encode(), "users.json")

    assert len(found) == MOST_HITS + 1
    assert [hit.start for hit in found if hit.line is None] == [None]


def test_other_rules_go_on():
    """What is beyond the last one told is searched by every other rule."""
    rows = "".join(f'{{"password": "kD9x{index * 7919}zQ!"}}\n' for index in range(2 * MOST_HITS))
    found = search((rows + DRAWN["hub-token"]).encode(), "users.json")

    assert [hit.line for hit in found if hit.rule == "hub-token"] == [2 * MOST_HITS + 1]
