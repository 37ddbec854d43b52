"""What several tests of the environment's rooms need: nobody's package settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reprobundle.components.environment.rebuilding.cache import VARIABLE


@pytest.fixture
def nobodys_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of this test's own, and no index but the ones that a test names."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
