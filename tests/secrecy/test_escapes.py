"""Secrets behind escapes, colours and in lists; what a capture outlives; what is told as not read."""

from __future__ import annotations

import io
import json
import random
import struct
import tarfile
import zipfile

import planted
import pytest
from tiny import tiny_bundle

from reprobundle import withholding
from reprobundle.bundle import verify
from reprobundle.components.claims import Section
from reprobundle.components.claims.section import Claim
from reprobundle.errors import UnavailableError
from reprobundle.secrecy.assignments import NAME as ASSIGNED
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.holding import file_holds
from reprobundle.secrecy.searching import search
from reprobundle.secrecy.unpacking import MAX_MEMBERS
from reprobundle.secrecy.values import cleaned

DRAWN = planted.drawn("escapes")
TOKEN, OTHER = DRAWN["hub-token"], DRAWN["github-token"]
KEY = DRAWN["private-key"][:32]
PASSWORD = KEY[:14]


def _rules(content: bytes | str, path: str = "a.txt") -> list[str]:
    return [hit.rule for hit in search(content.encode() if isinstance(content, str) else content, path)]


@pytest.mark.parametrize("before", ["\n", "\t", "\r\n", "\x1b[32m", "\x1b[1;31m", "\x1b[0m"])
@pytest.mark.parametrize(("token", "rule"), [(TOKEN, "hub-token"), (OTHER, "github-token"), (DRAWN["aws-access-key"], "aws-access-key"), (DRAWN["openai-key"], "openai-key")], ids=["hub", "github", "aws", "openai"])  # fmt: skip
def test_after_an_escape(before, token, rule):
    """The letter that ends an escape is none of the token, raw, in JSON, in a notebook and in Python."""
    text = f"login{before}{token}\nok"
    cell = {"cells": [{"outputs": [{"output_type": "stream", "text": [text]}]}]}

    assert [_rules(one, path) for one, path in [(text, "a.log"), (json.dumps({"o": text}), "a.json"),
            (json.dumps(cell), "a.ipynb"), (f"x = {text!r}", "a.py")]] == [[rule]] * 4  # fmt: skip


@pytest.mark.parametrize("spelled", ["hf\\u005f", "hf\\x5f", "\\x68f_", "\\u0068\\u0066_"])
def test_letters_as_their_numbers(spelled):
    """JSON and programs may write any letter so."""
    assert _rules(f't = "{spelled}{TOKEN[3:]}"', "a.py") == ["hub-token"]


def _zip(*members: bytes, count: int = 1) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            for member in members:
                archive.writestr(f"{number}-{len(member)}", member)
    return file.getvalue()


def _of_version_9(archive: bytes) -> bytes:
    place = archive.rfind(b"PK\x01\x02")
    return archive[: place + 6] + struct.pack("<H", 99) + archive[place + 8 :]


def _sparse() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("a")
        member.pax_headers = {"GNU.sparse.map": "0,1,a"}
        archive.addfile(member)
    return file.getvalue()


@pytest.mark.parametrize("content", [_of_version_9(_zip(b"x")), _sparse(), _zip(b"words " * 99)[:-9]],
                         ids=["version", "sparse", "broken"])  # fmt: skip
def test_broken_archives_are_told(content):
    """What the libraries cannot read ends no capture, and is told as not searched."""
    gate = Gate()

    assert gate.look("data.bin", content) == ()
    assert withholding.unsearched(gate) == "parts of data.bin were not searched for secrets"


def test_a_broken_archive_holds_no_known_secret(tmp_path):
    """The search for a split's salt outlives it, too."""
    place = tmp_path / "data.zip"
    place.write_bytes(_of_version_9(_zip(b"x")))

    assert not file_holds(place, [b"a salt of sixteen"])


def test_no_broken_archive_ends_a_search():
    """Whatever bytes are wrong in a zip or a tar file."""
    source, seeds = random.Random(9), [_zip(b"one", b"three"), _sparse()]
    for _ in range(2000):
        content = bytearray(source.choice(seeds))
        for _ in range(source.choice([1, 2, 8])):
            content[source.randrange(len(content))] = source.choice([0, 255, 57, source.randrange(256)])

        assert search(bytes(content), "a.bin") == ()


def _deep(times: int) -> bytes:
    content = TOKEN.encode()
    for _ in range(times):
        content = _zip(content)
    return content


