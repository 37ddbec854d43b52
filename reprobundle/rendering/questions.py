"""How far the card of a bundle is answered, by what its manifest tells: each question under its part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reprobundle.components.documentation import Section
from reprobundle.components.documentation.standing import State, standing_in
from reprobundle.rendering.escaping import escape
from reprobundle.rendering.page import BOLD, NARROWEST, Page

HEADINGS: Mapping[State, str] = {"open": "Open", "captured": "Answered by capture", "answered": "Answered by people"}


def render(section: Section, sections: Mapping[str, Any], *, colour: bool, width: int) -> str:
    """The section as text, without a newline at the end.

    Args:
        section: How far the card is filled in.
        sections: All sections of the manifest by name, as plain values.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    standing = standing_in(section, sections)
    page = Page(colour=colour, width=max(width, NARROWEST))
    page.line(standing.words, BOLD)
    page.field("card", escape(section.path))
    for state, heading in HEADINGS.items():
        parts = standing.by_part(state)
        if parts:
            page.heading(heading)
        for part, fields in parts.items():
            page.paragraph(f"{part}: {', '.join(fields)}")
    return page.text()
