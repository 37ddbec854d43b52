"""Which repository is meant, and the token that is meant for it: one for another host is never taken."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from reprobundle.errors import UnavailableError, UsageError

ZENODO = "https://zenodo.org"
SANDBOX = "https://sandbox.zenodo.org"
TOKEN_OF = {ZENODO: "ZENODO_TOKEN", SANDBOX: "ZENODO_SANDBOX_TOKEN"}
OTHER_TOKEN = "REPROBUNDLE_DEPOSIT_TOKEN"  # noqa: S105  the name of a variable
LONGEST_TOKEN = 4096


@dataclass(frozen=True)
class Server:
    """A repository.

    Attributes:
        url: Its address without a path, such as ``https://zenodo.org``.
        token: What it knows this person by; None: nothing.
        token_of: Where the token was found, such as ``ZENODO_TOKEN``; None: a caller gave it.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    token_of: str | None = None

    @property
    def host(self) -> str:
        """Its host, with a port where one was named."""
        return urlsplit(self.url).netloc

    @property
    def publisher(self) -> str:
        """What stands as the publisher in its records."""
        return "Zenodo" if self.url in TOKEN_OF else self.host

    @property
    def sign_in(self) -> str:
        """How to get a token to it."""
        variable = TOKEN_OF.get(self.url, OTHER_TOKEN)
        return f"make a token with the right to write at {self.url}/account/settings/applications, and set {variable}"

    @property
    def other_token(self) -> str:
        """What to do about a token that it refuses."""
        if self.token_of is None:
            return self.sign_in
        make = f"make another at {self.url}/account/settings/applications"
        return f"{make}, and put it into {self.token_of}: this one has run out, was deleted, or is of another server"

    def source(self, record: str) -> str:
        """What ``reprobundle pull`` takes to bring a record back."""
        if self.url == ZENODO:
            return f"zenodo://{record}"
        return f"{'invenio' if self.url.startswith('https') else 'invenio+http'}://{self.host}/{record}"


def server_of(url: str, *, token: str | None = None, token_file: Path | None = None) -> Server:
    """The repository at an address, with its token.

    Args:
        url: Its address; ``https``, and ``http`` on this very machine only.
        token: The token, from a caller who has it; else it is looked for.
        token_file: A file whose first line is the token, which nobody else can read.

    Raises:
        UsageError: The address or the token cannot be one, or others can read the file.
    """
    plain = address(url)
    variable, found, place = TOKEN_OF.get(plain, OTHER_TOKEN), token, None
    if found is None and token_file is not None:
        found, place = _read(token_file), f"the file {str(token_file)!r}"
    if found is None:
        found, place = os.environ.get(variable, "").strip() or None, variable
    if found is not None and not (found.isascii() and found.isprintable() and " " not in found and found):
        of = f"token of {place}" if place else "token"
        raise UsageError(f"the {of} for {plain}: expected letters, digits and signs of ASCII, found something else")
    return Server(plain, found, None if found is None else place)


def address(url: str) -> str:
    """An address as scheme, host and port alone.

    Raises:
        UsageError: It is none, has more, or would send a token in the open.
    """
    hint = f"such as {SANDBOX}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise UsageError(f"server {url!r}: is no address: {error}", hint=hint) from error
    more = parts.path.strip("/") or parts.query or parts.fragment
    if parts.username is not None or parts.password is not None:
        raise UsageError("server: its address holds a name or password", hint=hint)
    if parts.scheme not in ("http", "https") or not host or more or not url.isascii():
        raise UsageError(f"server {url!r}: expected https:// and a host, nothing more", hint=hint)
    if parts.scheme == "http" and not is_here(host):
        raise UsageError(f"server {url!r}: would get the token in the open", hint="name it with https://")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")


def is_here(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _read(place: Path) -> str:
    """The first line of a file that nobody else can read.

    Raises:
        UsageError: Somebody can, or it cannot be read.
        UnavailableError: It is no text.
    """
    try:
        with place.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(LONGEST_TOKEN)
    except OSError as error:
        raise UsageError(f"--token-file {str(place)!r}: cannot be read: {error.strerror}") from error
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise UsageError(f"--token-file {str(place)!r}: others can read it", hint=f"chmod 600 {place}")
    try:
        return content.decode("ascii").partition("\n")[0].strip()
    except UnicodeDecodeError:
        raise UnavailableError(f"--token-file {str(place)!r}: is no text of ASCII") from None
