"""Which names of files hold secrets."""

from __future__ import annotations

import pytest

from reprobundle.secrecy.names import is_secret


@pytest.mark.parametrize(
    "path",
    [".env", "a/.env.local", "prod.env", ".envrc", "a/b/server.pem", "TLS.KEY", "id_rsa", "id_ed25519_work", ".netrc",
     "_netrc", ".ssh/config", "x/.aws/config", ".pypirc", "credentials.json", "kaggle.json", "secrets.toml",
     ".git-credentials", "service-account-1.json", "store.jks"],
)  # fmt: skip
def test_secret(path):
    """Names that by custom hold keys or passwords are known."""
    assert is_secret(path)


@pytest.mark.parametrize(
    "path",
    [".env.example", "env.py", "environment.yml", "id_rsa.pub", "keys.py", "keyboard.json", "secrets.py", "token.py",
     "credentials.py", "ssh/config", "a.pem.md", "monkey"],
)  # fmt: skip
def test_no_secret(path):
    """Names that only look alike are let through."""
    assert not is_secret(path)
