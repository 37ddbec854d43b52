"""The address of a git remote, cut down to what may be published."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_NETWORK = frozenset({"http", "https", "ssh", "git", "git+ssh", "git+https", "git+http", "ftp", "ftps"})
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]+):(?P<path>[^:@?#]+)")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
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
