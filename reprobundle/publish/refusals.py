"""What the Hub's library raises, as one line that a person can act on; a token stands in none of them."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle.errors import ReproBundleError, UnavailableError
from reprobundle.publish.listening import NO_HTTPS
from reprobundle.publish.patience import PassingError

if TYPE_CHECKING:
    from huggingface_hub.errors import HfHubHTTPError

HIDDEN = "…"
LONGEST = 300  # characters of a server's own words
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
NO_ROOM = frozenset({402, 413, 507})
READING = frozenset({"GET", "HEAD"})
SIGN_IN = "sign in with: hf auth login, or set HF_TOKEN"
AGAIN = "try again: nothing appears on the Hub before the last step, and what is there is recognised"
WRITE = "the token needs the right to write there; what others own can be proposed with --pull-request"
ROOM = "make room there, or ask for more; large files that came through are not sent again"
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
SAVED = "the saved login (hf auth login)"
NO_XET = "set HF_HUB_DISABLE_XET=1: large files then go the older way, by git's protocol"
REVISION = "of a commit name the whole id, or its first letters, seven at least"


class MissingError(UnavailableError):
    """There is no such repository or revision for this token."""


class MovedError(UnavailableError):
    """Somebody else has committed to the branch since it was looked at."""


def transport_error() -> type[Exception]:
    """What the HTTP library raises, of which there is another one under each major version of huggingface_hub."""
    from huggingface_hub.errors import HfHubHTTPError

    return next(kind for kind in HfHubHTTPError.__mro__ if kind.__name__ == "HTTPError")


def library_errors() -> tuple[type[Exception], ...]:
    """Whatever the library raises about the network, the Hub or its answers; it reads those as if they had their form."""
    return (transport_error(), OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError)


def told(what: str, error: BaseException, token: str | None = None) -> ReproBundleError:
    """The error that a person can act on, from what the library raised.

    Args:
        what: What could not be done, such as ``ada/digits: cannot be published``.
        error: What was raised.
        token: What must not be told.
    """
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    causes = tuple(_causes(error))
    for cause in causes:
        if isinstance(cause, ReproBundleError):  # what listens to the library, or guards it, has raised it
            return cause
        if isinstance(cause, HfHubHTTPError):
            return _answered(what, cause, token)
        if isinstance(cause, OfflineModeIsEnabled):
            return UnavailableError(f"{what}: HF_HUB_OFFLINE is set", hint="unset it")
        if isinstance(cause, transport_error()):
            wrong = next(filter(_is_no_https, _causes(error, context=True)), None)
            if wrong is not None:
                return UnavailableError(f"{what}: {_words_of(wrong, token)}", hint=NO_HTTPS)
            return PassingError(f"{what}: the connection failed: {_words_of(cause, token)}", hint=AGAIN)
    last = causes[-1]
    if "xet-" in str(last):
        return UnavailableError(f"{what}: large files: {_words_of(last, token)}", hint=NO_XET)
    return UnavailableError(f"{what}: {_words_of(last, token)}")


def _is_no_https(cause: BaseException) -> bool:
    """Whether a server speaks no https, or has a certificate that is not trusted: another try would change nothing."""
    return isinstance(cause, ssl.SSLError) and not isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError))


def clean_cause(error: BaseException, token: str | None) -> BaseException | None:
    """What an error may be chained to: what was raised, or nothing where a message of it holds the token."""
    return None if token and any(token in str(cause) for cause in _causes(error, context=True)) else error


def _causes(error: BaseException | None, *, context: bool = False) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (error.__context__ if context else None)


def _answered(what: str, error: HfHubHTTPError, token: str | None) -> ReproBundleError:
    """What the Hub's refusal means."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    if isinstance(error, GatedRepoError):
        return UnavailableError(f"{what}: access has to be asked for on its page", hint=_sign_in(token))
    if isinstance(error, RepositoryNotFoundError):
        return MissingError(f"{what}: there is no such repository, or it is private", hint=_sign_in(token))
    if isinstance(error, RevisionNotFoundError):
        return MissingError(f"{what}: there is no such branch, tag or commit", hint=REVISION)
    if isinstance(error, EntryNotFoundError):
        return UnavailableError(f"{what}: a file is not there: {_hidden(error.response.url.path, token)}")
    return _by_status(what, error, token)


def _by_status(what: str, error: HfHubHTTPError, token: str | None) -> ReproBundleError:
    status, said = error.response.status_code, _said(error, token)
    if status == 401:
        found = source_of(token)
        of = f"the token of {found}" if found else "the token"
        why = f"the Hub does not accept {of}" if token else "the Hub wants a token"
        return UnavailableError(f"{what}: {why}", hint=_other_token(found) if found else _sign_in(token))
    if status == 403:
        return UnavailableError(f"{what}: the token has no right to it{said}", hint=WRITE)
    if status in NO_ROOM:
        return UnavailableError(f"{what}: there is no room for it: the Hub answered {status}{said}", hint=ROOM)
    if status == 412 and error.response.request.method not in READING:
        return MovedError(f"{what}: somebody else has committed meanwhile; nothing was published")
    if status in PASSING:
        wait = _wait(error)
        asked = "" if wait is None else f", and asks to wait {wait:g} s"
        return PassingError(f"{what}: the Hub answered {status}{asked}{said}", hint=AGAIN, wait=wait)
    return UnavailableError(f"{what}: the Hub answered {status}{said}")


def _wait(error: HfHubHTTPError) -> float | None:
    value = error.response.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


def _sign_in(token: str | None) -> str:
    from huggingface_hub import constants

    if token is None and constants.HF_HUB_DISABLE_IMPLICIT_TOKEN:
        return "HF_HUB_DISABLE_IMPLICIT_TOKEN is set, so no stored token is sent: unset it"
    return SIGN_IN


def source_of(token: str | None) -> str | None:
    """Where a token was found, in the order in which the library looks; None: elsewhere, or there is none."""
    from huggingface_hub import constants

    if token is None:
        return None
    for variable in VARIABLES:
        if os.environ.get(variable, "").strip() == token:
            return variable
    try:
        saved = Path(constants.HF_TOKEN_PATH).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # nobody signed in
        return None
    return SAVED if saved == token else None


def _other_token(found: str) -> str:
    if found == SAVED:
        return "sign in anew with: hf auth login"
    return f"unset {found}, so that the one of hf auth login is taken, or set another"


def _said(error: HfHubHTTPError, token: str | None) -> str:
    """What the server itself says, in brackets, or nothing."""
    words = _hidden(" ".join((error.server_message or "").split()), token)
    return f" ({words[:LONGEST]})" if words else ""


def _words_of(error: BaseException, token: str | None) -> str:
    """The kind of an error and what it says, in one line."""
    words = _hidden(" ".join(str(error).split()), token)
    return f"{type(error).__name__}: {words[:LONGEST]}" if words else type(error).__name__


def _hidden(text: str, token: str | None) -> str:
    return text.replace(token, HIDDEN) if token else text
