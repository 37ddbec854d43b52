"""What a person pastes as the place of a bundle: a source as `pull` takes it, a page in a browser, a DOI however written.

Each form is turned into one that names its kind, ``hub://…``, ``zenodo://…``, ``doi:…`` or ``invenio://…``; nothing is asked.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from reprobundle.errors import UsageError
from reprobundle.publish.invenio.answers import RECORD
from reprobundle.publish.invenio.fetching import PREFIXES
from reprobundle.publish.invenio.finding import record_of
from reprobundle.publish.invenio.servers import ZENODO, address, is_here

HUB = "https://huggingface.co"
HUB_HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
OTHER_KINDS = frozenset({"datasets", "spaces", "collections", "papers", "docs"})
REVISIONS = frozenset({"tree", "commit", "blob", "resolve"})
FORMS = "expected hub://USER/NAME, zenodo://RECORD, a DOI, or the address of a record or repository"
SERVER_FOR = "--server is for a DOI or the number of a record"

_DOI = re.compile(r"(?:doi:\s*)?(?:https?://(?:dx\.|www\.)?doi\.org/)?(10\.\d{4,9}(?:\.\d+)*/\S+)", re.IGNORECASE)
_ZENODO_DOI = re.compile(r"(10\.\d+)/zenodo\.\d{1,20}", re.IGNORECASE)
_RECORD = re.compile(RECORD)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_][A-Za-z0-9_.-]*(?:@\S+)?")
_SCHEMES = ("hub://", "zenodo://", "invenio://", "invenio+http://")


@dataclass(frozen=True)
class Address:
    """Where a bundle is.

    Attributes:
        kind: What pulls it.
        source: What it takes.
        doi: The DOI that the record must have, where another server than Zenodo was named for it.
    """

    kind: Literal["hub", "record"]
    source: str
    doi: str | None = None


def addressed(text: str, *, server: str | None = None) -> Address:
    """Where a bundle is that a person named in some way.

    Args:
        text: What was typed or pasted.
        server: The InvenioRDM server that a DOI or the number of a record belongs to.

    Raises:
        UsageError: It names nothing that can be pulled; the hint goes by its shape.
    """
    given = text.strip().strip("<>")
    doi = _DOI.fullmatch(given)
    if doi is not None:
        return _of_doi(text, doi[1], server)
    if server is not None and _RECORD.fullmatch(given):
        return Address("record", _record(server, given))
    if given.startswith(_SCHEMES):
        _refuse_server(text, server)
        return Address("hub" if given.startswith("hub://") else "record", given)
    if given.lower().startswith(("http://", "https://")):
        return _of_page(text, given, server)
    raise UsageError(f"source {text!r}: {FORMS}", hint=_meant(given))


def _of_doi(text: str, doi: str, server: str | None) -> Address:
    found = record_of(doi)
    if server is not None and found is not None:
        return Address("record", _record(server, found), doi)
    known = _ZENODO_DOI.fullmatch(doi)
    if known is not None and known[1] in PREFIXES and server is None:
        return Address("record", f"doi:{doi.lower()}")
    message = f"source {text!r}: only the DOIs of Zenodo tell where they lie"
    raise UsageError(message, hint=f"open https://doi.org/{doi} and name the server it leads to: --server https://HOST")


def _of_page(text: str, given: str, server: str | None) -> Address:
    """What a page in a browser shows.

    Raises:
        UsageError: Nothing that can be pulled.
    """
    try:
        page = urlsplit(given)
        host = page.hostname or ""
    except ValueError as error:
        raise UsageError(f"source {text!r}: is no address: {error}", hint=FORMS) from error
    parts = [unquote(part) for part in page.path.split("/") if part]
    if host in HUB_HOSTS or f"{page.scheme}://{page.netloc}" == hub_endpoint():
        _refuse_server(text, server)
        return _of_hub(text, host, parts)
    if len(parts) > 1 and parts[0] == "doi":
        return _of_doi(text, "/".join(parts[1:]), server)
    if len(parts) > 1 and parts[0] in ("records", "record") and _RECORD.fullmatch(parts[1]):
        return Address("record", _record(_server_of(text, page, server), parts[1]))
    if len(parts) > 1 and parts[0] in ("uploads", "deposit"):
        raise UsageError(f"source {text!r}: is a draft, which only its owner sees", hint="publish it first")
    raise UsageError(f"source {text!r}: {FORMS}", hint="a record's page is https://HOST/records/NUMBER")


def _of_hub(text: str, host: str, parts: list[str]) -> Address:
    endpoint = hub_endpoint()
    if host in HUB_HOSTS and urlsplit(endpoint).hostname not in HUB_HOSTS:
        raise UsageError(f"source {text!r}: HF_ENDPOINT names another Hub, {endpoint!r}", hint=f"HF_ENDPOINT={HUB}")
    if len(parts) < 2 or parts[0] in OTHER_KINDS:
        raise UsageError(f"source {text!r}: expected the page of a model, {HUB}/USER/NAME", hint="hub://USER/NAME")
    name = f"hub://{parts[0]}/{parts[1]}"
    if len(parts) > 3 and parts[2] in REVISIONS:
        return Address("hub", f"{name}@{parts[3]}")
    return Address("hub", name)


def hub_endpoint() -> str:
    """The address of the Hub that this person's settings name."""
    if find_spec("huggingface_hub") is None:
        return os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    from huggingface_hub import constants

    return str(constants.ENDPOINT)


def _server_of(text: str, page: SplitResult, server: str | None) -> str:
    """The server of a page; one that was named besides must be the same."""
    if page.scheme == "http" and not is_here(page.hostname or ""):
        raise UsageError(f"source {text!r}: expected https://", hint=f"https://{page.netloc}{page.path}")
    found = address(f"{page.scheme}://{page.netloc}")
    if server is not None and address(server) != found:
        raise UsageError(f"source {text!r}: --server names another one, {server!r}", hint="leave --server out")
    return found


def _record(server: str, record: str) -> str:
    url = address(server)
    if url == ZENODO:
        return f"zenodo://{record}"
    scheme, _, host = url.partition("://")
    return f"{'invenio' if scheme == 'https' else 'invenio+http'}://{host}/{record}"


def _refuse_server(text: str, server: str | None) -> None:
    if server is not None:
        raise UsageError(f"source {text!r}: names its place, and --server another", hint=SERVER_FOR)


def _meant(given: str) -> str:
    """What was meant, by its shape."""
    if given and Path(given).exists():
        return f"{given!r} is here already: reprobundle verify {given}"
    if _NAME.fullmatch(given):
        return f"did you mean hub://{given}?"
    if given.isdigit():
        return f"did you mean zenodo://{given}? another repository is named by --server https://HOST"
    scheme, colon, _ = given.partition(":")
    if colon and scheme in ("hub", "zenodo", "invenio"):
        return f"after {scheme}: come two strokes: {scheme}://{given.partition(':')[2].lstrip('/')}"
    return "such as hub://USER/NAME@REVISION, or https://zenodo.org/records/NUMBER"
