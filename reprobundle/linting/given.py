"""What a person hands over to be looked at: a bundle, packed or not, or a card; anything else is told what it is, and the way out."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reprobundle.bundle import ARCHIVE_SUFFIXES
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.yaml_reading import MAX_BYTES

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):/{1,2}(?!/)(.+)", re.IGNORECASE | re.DOTALL)
ZIP, TAR, TAR_AT = b"PK\x03\x04", b"ustar", 257


def refuse_elsewhere(path: str | os.PathLike[str]) -> None:
    """Make sure that what is to be looked at is on this machine.

    Raises:
        UsageError: It is an address.
    """
    found = _SCHEME.fullmatch(os.fspath(path)) if not Path(path).exists() else None
    if found is not None:
        address = f"{found[1]}://{found[2]}"
        hint = (
            f"reprobundle pull {address} DIR brings it here; then lint DIR" if found[1] == "hub" else "fetch it first"
        )
        raise UsageError(f"{address!r:.200} is not on this machine", hint=hint)


def is_packed(place: Path) -> bool:
    """Whether a file is a bundle as `pack` writes it, by its first bytes or by its name, so that damage can be named.

    Raises:
        RefusedInputError: It cannot be read.
    """
    try:
        with place.open("rb") as file:
            begins = file.read(TAR_AT + len(TAR))
    except OSError as error:
        raise RefusedInputError(f"{place.as_posix()}: cannot be read: {error.strerror}") from error
    return begins.startswith(ZIP) or begins[TAR_AT:] == TAR or place.suffix.lower() in ARCHIVE_SUFFIXES


def card_bytes_of(place: Path) -> bytes:
    """The content of a file that should be a card.

    Raises:
        RefusedInputError: It is something else, too large for a card, or cannot be read.
    """
    name = place.as_posix()
    try:
        with place.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RefusedInputError(f"{name}: cannot be read: {error.strerror}") from error
    if place.name == "manifest.json":
        hint = f"lint the folder: reprobundle lint {place.parent.as_posix()}"
        raise RefusedInputError(f"{name}: is no card but the manifest of a bundle", hint=hint)
    if place.suffix.casefold() in {".md", ".rst", ".txt"}:
        hint = "the card is documentation/card.yaml; reprobundle init writes one to begin with"
        raise RefusedInputError(f"{name}: is no card: expected YAML, found {place.suffix}", hint=hint)
    return content
