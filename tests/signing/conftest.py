"""Keys that every test of signatures shares, and a bundle to sign."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from tiny import tiny_bundle
from verbs import call

from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError
from reprobundle.signing import KeySigner, PublicKey, Roots, Trust, check, sign

__all__ = ["call"]  # a fixture

HERE = all(map(find_spec, ("model_signing", "OpenSSL")))
collect_ignore_glob = [] if HERE else ["test_*.py"]  # they need the extra ``signing``

if HERE:
    from signing_keys import certify, write_key


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ada's key and her certificate under a root; another person's key, an encrypted one, another root."""
    folder = tmp_path_factory.mktemp("keys")
    ada = write_key(folder, "ada")
    write_key(folder, "eve")
    write_key(folder, "locked", password=b"open sesame")
    root = certify(folder, "root", write_key(folder, "root"))
    certify(folder, "other-root", write_key(folder, "other-root"))
    certify(folder, "ada", ada, root)
    return folder


@pytest.fixture(scope="session")
def readers(keys: Path) -> dict[str, Trust]:
    """What a reader may trust; ``right`` and ``right root`` are Ada's."""
    return {
        "right key": PublicKey(keys / "ada.pub"),
        "other key": PublicKey(keys / "eve.pub"),
        "right root": Roots([keys / "root.crt"]),
        "right root, expired or not": Roots([keys / "root.crt"], allow_expired=True),
        "other root": Roots([keys / "other-root.crt"]),
        "both roots": Roots([keys / "other-root.crt", keys / "root.crt"]),
        "own certificate": Roots([keys / "ada.crt"]),
    }


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle that nobody signed."""
    return tiny_bundle(tmp_path / "tiny")


@pytest.fixture
def signed(bundle: Path, keys: Path) -> Path:
    """The same, signed by Ada."""
    sign(verify(bundle), KeySigner(keys / "ada.key"))
    return bundle


@pytest.fixture
def refusal() -> Callable[[Path, Trust], str]:
    """What a check says after our own verify let the folder pass."""

    def said(folder: Path, trust: Trust) -> str:
        with pytest.raises(RefusedInputError) as caught:
            check(verify(folder), trust)
        return str(caught.value)

    return said
