"""URLs as texts: what is one, what it names, and how it is shown to a person."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from reprobundle.components.data.credentials import secrets_of, without_credentials
from reprobundle.components.data.files.rows import escaped
from reprobundle.components.data.given import How

SHORTEST_SECRET = 4  # characters: a shorter option says nothing, and is part of many words
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:://|::)")
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]+")
DRIVE = re.compile(r"/[A-Za-z]:[/\\]")


def is_url(text: str) -> bool:
    """Whether a text is a URL rather than a path; a drive's letter is none."""
    return URL.match(text) is not None


def local_path(url: str) -> str | None:
    """The path that a ``file://`` URL names; None for any other."""
    for scheme in ("file://", "local://"):
        if url.lower().startswith(scheme):
            path = url[len(scheme) :]
            return path[1:] if DRIVE.match(path) else path
    return None


def name_of(url: str) -> str:
    """The last part of a URL's path, which says by its suffix what the file is."""
    return unquote(posixpath.basename(urlsplit(url.rpartition("::")[0] or url).path.rstrip("/")))


def shown(url: str) -> str:
    """A URL without user, password, query and fragment, escaped; where these cannot be told apart, its scheme."""
    return "…".join(map(escaped, without_credentials(url, parameters=False).split("…")))


def without_user(path: str) -> str:
    """A path as a store has it, less who enters; some stores leave that in front of it."""
    return re.sub(r"^[^/]*@", "", path)


def without_secrets(message: str, url: str, how: How) -> str:
    """A message of somebody else's with nothing in it of how a store is entered.

    Args:
        message: The message.
        url: What it may quote.
        how: The options for fsspec, none of whose texts is left in it.
    """
    message = message.replace(url, shown(url))
    message = ADDRESS.sub(lambda found: without_credentials(found[0], parameters=False), message)
    message = re.sub(r"\?[^\s'\"]*", "", message)
    given = {*_texts(how.storage_options), *secrets_of(url)}
    spellings = {spelling for text in given for spelling in _spellings(text) if len(spelling) >= SHORTEST_SECRET}
    for spelling in sorted(spellings, key=len, reverse=True):
        message = message.replace(spelling, "…")
    return message


def _spellings(text: str) -> Iterator[str]:
    """A text as it is, as it stands in URLs, and as it stands in what Python shows."""
    yield from (text, unquote(text), quote(text), quote(text, safe=""), quote_plus(text), repr(text)[1:-1])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _texts(part)
    elif isinstance(value, bytes | bytearray):
        yield bytes(value).decode("utf-8", "backslashreplace")
    elif isinstance(value, str) or type(value) is int:
        yield str(value)
