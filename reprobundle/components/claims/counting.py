"""How many samples the split of a claim was recorded with, as the record of the data tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprobundle.components.claims.contradicting import Rows
from reprobundle.components.claims.section import Claim

if TYPE_CHECKING:
    from reprobundle.records import Record

DATA = "data"
SAMPLES = frozenset({"array", "table", "dataset"})
BARE = "value"  # as the record calls the only part of a sample that has no name


def rows_of(claim: Claim, data: Record | None) -> Rows | None:
    """What is recorded of the claim's split; None where it is not, or is one file, whose samples nobody counted.

    Args:
        claim: The claim.
        data: The section of the data splits; None: there is none.
    """
    splits: tuple[Any, ...] = getattr(data, "splits", ())  # a component knows no other's records
    found = next((split for split in splits if split.name == claim.split), None)
    if found is None or found.kind == "file":
        return None
    return Rows(found.name, found.count, _counted(found))


def _counted(split: Any) -> str:
    """What one of the counted things is called: a row of bare numbers may be a token, of which a sample has many."""
    if split.kind not in SAMPLES:
        return "file"
    bare = len(split.leaves) == 1 and split.leaves[0].name == BARE and split.leaves[0].shape == ()
    return "bare number" if bare else "sample"
