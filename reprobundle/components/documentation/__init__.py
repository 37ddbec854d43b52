"""Documentation: what people say about the model, with what capture already knows filled in.

Reading a manifest needs the section alone; the card and the rest are imported when they are used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.components.documentation.section import NAME, Section
from reprobundle.components.interface import Site, Source, Stage, not_run
from reprobundle.errors import ReproBundleError
from reprobundle.phrases import some
from reprobundle.report import Finding, Status
from reprobundle.store import inside

__all__ = ["NAME", "Section", "capture", "check", "renew"]

GAPS_SHOWN = 8


def capture(source: Source, stage: Stage) -> Section:
    """Write the card: what the person gave, and where they said nothing, what the other sections tell."""
    from reprobundle.components.documentation.recording import record

    return record(source, stage)


def renew(content: bytes, sections: Mapping[str, Any], stage: Stage) -> Section | None:
    """Write a card again where what was captured tells other answers by now; what people wrote stays.

    A card in which no answer is marked as captured stays as it is: an earlier version of this program wrote it, or a person.

    Args:
        content: The card as it stands.
        sections: The sections of a manifest by name, as plain values.
        stage: Where a bundle is being made.

    Returns:
        How far it is filled in; None where nothing changed, and nothing was written.

    Raises:
        RefusedInputError: The card breaks its form.
    """
    from reprobundle.components.documentation.card import read_card
    from reprobundle.components.documentation.recording import with_facts, write

    before = read_card(content)
    card = with_facts(before, sections) if before.captured else before
    return None if card == before else write(card, sections, stage)


def retell(section: Section, sections: Mapping[str, Any], stage: Stage) -> Section:
    """Write the card of a bundle that is being made again, once all is known that it tells of: groups that a function gave, say.

    What breaks the card's form, as a DOI with a mark in the place of a secret does, is left out with a note.

    Args:
        section: What is told of the card.
        sections: The sections of the manifest by name, as plain values, as they will be sealed.
        stage: Where the bundle is being made.

    Returns:
        How far it is filled in.
    """
    from reprobundle.components.documentation.recording import mended, with_facts, write

    card = mended(inside(stage.root, section.path).read_bytes(), stage)
    stage.writer.forget(section.path)
    return write(with_facts(card, sections) if card.captured else card, sections, stage)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Say how complete the card is; a card that cannot be read is named."""
    from reprobundle.components.documentation.card import read_card
    from reprobundle.components.documentation.standing import standing_in

    try:
        read_card(inside(site.root, section.path).read_bytes())
    except (OSError, ReproBundleError) as error:
        yield not_run(NAME, f"the card cannot be read: {error}")
        return
    standing = standing_in(section, {})
    open_ = standing.of("open")
    hint = f"open: {some(open_, GAPS_SHOWN)}" if open_ else None
    yield Finding(kind=NAME, status=Status.NOTE, message=standing.words, hint=hint)
