"""The claims of a bundle as tables: each number with its interval, what computes it, its groups, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.claims import Claim, Section, contradictions, differing, failure, rows_of
from reprobundle.phrases import counted, printed
from reprobundle.records import Record
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import BOLD, DIM, RED, Page, Row

HEADER = ("claim", "value", "95 %", "samples", "split", "computed by")
GROUP_HEADER = ("group", "value", "95 %", "samples")
SHOWN_GROUPS = 20
NOTHING = "-"
CONTRADICTED = "CONTRADICTED"
FALSE = "FOUND FALSE"
UNCOMPUTED = "COULD NOT BE COMPUTED"
GUESSED = "split as its text says"


def render(section: Section, data: Record | None = None, *, colour: bool, width: int) -> str:
    """The section as text, without a newline at the end.

    Args:
        section: What is claimed.
        data: The section of the data splits, which tells how many samples each has; None: not known.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    if not section.claims:
        return "nothing is claimed"
    page = Page(colour=colour, width=width)
    page.folded([Row(HEADER, (DIM,)), *map(_row, section.claims)])
    for line in warnings(section, data):
        page.paragraph(line, codes=(RED,))
    for claim in section.claims:
        _groups(page, claim)
    return page.text()


def warnings(section: Section, data: Record | None = None) -> Iterator[str]:
    """One line for each number that the reloaded model gave otherwise or not at all, and for each part that another one contradicts.

    Args:
        section: What is claimed.
        data: The section of the data splits, which tells how many samples each has; None: not known.
    """
    for claim in section.claims:
        name = f"claim {escape(repr(claim.id))}"
        for words in differing(claim):
            yield f"{name} {FALSE}: {prose(words)}"
        failed = failure(claim)
        if failed is not None:
            yield f"{name} {UNCOMPUTED}: {failed}"
        for found in contradictions(claim, rows_of(claim, data)):
            yield f"{name} {CONTRADICTED}: {prose(found.words)}"


def _row(claim: Claim) -> Row:
    by = claim.entry or " ".join(claim.command)
    cells = (
        escape(claim.id),
        printed(claim.value),
        _ends(claim.low, claim.high),
        NOTHING if claim.count is None else f"{claim.count:,}",
        escape(claim.split or NOTHING),
        escape(by) or NOTHING,
    )
    parts = ("" if claim.text == claim.id else prose(claim.text), GUESSED if claim.split_guessed else "")
    return Row(cells, (BOLD,), "; ".join(filter(None, parts)))


def _groups(page: Page, claim: Claim) -> None:
    if not claim.groups:
        return
    page.heading(f"{escape(claim.id)} by {escape(claim.group or 'group')}")
    rows = [
        Row(
            (
                escape(one.name, limit=60),
                printed(one.value),
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
