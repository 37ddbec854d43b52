"""What of a remote's address is published."""

from __future__ import annotations

import planted
import pytest

from reprobundle.components.code.remotes import holds_credential, public_address

DRAWN = planted.drawn("remotes")["hub-token"]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://example.org/group/project.git", "example.org/group/project.git"),
        ("https://user:s3cr3t@example.org/project.git", "example.org/project.git"),
        ("https://t0k3n@Example.org:8443/a/b.git/", "example.org/a/b.git"),
        ("https://example.org/a.git?token=s3cr3t#s3cr3t", "example.org/a.git"),
        ("ssh://git@example.org:22/a/b.git", "example.org/a/b.git"),
        ("git@example.org:group/project.git", "example.org/group/project.git"),
        ("example.org:project", "example.org/project"),
        ("git://example.org/~ada/project", "example.org/~ada/project"),
        ("https://user:p@ss/s3cr3t@example.org/a.git", None),
        ("https://user:p@example.org/a%40b", None),
        ("/home/ada/project", None),
        ("../project", None),
        ("file:///home/ada/project", None),
        ("C:\\Users\\ada\\project", None),
        ("C:/Users/ada/project", None),
        ("ext::sh -c s3cr3t", None),
        ("https://[broken/a", None),
        ("https://", None),
        ("https://example.org", None),
        ("", None),
        ("user:s3cr3t@example.org:a/b", None),
    ],
)
def test_address(url, address):
    """Host and path remain; whatever could carry a credential or a folder of this machine does not."""
    assert public_address(url) == address


@pytest.mark.parametrize(
    ("url", "held"),
    [
        ("https://user:s3cr3t@example.org/project.git", True),
        ("https://t0k3nA9bX3dQ8zK1p@example.org/a.git", True),
        (f"https://example.org/a.git?private_token={DRAWN}", True),
        ("user:s3cr3t@example.org:a/b", True),
        ("https://ada@example.org/project.git", False),
        ("https://example.org:8443/a/b.git?ref=main", False),
        ("git@example.org:group/project.git", False),
        ("/home/ada/project", False),
        ("C:\\Users\\ada\\project", False),
        ("https://[broken/a", False),
        ("", False),
    ],
)
def test_credentials_are_known(url, held):
    """A password, or a user or a parameter that looks like a token; a name alone is none."""
    assert holds_credential(url) is held
