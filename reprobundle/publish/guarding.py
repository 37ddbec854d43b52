"""The Hub's library on a leash: where its requests may go, and to whom they say the token.

The library follows whatever an answer names, with the token: the next page of a listing, the place where a large file
goes, the place that says whether it came. Hooks of its own client, which every request passes, each redirect too, take
the token off for any origin but the endpoint's and refuse what no Hub has to name. The hooks stay; without a `guarded`
block they do nothing, so that whoever else uses the library in this process uses it as it is.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.publish import bounding

DEFAULT_PORTS = {"http": 80, "https": 443}
OPEN_HINT = "name the Hub with https://; without a token: HF_HUB_DISABLE_IMPLICIT_TOKEN=1"
HINT = "the Hub names it, not you: ask its people; its address is that of HF_ENDPOINT"
XET_ROUTE, XET_STORE = "X-Xet-Refresh-Route", "X-Xet-Cas-Url"

_active: list[Guard] = []
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Guard:
    """What requests may do while it is up.

    Attributes:
        endpoint: Address of the Hub.
        token: What the Hub alone may hear.
        limits: How much and how long its answers may be.
        watch: Sees to it that they begin.
        pages: Follows its listings.
    """

    endpoint: str
    token: str | None = field(repr=False)
    limits: bounding.Limits
    watch: bounding.Watch
    pages: bounding.Pages

    def is_home(self, url: str) -> bool:
        """Whether an address is the Hub's own: scheme, host and port."""
        return origin(url) == origin(self.endpoint)

    def holds(self, authorization: str | None) -> bool:
        """Whether a header says this token."""
        return self.token is not None and authorization == f"Bearer {self.token}"

    def fault(self, url: str) -> str | None:
        """What is wrong with an address that is not the Hub's own, in words; None where it may be asked."""
        scheme, host, _ = origin(url)
        if scheme not in DEFAULT_PORTS or not host:
            return "expected https://"
        if scheme == "http" and urlsplit(self.endpoint).scheme == "https":
            return "expected https://, as the Hub's own address is"
        if is_inside(host) and not is_inside(urlsplit(self.endpoint).hostname or ""):
            return "it lies on this machine or in its own network, and the Hub does not"
        return None


@contextmanager
def guarded(endpoint: str, token: str | None, limits: bounding.Limits = bounding.ANSWERS) -> Iterator[None]:
    """Keep the library's requests to the rules for the time of a block, in every thread.

    Args:
        endpoint: Address of the Hub.
        token: What the library sends.
        limits: How much and how long answers may be.
    """
    guard = Guard(endpoint, token, limits, bounding.Watch(limits), bounding.Pages(limits))
    _attach()
    _active.append(guard)
    try:
        yield
    finally:
        _active.remove(guard)
        guard.watch.end()


def refuse_open(endpoint: str, token: str | None) -> None:
    """Make sure that a token is not sent where everybody on the way can read it; this very machine is no way.

    Raises:
        UsageError: It would be.
    """
    parts = _split(endpoint)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise UsageError(f"the Hub's address {endpoint!r}: expected https:// and a host", hint="see HF_ENDPOINT")
    if token is not None and parts.scheme == "http" and not _is_here(parts.hostname):
        raise UsageError(f"the Hub's address {endpoint!r}: would get the token in the open", hint=OPEN_HINT)


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of an address."""
    parts = _split(url)
    try:
        port = parts.port
    except ValueError:  # no number, or none of a port: nobody's
        return parts.scheme, "", None
    return parts.scheme, (parts.hostname or "").rstrip("."), port or DEFAULT_PORTS.get(parts.scheme)


def is_inside(host: str) -> bool:
    """Whether a host, or any address of it, is this machine, or one that the wide network does not reach."""
    try:
        return _is_private(ip_address(host))
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):  # nobody, as far as is known here; a proxy may know
        return False
    return any(_is_private(ip_address(str(address[0]).partition("%")[0])) for *_, address in found)


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return not (inner or address).is_global


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # such as a bracket that does not close
        return SplitResult("", "", "", "", "")


def _attach() -> None:
    """Hang the hooks into the library's client, and into each that it makes anew."""
    from huggingface_hub import get_session, set_client_factory
    from huggingface_hub.utils import _http

    with _lock:
        if _leaving in get_session().event_hooks["request"]:
            return
        made: Callable[[], Any] = getattr(_http, "_GLOBAL_CLIENT_FACTORY", _http.default_client_factory)

        def leashed() -> Any:  # whoever has set a factory of their own keeps it: their proxy, their certificates
            client = made()
            hooks = client.event_hooks
            requests, responses = [*hooks["request"], _leaving], [*hooks["response"], _arriving]
            client.event_hooks = {**hooks, "request": requests, "response": responses}
            return client

        set_client_factory(leashed)


def _leaving(request: Any) -> None:
    """Look at a request before it is sent.

    Raises:
        UnavailableError: It goes where no Hub has to send anybody, or the Hub was given up.
    """
    guards = tuple(_active)
    if not guards:
        return
    url, last = str(request.url), guards[-1]
    holders = [guard for guard in guards if guard.holds(request.headers.get("Authorization"))]
    if holders and not any(guard.is_home(url) for guard in holders):
        del request.headers["Authorization"]
    if not any(guard.is_home(url) for guard in guards):
        faults = [guard.fault(url) for guard in guards]
        if all(faults):
            raise _refused(last, url, faults[-1])
    request.headers["Accept-Encoding"] = "identity"
    last.limits.silence_of(request)
    last.watch.begin(request)


def _arriving(response: Any) -> None:
    """Look at an answer before it is read.

    Raises:
        UnavailableError: It is packed, or sends the library where no Hub has to send anybody.
    """
    guards = tuple(_active)
    if not guards:
        return
    last = guards[-1]
    last.watch.came()
    refuse_routes(last, response)
    last.pages.follow(response)
    bounding.bound(response, last.limits, last.pages)


def refuse_routes(guard: Guard, response: Any) -> None:
    """Look at what the library hands to the library of large files, which asks by itself.

    Raises:
        UnavailableError: The token would go elsewhere, or files to a place that no Hub has to name.
    """
    from huggingface_hub import constants

    routes = [response.headers.get(XET_ROUTE), response.links.get("xet-auth", {}).get("url")]
    for route in filter(None, routes):  # it is asked with the token; the library puts its endpoint for its own home
        if not guard.is_home(route) and not route.startswith(f"{constants.HUGGINGFACE_CO_URL_HOME.rstrip('/')}/"):
            raise _refused(guard, route, "expected an address of the Hub's own, as the token goes there")
    store = response.headers.get(XET_STORE)
    fault = guard.fault(store) if store and not is_inside(urlsplit(guard.endpoint).hostname or "") else None
    if store and fault:
        raise _refused(guard, store, fault)


def _refused(guard: Guard, url: str, fault: str | None) -> UnavailableError:
    scheme, host, _ = origin(url)
    where = f"{scheme}://{host}"[: bounding.SHOWN] if scheme and host else "nowhere"  # the rest may be signed
    return UnavailableError(f"{_split(guard.endpoint).netloc}: sends us to {where!r}: {fault}", hint=HINT)
