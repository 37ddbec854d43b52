"""The claims of a bundle as tables: each number with its interval, what computes it, its groups, and what contradicts it."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.claims import Claim, Section, contradictions
from reprobundle.phrases import counted
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import BOLD, DIM, RED, Page, Row

HEADER = ("claim", "value", "95 %", "samples", "split", "computed by")
GROUP_HEADER = ("group", "value", "95 %", "samples")
SHOWN_GROUPS = 20
NOTHING = "-"
CONTRADICTED = "CONTRADICTED"


def render(section: Section, *, colour: bool, width: int) -> str:
    """The section as text, without a newline at the end.

    Args:
        section: What is claimed.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    if not section.claims:
        return "nothing is claimed"
    page = Page(colour=colour, width=width)
    page.folded([Row(HEADER, (DIM,)), *map(_row, section.claims)])
    for line in warnings(section):
        page.paragraph(line, codes=(RED,))
    for claim in section.claims:
        _groups(page, claim)
    return page.text()


def warnings(section: Section) -> Iterator[str]:
    """One line for each claim and each part of it that another one contradicts."""
    for claim in section.claims:
        for found in contradictions(claim):
            yield f"claim {escape(repr(claim.id))} {CONTRADICTED}: {prose(found.words)}"


def _row(claim: Claim) -> Row:
    by = claim.entry or " ".join(claim.command)
    cells = (
        escape(claim.id),
        f"{claim.value:.6g}",
        _ends(claim.low, claim.high),
        NOTHING if claim.count is None else f"{claim.count:,}",
        escape(claim.split or NOTHING),
        escape(by) or NOTHING,
    )
    text = "" if claim.text == claim.id else prose(claim.text)
    return Row(cells, (BOLD,), text)


def _groups(page: Page, claim: Claim) -> None:
    if not claim.groups:
        return
    page.heading(f"{escape(claim.id)} by {escape(claim.group or 'group')}")
    rows = [
        Row(
            (
                escape(one.name, limit=60),
                f"{one.value:.6g}",
                _ends(one.low, one.high),
                NOTHING if one.count is None else f"{one.count:,}",
            )
        )
        for one in claim.groups[:SHOWN_GROUPS]
    ]
    page.folded([Row(GROUP_HEADER, (DIM,)), *rows])
    if len(claim.groups) > SHOWN_GROUPS:
        page.paragraph(
            f"and {counted(len(claim.groups) - SHOWN_GROUPS, 'more group', 'more groups')} (--json shows all)"
        )


def _ends(low: float | None, high: float | None) -> str:
    return NOTHING if low is None or high is None else f"{low:.3g} to {high:.3g}"
