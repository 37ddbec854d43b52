"""What in an address is how a store is entered: user, password, keys, signatures. All of it goes before anybody reads it.

A password may hold what ends an address's host (``/``, ``?``, ``#``) and ``@`` itself, although it should be written in
percents. Where a host cannot be told from a password, the address is shown as its scheme alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reprobundle.errors import UsageError

CHAIN = "::"  # between the addresses of a chain, as fsspec writes them

_BEGIN = re.compile(r"(?<![A-Za-z0-9+.-])(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<tail>.*)", re.DOTALL)
_TAIL = re.compile(r"(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?", re.DOTALL)
_HOST = re.compile(r"(?:[^\s:@\[\]]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_NO_USER = re.compile(  # an @ further on is a part of the path: nobody is called so
    r"|(?:[A-Za-z0-9_-]+\.)+[A-Za-z0-9_-]+|(?:localhost|[0-9]+(?:\.[0-9]+){3})(?::[0-9]{1,5})?|datasets|models|spaces"
)
_NAMED = re.compile(r"([/;&])([^/;&=]*)=([^/;&]*)")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET = re.compile(
    r"(?:token|secret|password|passwd|signature|credential|apikey|jwt|bearer|authorization|session_?id)s?$"
    r"|(?:^|[-_.])(?:sig|sign|pass|pwd|auth|key|code|sas|ticket)s?$|key_?id$"
)


def without_credentials(text: str, *, parameters: bool = True) -> str:
    """An address, or one in another, without how its store is entered.

    Args:
        text: The address.
        parameters: Whether query and fragment stay, less what looks like a key or a signature.
    """
    return "".join(_cleaned(piece, parameters=parameters) for piece in _BEGIN.split(text))


def is_ambiguous(text: str) -> bool:
    """Whether an address has an ``@`` after what may be a password with a slash in it, so that no library reads it right."""
    found = [_ADDRESS.fullmatch(piece) for piece in _BEGIN.split(text)]
    return any("@" in one["tail"] and not _is_host(one["authority"]) for one in found if one)


def refuse_ambiguous(text: str) -> None:
    """Refuse such an address.

    Raises:
        UsageError: It is one.
    """
    if is_ambiguous(text):
        message = f"{without_credentials(text, parameters=False)!r}: cannot tell its password from its path"
        raise UsageError(
            message, hint="write / ? # @ of a password as %2F %3F %23 %40, or give keys as storage_options"
        )


def secrets_of(text: str) -> Iterator[str]:
    """Words of an address that may be secret: users, passwords, values of parameters."""
    for piece in _BEGIN.split(text):
        found = _ADDRESS.fullmatch(piece)
        if found is None:
            continue
        authority, tail = found["authority"], found["tail"]
        entered = (authority + tail if _is_in_doubt(authority, tail) else authority).rpartition("@")[0]
        yield entered
        yield from re.split("[:/?#@]", entered)
        yield from re.findall(r"[?&;#][^=&;#]*=([^&;#]+)", tail)


def _cleaned(piece: str, *, parameters: bool) -> str:
    if piece.endswith(CHAIN):
        return _cleaned(piece[: -len(CHAIN)], parameters=parameters) + CHAIN
    found = _ADDRESS.fullmatch(piece)
    if found is None:
        return piece
    authority, tail = found["authority"], found["tail"]
    if _is_in_doubt(authority, tail):
        return f"{found['scheme']}://…"
    parts = _TAIL.fullmatch(tail)
    assert parts is not None  # it takes any text
    kept = f"{found['scheme']}://{authority.rpartition('@')[2]}{_NAMED.sub(_without_secret, parts['path'])}"
    for mark, part in (("?", parts["query"]), ("#", parts["fragment"])) if parameters else ():
        public = "&".join(one for one in re.split("[&;]", part or "") if not _is_secret(one.partition("=")[0]))
        kept += mark + public if public else ""
    return kept


def _is_in_doubt(authority: str, tail: str) -> bool:
    if "@" in tail and ("@" in authority or _NO_USER.fullmatch(authority) is None):
        return True
    return not _is_host(authority)


def _is_host(authority: str) -> bool:
    """Whether it ends in a host, with or without a port."""
    return _HOST.fullmatch(authority.rpartition("@")[2]) is not None


def _without_secret(found: re.Match[str]) -> str:
    mark, name, _ = found.groups()
    if not _is_secret(name):
        return found[0]
    return f"/{name}=…" if mark == "/" else ""


def _is_secret(name: str) -> bool:
    return _SECRET.search(_HUMP.sub("_", name).lower()) is not None
