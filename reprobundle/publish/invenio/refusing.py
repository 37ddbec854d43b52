"""What a repository's refusal means, as one line that a person can act on; a token stands in none of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reprobundle.errors import UnavailableError
from reprobundle.publish.invenio.servers import Server
from reprobundle.publish.patience import PassingError
from reprobundle.publish.refusals import HIDDEN, LONGEST, NO_ROOM, PASSING

AGAIN = "try again: nothing is published before the last step, and what is there is recognised"
ROOM = "make room there, or ask the repository for more; files that are there are not sent again"
WRITE = "the token needs the scopes deposit:write and deposit:actions"
PUBLIC_ONLY = "only what is public can be pulled, and no token is sent: ask its owner, or look at its page"
ANEW = "try again"
SHOWN = 3
MAX_FIELD = 80


class GoneError(UnavailableError):
    """There is no such draft, record or file for this token."""


class InvalidError(UnavailableError):
    """The repository does not take what was asked of it."""


@dataclass(frozen=True)
class Hints:
    """The ways out, by what is wrong, for who sends something there or only reads it.

    Attributes:
        again: What may pass.
        right: There is no right to it; None: it is said of the token.
        gone: It is not there.
    """

    again: str = AGAIN
    right: str | None = None
    gone: str | None = None


SENDING = Hints()
READING = Hints(ANEW, PUBLIC_ONLY, PUBLIC_ONLY)


def connection_failed(server: Server, work: str, why: str, hints: Hints = SENDING) -> PassingError:
    """The error for a connection that could not be made or was cut."""
    message = f"{server.host}: {work}: the connection failed: {hidden(why, server)[:LONGEST]}"
    return PassingError(message, hint=hints.again)


def refused(
    server: Server, work: str, status: int, retry_after: str | None, content: bytes, hints: Hints = SENDING
) -> UnavailableError:
    """The error for an answer that is a refusal.

    Args:
        server: Who answered.
        work: What could not be done.
        status: The answer's status.
        retry_after: What it says of waiting.
        content: Its body.
        hints: The ways out.
    """
    what, said = f"{server.host}: {work}", _said(server, content)
    if status == 401:
        if server.token is None:
            return UnavailableError(f"{what}: the repository wants a token", hint=hints.right or server.sign_in)
        of = f"the token of {server.token_of}" if server.token_of else "the token"
        return UnavailableError(f"{what}: the repository does not accept {of}", hint=server.other_token)
    if status == 403:
        who = "the token has no right to it" if server.token else "it is not public"
        return UnavailableError(f"{what}: {who}{said}", hint=hints.right or WRITE)
    if status in (404, 410):
        return GoneError(f"{what}: it is not there{said}", hint=hints.gone)
    if status in NO_ROOM:
        return UnavailableError(f"{what}: there is no room for it: the repository answered {status}{said}", hint=ROOM)
    if status in PASSING:
        wait = _seconds(retry_after)
        asked = "" if wait is None else f", and asks to wait {wait:g} s"
        return PassingError(f"{what}: the repository answered {status}{asked}{said}", hint=hints.again, wait=wait)
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
