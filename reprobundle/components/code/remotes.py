"""The address of a git remote, cut down to what may be published."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from reprobundle.secrecy.placeholders import is_drawn
from reprobundle.secrecy.searching import search

_NETWORK = frozenset({"http", "https", "ssh", "git", "git+ssh", "git+https", "git+http", "ftp", "ftps"})
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]+):(?P<path>[^:@?#]+)")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_PASSWORD = re.compile(r"[^/@\s:]*:[^/@\s]+@")  # of a form without a protocol
_TELLING = re.compile(r"token|secret|passw|signature|credential|key|auth", re.IGNORECASE)
SHORTEST_TOKEN = 16
_PATH = re.compile(r"[A-Za-z0-9._~+/-]+")


def public_address(url: str) -> str | None:
    """Host and path of a remote, e.g. ``example.org/group/project.git``.

    Protocol, user, password, port, query and fragment are cut. None when the address is a folder of this machine, or
    of a form in which a password could hide.
    """
    split = _split(url)
    if split is None:
        return None
    host, path = split
    path = path.strip("/")
    return f"{host.lower()}/{path}" if _HOST.fullmatch(host) and _PATH.fullmatch(path) else None


def holds_credential(url: str) -> bool:
    """Whether an address has a password or a token in it, which `public_address` cuts: it may have been seen by others.

    Args:
        url: Of a git remote, as it is configured.
    """
    try:
        parts = urlsplit(url) if "://" in url else None
        user, given = (parts.username or "", parse_qsl(parts.query)) if parts else ("", [])
    except ValueError:  # no address at all
        return False
    asked = any(_TELLING.search(name) and len(value) >= SHORTEST_TOKEN for name, value in given)
    token = len(user) >= SHORTEST_TOKEN and is_drawn(user)
    password = parts.password if parts else _PASSWORD.match(url)
    return asked or token or bool(password) or bool(search(url.encode("utf-8", "replace"), "url.txt"))


def _split(url: str) -> tuple[str, str] | None:
    if "://" not in url:
        scp = _SCP.fullmatch(url)
        return (scp["host"], scp["path"]) if scp else None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:  # unbalanced brackets in the host
        return None
    return (host, parts.path) if parts.scheme.lower() in _NETWORK and host else None
