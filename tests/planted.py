"""Made-up secrets of twelve kinds, drawn anew from a seed so that none stands in a file, and how to look for them in bytes."""

from __future__ import annotations

import base64
import gzip
import random
import re
import string
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

LETTERS = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
KINDS = (
    "hub-token",
    "aws-access-key",
    "google-key",
    "azure-key",
    "github-token",
    "gitlab-token",
    "slack-token",
    "openai-key",
    "wandb-key",
    "databricks-token",
    "pypi-token",
    "private-key",
)


def drawn(seed: str) -> dict[str, str]:
    """One secret a kind, always the same for a seed."""
    source = random.Random(seed)

    def some(count: int, letters: str = LETTERS) -> str:
        return "".join(source.choice(letters) for _ in range(count))

    return {
        "hub-token": "hf_" + some(34),
        "aws-access-key": "AKIA" + some(16, string.ascii_uppercase + "234567"),
        "google-key": "AIza" + some(35),
        "azure-key": some(86) + "==",
        "github-token": "ghp_" + some(36),
        "gitlab-token": "glpat-" + some(20),
        "slack-token": "xoxb-" + some(12, string.digits) + "-" + some(24),
        "openai-key": "sk-proj-" + some(64),
        "wandb-key": some(40, HEX),
        "databricks-token": "dapi" + some(32, HEX),
        "pypi-token": "pypi-" + "AgEIcHlwaS5vcmc" + some(80),
        "private-key": some(64),
    }


def named(kind: str, secret: str) -> tuple[str, str]:
    """The name that a kind of secret is usually given, and the value that holds it."""
    value = {
        "azure-key": "AccountName=a;" + "AccountKey=" + secret,
        "private-key": "-----BEGIN RSA " + f"PRIVATE KEY-----\\n{secret}\\n-----END RSA " + "PRIVATE KEY-----",
    }.get(kind, secret)
    return ("wandb_api_key" if kind == "wandb-key" else f"{kind.replace('-', '_')}_value"), value


def lines(secrets: dict[str, str]) -> str:
    """A Python file that gives each to a name, one a line, in the order of the kinds."""
    return "".join('{} = "{}"\n'.format(*named(kind, secrets[kind])) for kind in KINDS)


def standing(folder: Path, secrets: dict[str, str]) -> list[tuple[str, str]]:
    """The secrets that stand in a folder's files or their names, with the file: plain, wide, spelled otherwise, or packed."""
    found = []
    for place in sorted(folder.rglob("*")):
        content = place.name.encode() + b"\n" + (place.read_bytes() if place.is_file() else b"")
        views = [content, *_opened(place)]
        for kind, secret in secrets.items():
            if any(spelling in view for view in views for spelling in _spellings(secret)):
                found.append((kind, place.relative_to(folder).as_posix()))
    return found


def _spellings(secret: str) -> Iterator[bytes]:
    plain = secret.encode()
    yield from (plain, secret.encode("utf-16-le"), secret.encode("utf-16-be"), plain.hex().encode())
    for before in range(3):  # base64 has three ways to write the same, by what stands before
        spelled = base64.b64encode(b"-" * before + plain)
        yield spelled[4:-4]
    yield plain[4:-4]  # the larger part is too much, too


def _opened(place: Path) -> Iterator[bytes]:
    """What packed bytes hold: gzip, the members of a zip, git's own deflated objects, base64 runs of a text."""
    if not place.is_file():
        return
    content = place.read_bytes()
    if zipfile.is_zipfile(place):
        with zipfile.ZipFile(place) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for start in (found.start() for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", content)):
        inflater = zlib.decompressobj(wbits=47)
        try:
            yield inflater.decompress(content[start:])
        except zlib.error:  # it only looked like a beginning
            continue
    for run in re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", content):
        yield base64.b64decode(run[: len(run) // 4 * 4])


def packed(secret: str) -> bytes:
    """A secret in a gzip file."""
    return gzip.compress(secret.encode(), mtime=0)
