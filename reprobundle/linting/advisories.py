"""Known vulnerabilities of what a bundle pins, as an index of advisories with OSV's programming interface tells them.

One question for all distributions that come from a package index, by name and version; nothing else leaves this machine.
https://google.github.io/osv.dev/post-v1-querybatch/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from reprobundle.components.environment.section import Distribution
from reprobundle.errors import ReproBundleError, UnavailableError, UsageError
from reprobundle.linting.lints import Lint
from reprobundle.linting.rules import in_manifest
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, some
from reprobundle.records import strict_json

OSV = "https://api.osv.dev"
BATCH = 1000  # questions that the interface takes at once
MOST_BYTES = 2**24
SECONDS = 20.0
SHOWN = 4
LOOPBACK = ("http://127.0.0.1:", "http://[::1]:", "http://localhost:")

_ID = re.compile(r"[A-Za-z0-9._-]{1,100}", re.ASCII)


def advisories(manifest: Manifest, index: str = OSV) -> Iterator[Lint]:
    """Say which distributions have known vulnerabilities; or, once, why that could not be asked.

    Args:
        manifest: Of the bundle. Distributions from elsewhere than an index are not asked about: their names may be private.
        index: Where to ask.

    Raises:
        UsageError: The address is neither HTTPS nor on this machine.
    """
    if not index.startswith(("https://", *LOOPBACK)):
        raise UsageError(f"advisories: expected an https:// address, found {index!r:.80}")
    public = [one for one in manifest.environment.distributions if one.origin.kind == "index"]
    try:
        for start in range(0, len(public), BATCH):
            asked = public[start : start + BATCH]
            yield from _told(asked, _ask(index, asked))
    except ReproBundleError as error:
        yield in_manifest("advisory-unasked", "environment.distributions", f"nothing is known of advisories: {error}")


def _told(asked: Sequence[Distribution], found: Sequence[Sequence[str]]) -> Iterator[Lint]:
    for one, ids in zip(asked, found, strict=True):
        if ids:
            verb = "is" if len(ids) == 1 else "are"
            number = counted(len(ids), "advisory", "advisories")
            message = f"of {one.name} {one.version} {number} {verb} known: {some(sorted(ids), SHOWN)}"
            hint = f"read {OSV.replace('api.', '')}/{min(ids)}; a replay runs in a sandbox, what uses the model may not"
            yield in_manifest("advisory", f"environment.distributions[{one.name}]", message, hint=hint)


def _ask(index: str, asked: Sequence[Distribution]) -> list[list[str]]:
    """The ids of the advisories of each distribution.

    Raises:
        UnavailableError: The index cannot be reached or does not answer in its form.
        RefusedInputError: Its answer is no strict JSON.
    """
    import json

    queries = [
        {"package": {"name": one.name, "ecosystem": "PyPI"}, "version": one.version.partition("+")[0]} for one in asked
    ]
    content = _post(f"{index.rstrip('/')}/v1/querybatch", json.dumps({"queries": queries}).encode("ascii"))
    answer: Any = strict_json(content, name="the index of advisories")
    results = answer.get("results") if isinstance(answer, Mapping) else None
    if not isinstance(results, list) or len(results) != len(asked):
        raise UnavailableError("the index of advisories did not answer each question")
    return [_ids(result) for result in results]


def _ids(result: Any) -> list[str]:
    met = result.get("vulns", []) if isinstance(result, Mapping) else []
    ids = [one.get("id") for one in met if isinstance(one, Mapping)] if isinstance(met, list) else []
    return [name for name in ids if isinstance(name, str) and _ID.fullmatch(name)]


def _post(url: str, body: bytes) -> bytes:
    """The bounded answer to a POST.

    Raises:
        UnavailableError: There is none.
    """
    from http.client import HTTPException
    from urllib.request import Request, urlopen

    request = Request(url, data=body, headers={"Content-Type": "application/json"})  # noqa: S310  the scheme is checked
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  the same
            content: bytes = answer.read(MOST_BYTES + 1)
            status: int = answer.status
    except (OSError, HTTPException) as error:  # URLError and HTTPError are OSErrors
        raise UnavailableError(f"the index of advisories does not answer: {error}") from error
    if status != HTTPStatus.OK or len(content) > MOST_BYTES:
        raise UnavailableError(f"the index of advisories answered with status {status} and {len(content)} bytes")
    return content
