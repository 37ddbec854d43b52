"""A comparison with new data for a terminal: the answer first, then the features that changed."""

from __future__ import annotations

from pathlib import Path

from reprobundle.drifts import DriftReport
from reprobundle.rendering import drift_wording as wording
from reprobundle.rendering.escaping import SHOWN_PROSE_CHARACTERS, escape, prose
from reprobundle.rendering.page import NARROWEST, WIDEST, Page, Row

SHOWN_FEATURES = 15
SHOWN_NOTES = 10
HEADER = Row(("feature", "recorded → new", "effect", "corrected p"), ("2",))

_GREEN, _RED, _YELLOW, _BOLD, _DIM = "32", "31", "33", "1", "2"
_TONES = {"no drift": _GREEN, "drift": _RED, "not comparable": _YELLOW}


def render(report: DriftReport, *, colour: bool, width: int) -> str:
    """The comparison as text, without a newline at the end.

    Args:
        report: What `reprobundle.drift` returned.
        colour: Whether to use ANSI colours.
        width: Columns of the terminal; text is wrapped between 60 and 120.
    """
    page = Page(colour=colour, width=min(max(width, NARROWEST), WIDEST))
    page.paragraph(wording.headline(report), indent=0, codes=(_BOLD, _TONES[report.answer]))
    page.paragraph(wording.explanation(report))
    page.line()
    page.field("bundle", f"{escape(report.bundle_name)}  {escape(report.bundle_id)}")
    page.field("split", f"{escape(report.split)}: {wording.samples(report)}")
    page.field("tests", wording.tests(report))
    _structure(page, report)
    _features(page, report)
    _notes(page, report)
    page.line()
    return page.text()


def report_line(folder: Path) -> str:
    """Where the report is kept, below the rest."""
    return f"report       {escape(folder / 'drift.html', limit=SHOWN_PROSE_CHARACTERS)}"


def _structure(page: Page, report: DriftReport) -> None:
    if not report.structure:
        return
    page.heading("Form of a sample")
    for change in report.structure[:SHOWN_FEATURES]:
        page.paragraph(wording.structure_line(change), codes=(_RED,))
    if len(report.structure) > SHOWN_FEATURES:
        page.paragraph(f"and {len(report.structure) - SHOWN_FEATURES:,} more (--json shows all)")


def _features(page: Page, report: DriftReport) -> None:
    changed = wording.shown(report.features)
    page.heading(f"Features ({len(report.features):,})")
    if changed:
        rows = [HEADER]
        for feature in changed[:SHOWN_FEATURES]:
            line = wording.line_of(feature)
            slightly = feature.judgement != "drift"
            note = f"shifted slightly: {line.words}" if slightly else line.words
            rows.append(Row((line.feature, line.change, line.effect, line.p), (_YELLOW if slightly else _RED,), note))
        page.folded(rows)
    if len(changed) > SHOWN_FEATURES:
        page.paragraph(f"and {len(changed) - SHOWN_FEATURES:,} more (--json shows all)")
    page.paragraph(wording.unchanged(report.features) or "no other")


def _notes(page: Page, report: DriftReport) -> None:
    if not report.notes:
        return
    page.heading("Not compared, or to be known")
    for note in report.notes[:SHOWN_NOTES]:
        page.paragraph(prose(note), codes=(_DIM,))
    if len(report.notes) > SHOWN_NOTES:
        page.paragraph(f"and {len(report.notes) - SHOWN_NOTES:,} more (--json shows all)")
