"""What a person says of where a split comes from, made fit to be published: licences in their canonical form, no secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reprobundle.components.data.credentials import without_credentials
from reprobundle.components.data.given import DataSplit
from reprobundle.components.data.section import Provenance
from reprobundle.machine_places import places_in, without_places

MAX_CHARACTERS = 10_000
FIELDS = ("source", "version", "licence", "collection", "owner", "consent")
LICENCE_HINT = "write its SPDX identifier, such as CC-BY-4.0: https://spdx.org/licenses lists them"
PLACE_HINT = "whoever reads the bundle reads it, and finds nothing there: name where the data can be had"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


@dataclass(frozen=True)
class Said:
    """What is recorded of it.

    Attributes:
        provenance: The record; None where nothing was said.
        remarks: What the person should know, each with its way out.
    """

    provenance: Provenance | None
    remarks: tuple[tuple[str, str | None], ...]


def provenance_of(given: DataSplit) -> Said:
    """Read what a person says of a split; what no document can hold is left out and told."""
    said: dict[str, str] = {}
    remarks: list[tuple[str, str | None]] = []
    if given.license is not None and given.licence is not None and given.license != given.licence:
        remarks.append(("license is left out: licence is given, too, and says something else", "give one of the two"))
    for field in FIELDS:
        value = getattr(given, field)
        if field == "licence" and value is None:
            value = given.license
        if value is None:
            continue
        fault = _fault(value)
        if fault:
            remarks.append((f"{field} is left out: {fault}", None))
            continue
        said[field] = _URL.sub(lambda found: without_credentials(found[0]), value.strip())
        remarks += _remarks(field, value.strip(), said[field])
    if "licence" in said:
        licence = canonical_licence(said["licence"])
        if licence != said["licence"] and licence.startswith("LicenseRef-"):
            remarks.append(
                (f"licence {said['licence']!r:.80} is no SPDX expression: kept as {licence!r:.80}", LICENCE_HINT)
            )
        said["licence"] = licence
    return Said(Provenance(**said) if said else None, tuple(remarks))


def _fault(value: object) -> str | None:
    if not isinstance(value, str):
        return f"expected text, found {type(value).__name__}"
    if not value.strip():
        return "it is empty"
    if len(value) > MAX_CHARACTERS:
        return f"it is longer than {MAX_CHARACTERS:,} characters"
    return "it is not valid Unicode" if any("\ud800" <= letter <= "\udfff" for letter in value) else None


def _remarks(field: str, given: str, kept: str) -> Iterator[tuple[str, str | None]]:
    if kept != given:
        yield f"{field}: a credential was cut from its address", None
    if without_places(kept) != kept or any(places_in(kept)):
        yield f"{field} names a place on this machine", PLACE_HINT


def canonical_licence(expression: str) -> str:
    """An SPDX expression as the standard spells it; other words as a ``LicenseRef-`` of their letters."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        letters = re.sub(r"[^0-9A-Za-z.]+", "-", expression).strip("-.")
        return f"LicenseRef-{letters or 'unnamed'}"
