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
        filled: Number of questions that are answered, by a person or by what was captured.
        fields: Number of questions that every model is asked.
        gaps: Paths of those that are not answered, e.g. ``ethics.privacy``.
        known: Paths of the fields, optional ones too, that capture filled in itself.
    """

    path: BundlePath
    filled: int
    fields: int
    gaps: tuple[str, ...]
    known: tuple[str, ...]

    @property
    def score(self) -> float:
        """Share of the questions that are answered, 0 to 1."""
        return self.filled / self.fields
