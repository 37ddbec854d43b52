"""The cards of two bundles, field by field: what a person reads of a change, whose counts and gaps only follow from it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reprobundle.comparing.pairs import Roots
from reprobundle.comparing.values import SHOWN_VALUE, walk
from reprobundle.components import documentation
from reprobundle.components.documentation.card import read_card, values
from reprobundle.errors import RefusedInputError
from reprobundle.manifest import Manifest
from reprobundle.records import Record
from reprobundle.report import Finding, Status
from reprobundle.store import FileEntry, inside

FOLLOWS = frozenset({"gaps", "known"})  # of the answers themselves
MARKS = "captured"
OPEN = "(open)"
FIELD = "the card's "  # begins every message about one


def differences(a: Manifest, b: Manifest, roots: Roots | None) -> Iterator[Finding]:
    """One finding for each answer that differs, and for what else the sections say.

    Args:
        a: The first manifest.
        b: The second.
        roots: The folders of both bundles, verified; None: the cards are not read.
    """
    sections = (one.documentation.model_dump(mode="json", exclude=set(FOLLOWS)) for one in (a, b))
    yield from walk(documentation.NAME, "", *sections)
    if roots is None or _entry(a) == _entry(b):
        return
    try:
        ours, theirs = (_answers(one, root) for one, root in zip((a, b), roots, strict=True))
    except RefusedInputError:  # a card of another form: that its bytes differ is told of every file
        return
    for path in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(path, OPEN), theirs.get(path, OPEN)
        if one != other:
            message, (expected, found) = f"{FIELD}{path} differs", map(_cut, (one, other))
            kind = documentation.NAME
            yield Finding(kind=kind, status=Status.DIFFERS, message=message, expected=expected, found=found)


def _entry(manifest: Manifest) -> FileEntry | None:
    return next((entry for entry in manifest.files if entry.path == manifest.documentation.path), None)


def _answers(manifest: Manifest, root: Path) -> Mapping[str, str]:
    """What stands in each field of a card, as JSON; a field without an answer is open."""
    card = read_card(inside(root, manifest.documentation.path).read_bytes(), name=manifest.documentation.path)
    plain = {path: value for path, value in values(card) if path != MARKS}
    return {path: json.dumps(_plain(value), ensure_ascii=False) if value else OPEN for path, value in plain.items()}


def _plain(value: Any) -> Any:
    """Texts as they are, lists item by item, an author or a result without what it leaves out."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.model_dump(mode="json", exclude_defaults=True) if isinstance(value, Record) else value


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"
