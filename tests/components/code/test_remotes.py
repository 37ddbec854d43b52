"""What of a remote's address is published."""

from __future__ import annotations

import pytest

from reprobundle.components.code.remotes import public_address


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
