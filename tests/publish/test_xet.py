"""Large files by xet, as the real Hub keeps them: hf_xet itself on both ends, with a folder as its storage.

What hf_xet does over a network, and how it resumes there, is not tested: its storage of that kind is not to be had.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pytest
from hub_play import NAME, SOURCE, files_of, weighty
from hub_server import SETTINGS, TOKEN

pytestmark = pytest.mark.slow
SIZE = 300_000


@pytest.fixture(scope="module", autouse=True)
def xet():
    """The library that the Hub's own brings along on most machines."""
    return pytest.importorskip("hf_xet")


def _verb(server, tmp_path, *argv, **variables):
    person = {"HF_ENDPOINT": server.endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "home"), "COLUMNS": "100"}
    own = {"HF_HUB_DISABLE_XET": "0", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0", "HF_XET_CACHE": str(tmp_path / "xet")}
    environment = {**os.environ, **SETTINGS, **own, **person, **variables}
    command = [sys.executable, "-m", "reprobundle", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def _stored(folder):
    return sum(place.stat().st_size for place in folder.rglob("*") if place.is_file())


def _expect(server, xet, bundle):
    weights = bundle.path / "model.safetensors"
    content = weights.read_bytes()
    server.expected[hashlib.sha256(content).hexdigest()] = (content, xet.hash_files([str(weights)])[0].hash)


def test_there_and_back_by_xet(server, xet, tmp_path):
    """Weights go to the storage of xet and come from it alone; the same weights again, and a pull in another cache."""
    cas = tmp_path / "cas"
    cas.mkdir()
    server.cas = str(cas)
    bundle, other = weighty(tmp_path / "a", SIZE), weighty(tmp_path / "b", SIZE, lr=0.2)
    _expect(server, xet, bundle)
    published = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME)
    kept = _stored(cas)
    pulled = _verb(server, tmp_path, "pull", SOURCE, tmp_path / "1", HF_HOME=str(tmp_path / "elsewhere"))
    again = _verb(server, tmp_path, "publish", "hub", other.path, NAME)

    assert (published.returncode, published.stderr) == (0, "")
    assert (pulled.returncode, pulled.stderr) == (0, "")
    assert (again.returncode, again.stderr) == (0, "")
    assert files_of(tmp_path / "1") == files_of(bundle.path)
    assert kept > 0
    assert _stored(cas) == kept
    assert server.large_bytes == 0
    assert server.store == {}


def test_a_hub_without_xet_is_told_with_the_way_out(server, tmp_path):
    """Where a Hub has no such storage, one line says how to send large files the older way; with that it works."""
    bundle = weighty(tmp_path / "a", SIZE)
    refused = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME)
    older = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME, HF_HUB_DISABLE_XET="1")

    assert refused.returncode == 3
    assert refused.stderr.splitlines()[-1] == (
        "hint: set HF_HUB_DISABLE_XET=1: large files then go the older way, by git's protocol; "
        f"the repository {NAME}, new and without a bundle, stays"
    )
    assert TOKEN not in refused.stdout + refused.stderr
    assert (older.returncode, older.stderr) == (0, "")
    assert server.large_bytes == (bundle.path / "model.safetensors").stat().st_size
