"""A report for a terminal: the verdict first, then what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reprobundle.rendering import columns, differences, wording
from reprobundle.rendering.escaping import columns_of, escape, prose
from reprobundle.report import Grade, OutputComparison, Report, Rung, Status

SHOWN_OUTPUTS = 20
SHOWN_FINDINGS = 40
NARROWEST = 60
WIDEST = 120
LABEL = 13

_GREEN, _RED, _YELLOW, _BOLD, _DIM = "32", "31", "33", "1", "2"
_STATUS_COLOURS = {Status.DIFFERS: _RED, Status.NOT_RUN: _YELLOW, Status.NOTE: _YELLOW, Status.SAME: _GREEN}
_GRADE_COLOURS = {Grade.CRITICAL: _RED, Grade.HIGH: _RED, Grade.MEDIUM: _YELLOW, Grade.LOW: _DIM}
_RUNG_COLOURS = {Rung.BITWISE: _GREEN, Rung.CLOSE: _GREEN, Rung.DIFFERENT: _RED, Rung.NOT_RUN: _YELLOW}


def render(report: Report, *, colour: bool, width: int) -> str:
    """The report as text, without a newline at the end.

    Args:
        report: What a replay found out.
        colour: Whether to use ANSI colours.
        width: Columns of the terminal; text is wrapped between 60 and 120.
    """
    page = Page(colour=colour, width=min(max(width, NARROWEST), WIDEST))
    _verdict(page, report)
    _facts(page, report)
    _outputs(page, report.outputs)
    _diagnosis(page, report)
    _differences(page, report)
    _findings(page, report)
    if report.stages:
        page.field("time", wording.times(report.stages))
    return page.text()


@dataclass(frozen=True)
class Row:
    """One line of a table whose cells may be wrapped.

    Attributes:
        cells: The texts, escaped.
        codes: Colours of the first of them.
        note: What stands below the row, from the second column on; empty for nothing.
    """

    cells: tuple[str, ...]
    codes: tuple[str, ...] = ()
    note: str = ""


class Page:
    """Lines of text being put together, wrapped and coloured in one place."""

    def __init__(self, *, colour: bool, width: int) -> None:
        """Start empty; `width` in columns."""
        self._colour = colour
        self._width = width
        self._lines: list[str] = []

    def paint(self, text: str, *codes: str) -> str:
        """The text in a colour, if there are colours."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._colour and codes else text

    def room(self, indent: int) -> int:
        """Columns left beside an indent."""
        return self._width - indent

    def line(self, text: str = "", *codes: str) -> None:
        """Add one line as it is."""
        self._lines.append(self.paint(text, *codes) if text else "")

    def heading(self, text: str) -> None:
        """Add a blank line and a heading."""
        self.line()
        self.line(text, _BOLD)

    def paragraph(self, text: str, *, indent: int = 2, codes: Sequence[str] = ()) -> None:
        """Add wrapped text."""
        for line in wrapped(text, self.room(indent)):
            self.line(" " * indent + self.paint(line, *codes))

    def field(self, label: str, *values: str, codes: Sequence[str] = ()) -> None:
        """Add a label with its values under one another, wrapped beside it."""
        lines = [line for value in values for line in wrapped(value, self.room(LABEL))]
        for number, line in enumerate(lines):
            shown = f"{label if number == 0 else '':<{LABEL}}"
            self.line(self.paint(shown, _DIM) + self.paint(line, *codes))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]], codes: Sequence[str], tinted: int) -> None:
        """Add columns under a header; column `tinted` of row *i* takes the colour ``codes[i]``."""
        body = list(rows)
        widths = [max(columns_of(row[column]) for row in (header, *body)) for column in range(len(header))]
        self.line(
            "  " + "  ".join(self._cell(text, width) for text, width in zip(header, widths, strict=True)).rstrip(), _DIM
        )
        for row, code in zip(body, codes, strict=True):
            cells = [self._cell(text, width) for text, width in zip(row, widths, strict=True)]
            cells[tinted] = self.paint(cells[tinted], code)
            self.line("  " + "  ".join(cells).rstrip())

    def folded(self, rows: Sequence[Row]) -> None:
        """Add columns whose cells are wrapped where they do not fit; the first row is the header."""
        widths = columns.widths_of([row.cells for row in rows], self.room(2))
        for row in rows:
            for number, (first, *rest) in enumerate(columns.fold(row.cells, widths)):
                painted = self.paint(first, *row.codes) if number == 0 else first
                self.line("  " + "  ".join([painted, *rest]).rstrip())
            if row.note:
                self.paragraph(row.note, indent=2 + widths[0] + columns.GAP, codes=(_DIM,))

    @staticmethod
    def _cell(text: str, width: int) -> str:
        return text + " " * (width - columns_of(text))

    def text(self) -> str:
        """Everything added so far."""
        return "\n".join(self._lines)


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines, at least one; a path or a digest is never cut, so that it can be copied."""
    return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False) or [""]


def _verdict(page: Page, report: Report) -> None:
    colour = _GREEN if report.verdict.reproduced else _RED
    page.paragraph(wording.headline(report.verdict), indent=0, codes=(_BOLD, colour))
    page.paragraph(wording.explanation(report.verdict))
    page.line()


def _facts(page: Page, report: Report) -> None:
    page.field("bundle", wording.bundle_line(report))
    page.field("", wording.integrity(report.signature), codes=() if report.signature == "good" else (_YELLOW,))
    page.field("environment", *wording.environment_lines(report.environment))
    page.field("required", f"{report.verdict.required.value} or better")


def _outputs(page: Page, outputs: Sequence[OutputComparison]) -> None:
    page.heading(f"Outputs ({len(outputs)})")
    if not outputs:
        page.paragraph("none were compared")
        return
    shown = wording.weakest_first(outputs, SHOWN_OUTPUTS)
    rows = [(escape(item.name), escape(item.dtype), wording.shape(item), item.rung.value, wording.difference(item),
             wording.worst(item)) for item in shown]  # fmt: skip
    header = ("name", "dtype", "shape", "rung", "max difference", "worst element: recorded → replayed")
    page.table(header, rows, [_RUNG_COLOURS.get(item.rung, _YELLOW) for item in shown], tinted=3)
    for item in shown:
        if item.reason:
            page.paragraph(f"{escape(item.name)}: {prose(item.reason)}", indent=4)
    if len(outputs) > len(shown):
        page.paragraph(f"and {len(outputs) - len(shown)} more, none of them weaker than these")


def _diagnosis(page: Page, report: Report) -> None:
    if report.diagnosis is None:
        return
    page.heading(f"Diagnosis: {report.diagnosis.stage}")
    page.paragraph(prose(report.diagnosis.paragraph))
    for line in report.diagnosis.evidence:
        page.paragraph("- " + prose(line))


def _differences(page: Page, report: Report) -> None:
    lines, agreement = differences.graded(report.findings), differences.agreement(report.findings)
    if lines or agreement:
        page.heading(differences.heading(lines))
    if lines:
        show_differences(page, lines, differences.SIDES)
    elif agreement:
        page.paragraph(agreement)


def show_differences(page: Page, lines: Sequence[differences.Difference], sides: tuple[str, str]) -> None:
    """Add the table of graded differences, each reason below the lines it is true of, and how many more there are."""
    shown = lines[:SHOWN_FINDINGS]
    rows = [Row(("grade", "what", *sides), (_DIM,))]
    for group in differences.by_reason(shown):
        for number, line in enumerate(group):
            grade = line.grade.value if number == 0 else ""
            note = line.why if number == len(group) - 1 else ""
            rows.append(Row((grade, line.what, line.recorded, line.here), (_GRADE_COLOURS[line.grade],), note))
    page.folded(rows)
    if len(lines) > len(shown):
        page.paragraph(f"and {len(lines) - len(shown)} more, none of them weightier (--json shows all)")


def _findings(page: Page, report: Report) -> None:
    lines, agreeing = wording.found_lines(report.findings), wording.agreeing(report.findings)
    if lines or agreeing:
        page.heading("Checks")
    show_findings(page, lines)
    if agreeing:
        page.line("  " + page.paint(f"{'same':<9}", _GREEN) + agreeing)
    page.line()


def show_findings(page: Page, lines: Sequence[wording.FoundLine]) -> None:
    """Add findings, each with its status, and how many more there are."""
    for line in lines[:SHOWN_FINDINGS]:
        first, *rest = wrapped(f"{line.kind}: {line.text}", page.room(11))
        page.line("  " + page.paint(f"{line.status.value:<9}", _STATUS_COLOURS[line.status]) + first)
        for more in rest:
            page.line(" " * 11 + more)
        if line.hint:
            page.paragraph(f"hint: {line.hint}", indent=11, codes=(_DIM,))
    if len(lines) > SHOWN_FINDINGS:
        page.paragraph(f"and {len(lines) - SHOWN_FINDINGS} more (--json shows all)")
