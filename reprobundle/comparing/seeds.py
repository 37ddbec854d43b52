"""Two trainings from other seeds differ in a dozen places that say one thing: told in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reprobundle.phrases import some
from reprobundle.report import Finding, Status

PLACES = ("seeds.", "seeds_at_begin.", "seeding.", "seeding ")
ENDINGS = (" differs", " is not in both")
SHOWN = 3
NONE = "none"


def in_one_line(findings: Iterable[Finding]) -> Iterator[Finding]:
    """The differences of the hyperparameters, with all that are of seeds as one, after the others.

    Args:
        findings: One for each place.
    """
    told: dict[str, None] = {}  # what stands in several places is said once
    kind = ""
    for one in findings:
        if not one.message.startswith(PLACES):
            yield one
            continue
        kind = one.kind
        told[f"{_name(one.message)} {one.expected or NONE} → {one.found or NONE}"] = None
    if told:
        yield Finding(kind=kind, status=Status.DIFFERS, message=f"other seeds: {some([*told], SHOWN)}")


def _name(message: str) -> str:
    """What is seeded, of the place in the section that a message begins with."""
    place = message
    for ending in ENDINGS:
        place = place.removesuffix(ending)
    return place.partition(".")[2] or place
