"""How each question of the card stands: the one judgement that the card's view, its counts on the screen and ``lint`` share.

A question is answered by a person, or captured: filled in by this program, or told by what a manifest records. Else it is open,
or, where no model is expected to have an answer, optional; that is never counted, as an answer or as a gap.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from reprobundle.components.documentation.card import Card, said_in
from reprobundle.components.documentation.facts import Sections, facts
from reprobundle.components.documentation.filling import renewable
from reprobundle.components.documentation.questions import OPTIONAL, QUESTIONS
from reprobundle.components.documentation.section import NAME, Section

GENERAL = "the model"  # where fields that are in no part of the card belong

State = Literal["answered", "captured", "open", "optional"]


@dataclass(frozen=True)
class Standing:
    """Every question of the card with how it stands.

    Attributes:
        states: By path, in the card's order.
    """

    states: Mapping[str, State]

    def of(self, *states: State) -> tuple[str, ...]:
        """Paths of the questions that stand so, optional ones only as such."""
        return tuple(
            path
            for path, state in self.states.items()
            if state in states and (state == "optional" or path not in OPTIONAL)
        )

    @property
    def asked(self) -> int:
        """How many questions count."""
        return len(self.states.keys() - OPTIONAL)

    @property
    def told(self) -> int:
        """How many of these are answered, by a person or by what was captured."""
        return len(self.of("answered", "captured"))

    def by_part(self, state: State) -> Mapping[str, tuple[str, ...]]:
        """The questions that stand so, part by part, in words: ``{"training data": ("collection", "owner")}``."""
        parts: dict[str, tuple[str, ...]] = {}
        for path in self.of(state):
            part, _, field = (name.replace("_", " ") for name in path.rpartition("."))
            parts[part or GENERAL] = (*parts.get(part or GENERAL, ()), field)
        return parts

    @property
    def words(self) -> str:
        """How complete the card is, in words."""
        captured = len(self.of("captured"))
        shown = f"{self.told} of {self.asked} questions of the card are answered"
        return shown + (f", {captured} of them by capture" if captured else "")


def standing_of(card: Card, sections: Sections) -> Standing:
    """How the questions of a card stand.

    Args:
        card: What is said.
        sections: The sections of its manifest by name, as plain values; none for a card that is in no bundle yet.
    """
    return _standing(said_in(card), marked_in(card, sections), sections)


def marked_in(card: Card, sections: Sections) -> Collection[str]:
    """Paths of the answers that this program filled in, and that stand as they were filled in."""
    earlier: Mapping[str, Any] = sections.get(NAME, {})  # a manifest told it before cards did
    return renewable(card) if card.captured else earlier.get("known", ())


def standing_in(section: Section, sections: Sections) -> Standing:
    """The same by what a manifest alone tells of its card, where optional answers do not stand.

    Args:
        section: What it tells.
        sections: As for `standing_of`.
    """
    return _standing(QUESTIONS.keys() - OPTIONAL - set(section.gaps), section.known, sections)


def _standing(said: Collection[str], marked: Collection[str], sections: Sections) -> Standing:
    told = {fact.path for fact in facts(sections, Card()) if fact.value}  # not what the card says itself
    return Standing({path: _state(path, said, marked, told) for path in QUESTIONS})


def _state(path: str, said: Collection[str], marked: Collection[str], told: Collection[str]) -> State:
    if path in said:
        return "captured" if path in marked else "answered"
    if path in OPTIONAL:
        return "optional"
    return "captured" if path in told else "open"
