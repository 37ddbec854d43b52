"""What a repository's refusal means, as one line that a person can act on; a token stands in none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reprobundle.errors import UnavailableError
from reprobundle.publish.invenio.servers import Server
from reprobundle.publish.patience import PassingError
from reprobundle.publish.refusals import HIDDEN, LONGEST, NO_ROOM, PASSING

AGAIN = "try again: nothing is published before the last step, and what is there is recognised"
ROOM = "make room there, or ask the repository for more; files that are there are not sent again"
WRITE = "the token needs the scopes deposit:write and deposit:actions"
SHOWN = 3
MAX_FIELD = 80


class GoneError(UnavailableError):
    """There is no such draft, record or file for this token."""


class InvalidError(UnavailableError):
    """The repository does not take what was asked of it."""


def connection_failed(server: Server, work: str, why: str) -> PassingError:
    """The error for a connection that could not be made or was cut."""
    return PassingError(f"{server.host}: {work}: the connection failed: {hidden(why, server)[:LONGEST]}", hint=AGAIN)


def refused(server: Server, work: str, status: int, retry_after: str | None, content: bytes) -> UnavailableError:
    """The error for an answer that is a refusal.

    Args:
        server: Who answered.
        work: What could not be done.
        status: The answer's status.
        retry_after: What it says of waiting.
        content: Its body.
    """
    what, said = f"{server.host}: {work}", _said(server, content)
    if status == 401:
        why = "the repository does not accept the token" if server.token else "the repository wants a token"
        return UnavailableError(f"{what}: {why}", hint=server.sign_in)
    if status == 403:
        return UnavailableError(f"{what}: the token has no right to it{said}", hint=WRITE)
    if status in (404, 410):
        return GoneError(f"{what}: it is not there{said}")
    if status in NO_ROOM:
        return UnavailableError(f"{what}: there is no room for it: the repository answered {status}{said}", hint=ROOM)
    if status in PASSING:
        wait = _seconds(retry_after)
        asked = "" if wait is None else f", and asks to wait {wait:g} s"
        return PassingError(f"{what}: the repository answered {status}{asked}{said}", hint=AGAIN, wait=wait)
    if status in (400, 409, 422):
        return InvalidError(f"{what}: the repository answered {status}{said}")
    return UnavailableError(f"{what}: the repository answered {status}{said}")


def complaints(found: Any) -> tuple[str, ...]:
    """What a list of errors says, each as ``field: words``; whatever has another form is left out."""
    return tuple(_complaints(found))


def hidden(text: str, server: Server) -> str:
    """Text in one line of visible letters, without the token."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    shown = " ".join(shown.split())
    return shown.replace(server.token, HIDDEN) if server.token else shown


def _complaints(found: Any) -> Iterator[str]:
    for one in found if isinstance(found, list | tuple) else ():
        if not isinstance(one, dict):
            continue
        messages = one.get("messages")
        words = [word for word in messages if isinstance(word, str)] if isinstance(messages, list | tuple) else []
        yield f"{str(one.get('field'))[:MAX_FIELD]}: {', '.join(words[:SHOWN])}"


def _said(server: Server, content: bytes) -> str:
    """What the repository itself says, in brackets, or nothing."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(document, dict):
        return ""
    told = document.get("message")
    words = [told] if isinstance(told, str) else []
    words += complaints(document.get("errors"))[:SHOWN]
    text = hidden("; ".join(words), server)[:LONGEST]
    return f" ({text})" if text else ""


def _seconds(value: str | None) -> float | None:
    text = (value or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
