"""A Hub for every test of publishing."""

from __future__ import annotations

import pytest
from hub_server import hub
from tiny import tiny_bundle

from reprobundle.bundle import verify


@pytest.fixture(scope="module", autouse=True)
def library():
    """The room needs the extra ``hub``."""
    pytest.importorskip("huggingface_hub")


@pytest.fixture
def server():
    """A running Hub on the loopback."""
    with hub() as running:
        yield running


@pytest.fixture
def bundle(tmp_path):
    """A bundle that nobody published yet."""
    return verify(tiny_bundle(tmp_path / "tiny"))
