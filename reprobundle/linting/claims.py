"""What claims say of themselves: a number beside those of its own samples and groups."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.claims import Claim, contradictions, rows_of
from reprobundle.linting.lints import Lint
from reprobundle.linting.rules import MANIFEST, in_manifest
from reprobundle.linting.subject import Subject
from reprobundle.store import inside

SECTION, ENTRY, VALUE = '  "claims": {', "      {", '        "value":'  # as a manifest is written


def contradicted(subject: Subject) -> Iterator[Lint]:
    """Each claim whose parts cannot all be so: its number, samples, groups and intervals, and the samples of its split."""
    if subject.manifest is None:
        return
    data = subject.manifest.data
    found = [
        (place, claim, told)
        for place, claim in enumerate(subject.manifest.claims.claims)
        for told in contradictions(claim, rows_of(claim, data))
    ]
    lines = _lines(subject) if found else ()
    for place, claim, told in found:
        message, path = f"{_called(claim)}: {told.words}", f"claims.claims[{place}].value"
        made = in_manifest(
            "claim-contradicted", path, message, hint=told.hint, level="error" if told.sure else "warning"
        )
        yield made.model_copy(update={"line": lines[place] if place < len(lines) else None})


def _called(claim: Claim) -> str:
    return f"the number {claim.id!r}"


def _lines(subject: Subject) -> tuple[int, ...]:
    """The line of each claim's value in the manifest; none where it is not written as this program writes it."""
    if subject.root is None:
        return ()
    found: list[int] = []
    within, seen = False, 0
    with inside(subject.root, MANIFEST).open(encoding="utf-8") as file:
        for number, line in enumerate(map(str.rstrip, file), start=1):
            within = line == SECTION or (within and not line.startswith("  }"))
            seen += within and line == ENTRY
            if within and line.startswith(VALUE) and len(found) < seen:
                found.append(number)
    return tuple(found)