@pytest.mark.parametrize(
    "content", [_deep(4), _zip(b"x", count=MAX_MEMBERS + 1), _zip(bytes(33 * 2**20))], ids=["deep", "many", "large"]
)
def test_what_is_cut_off_within_an_archive_is_told(content):
    """Members that are too deep, too many or too large are no silence."""
    gate = Gate()

    assert gate.look("m.zip", content) == ()
    assert gate.unsearched == {"m.zip": 0}


def test_what_is_read_to_the_end_is_not_told():
    """Three deep is deep enough."""
    gate = Gate()

    assert [hit.rule for hit in gate.look("m.zip", _deep(3))] == ["hub-token"]
    assert gate.unsearched == {}


def test_a_field_with_a_form_gets_a_word():
    """A marker does not fit the id of a claim: a word does, each another one, and the others stay as they are."""
    low = TOKEN.lower()
    ids = [f"{before}{low}" for before in ("", "z-")]
    section = Section(claims=tuple(Claim(id=one, text="t", value=1.0) for one in (*ids, "ok")))
    gate = Gate()

    assert sorted(one.id for one in cleaned(section, gate, "/claims").claims) == [
        "left-out-hub-token",
        "left-out-hub-token-2",
        "ok",
    ]
    assert [leak.path for leak in gate.leaks] == [f"manifest.json/claims/claims/{index}/id" for index in (0, 1)]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"api_keys:\n  - {KEY}\n  - x\n", "a.yaml"),
        (f'{{"api_keys": ["short", "{KEY}"]}}'.replace('"short", ', ""), "a.json"),
        (f'API_KEYS = ["{KEY}"]', "a.py"),
        (f'Elasticsearch(api_key=("{KEY}", "x"))', "a.py"),
        (f'p.add_argument("--api-key", default="{KEY}")', "a.py"),
        (f'api_key: str = field(default="{KEY}")', "a.py"),
        (f"password = {PASSWORD}\n\0", "a.cfg"),
    ],
)
def test_further_ways_to_give_a_value(text, path):
    """Lists under a name, options with a default, fields, and a text in which somebody left a null byte."""
    assert _rules(text, path) == [ASSIGNED]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f't = "{TOKEN[:3]}{{}}".format("{TOKEN[3:]}")', "hub-token"),
        (f't = "{TOKEN[:3]}%s" % "{TOKEN[3:]}"', "hub-token"),
        (f"{TOKEN}_run1", "hub-token"),
        (f'h = {{"Authorization": f"Bearer {KEY}"}}', "authorization"),
        (f"Set-Cookie: a=b; sessionid={DRAWN['wandb-key'][:32]}; Path=/", "session-cookie"),
    ],
)
def test_further_spellings(text, rule):
    """Gaps that a literal fills, a word behind a token, a header in an f-string, a cookie."""
    assert _rules(text, "a.py") == [rule]


@pytest.mark.parametrize("name", ["sample_token", "scene_token", "dataset_token", "sensor_token", "data_key", "cache_key",
                                  "etag_key", "sort_key", "rng_key", "prng_key", "state_dict_key"])  # fmt: skip
def test_keys_of_data_are_none(name):
    """What data sets and programs call rows, entries and states."""
    value = DRAWN["wandb-key"][:32]

    assert _rules(f'{{"{name}": "{value}"}}', "a.json") == _rules(f"id,{name}\n1,{value}\n", "a.csv") == []


def test_rows_that_are_numbered_by_tokens():
    """A column, or a field of every row, that is called token and holds 32 hex digits."""
    source = random.Random(4)
    numbers = [f"{source.getrandbits(128):032x}" for _ in range(20)]

    assert _rules("token,name\n" + "".join(f"{one},x\n" for one in numbers), "a.csv") == []
    assert _rules(json.dumps([{"token": one, "name": "x"} for one in numbers], indent=0), "a.json") == []


def test_null_bytes_take_no_time():
    """Many are as good as a few; what follows them is found."""
    assert _rules(bytes(8 * 2**20) + b"\x7fELF\0" + TOKEN.encode() + bytes(99)) == ["hub-token"]


def test_a_search_before_publishing_ends(tmp_path, monkeypatch):
    """What could not be searched in time is not published."""
    pytest.importorskip("detect_secrets")
    monkeypatch.setattr(withholding, "PUBLISH_SECONDS", -1.0)
    bundle = verify(tiny_bundle(tmp_path / "bundle"))

    with pytest.raises(UnavailableError, match="^the bundle could not be searched for secrets in -1 seconds: "):
        withholding.refuse_published(bundle)
