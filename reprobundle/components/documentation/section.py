"""The manifest's ``documentation`` section: how far the card is filled in."""

from __future__ import annotations

from reprobundle.records import Record
from reprobundle.store.digests import BundlePath

NAME = "documentation"
CARD = "documentation/card.yaml"


class Section(Record):
    """How far the checklist of responsible release is answered.

    Attributes:
        path: The card.
        filled: Number of fields that are answered.
        fields: Number of fields there are.
        gaps: Paths of the fields that are not, e.g. ``ethics.privacy``.
        known: Paths of the fields that capture filled in itself.
    """

    path: BundlePath
    filled: int
    fields: int
    gaps: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def score(self) -> float:
        """Share of the fields that are answered, 0 to 1."""
        return self.filled / self.fields
