"""A report for a terminal: the verdict first, why, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reprobundle.rendering import claims, controls, differences, outputs, reasons, wording
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import BOLD, DIM, GREEN, NARROWEST, RED, WIDEST, YELLOW, Page, Row, unsaid, wrapped
from reprobundle.report import Grade, OutputComparison, Report, Status
from reprobundle.report.verdict import REFUTED

SHOWN_OUTPUTS = 6
SHOWN_FINDINGS = 40
SHOWN_CLAIMS = 6
SHOWN_GROUPS = 5
NOTED = 1  # row of a table that is cut short keeps its note: the worst one
SHOWN_DIFFERENCES = 6
SHOWN_CHECKS = 6
SHORTEST = 0.1  # seconds: a stage that took less is not told

_STATUS_COLOURS = {Status.DIFFERS: RED, Status.NOT_RUN: YELLOW, Status.NOTE: YELLOW, Status.SAME: GREEN}
_GRADE_COLOURS = {Grade.CRITICAL: RED, Grade.HIGH: RED, Grade.MEDIUM: YELLOW, Grade.LOW: DIM}
_TONE_COLOURS = {"good": GREEN, "bad": RED, "open": YELLOW}


def render(report: Report, *, colour: bool, width: int) -> str:
    """The report as text, without a newline at the end: what a reviewer reads first; the page has the rest.

    Args:
        report: What a replay found out.
        colour: Whether to use ANSI colours.
        width: Columns of the terminal; text is wrapped between 60 and 120.
    """
    page = Page(colour=colour, width=min(max(width, NARROWEST), WIDEST))
    said = _verdict(page, report)
    _facts(page, report)
    _claims(page, report, said)
    _outputs(page, report.outputs, said)
    _controls(page, report, said)
    reasons.show(page, report, said)
    _differences(page, report)
    _checks(page, report, said)
    if report.stages:
        page.field(
            "time", wording.times(tuple(one for one in report.stages if one.seconds >= SHORTEST) or report.stages)
        )
    page.field("exit code", wording.ending(report.verdict))
    return page.text()


def _verdict(page: Page, report: Report) -> str:
    """Add the first lines; what they say is not said again."""
    headline, told = wording.headline(report.verdict), wording.beside_why(report)
    why = prose(report.diagnosis.paragraph) if report.diagnosis is not None else ""
    page.paragraph(headline, indent=0, codes=(BOLD, _TONE_COLOURS[wording.tone(report.verdict)]))
    idle = wording.idle_claims(report)
    if idle and report.verdict.reproduced:
        page.paragraph(idle, codes=(YELLOW,))
    if told:
        page.paragraph(told)
    if report.verdict.reproduced and not why and claims.met(report.claims):
        page.paragraph(claims.met(report.claims))
    if why:
        page.field("why", why)
    if idle and not report.verdict.reproduced:
        page.paragraph(idle, codes=(YELLOW,))
    page.line()
    return f"{headline} {told} {why} {idle}"


def _facts(page: Page, report: Report) -> None:
    page.field("bundle", wording.bundle_line(report))
    page.field("", wording.integrity(report), codes=() if report.signature == "good" else (YELLOW,))
    page.field("environment", *wording.environment_lines(report.environment))
    page.field("required", wording.required(report))
    summary = controls.summary(report)
    if summary is not None:
        below = " (below)" if report.controls and not controls.passed(report) else ""
        page.field("controls", summary + below, codes=() if report.verdict.controls == "passed" else (YELLOW,))
    page.field("probe", *controls.probed(report))
    page.field("remark", *wording.remarks(report))


def _claims(page: Page, report: Report, said: str) -> None:
    if not report.claims:
        return
    page.heading(claims.heading(report.claims))
    lines = claims.weightiest(claims.lines(report.claims), SHOWN_CLAIMS)
    rows = [Row((claims.HEADER[3], *claims.HEADER[:3], claims.HEADER[4]), (DIM,))]
    for line, after in zip(lines, (*lines[1:], None), strict=True):
        idle = line.verdict == "not run"  # nothing to read about, but what would run it, once
        why = "" if idle and after is not None and (after.verdict, after.why) == (line.verdict, line.why) else line.why
        why = "" if idle and wording.is_told_idle(why, said) else unsaid(why, said)
        note = "; ".join(part for part in ("" if idle else line.text, why) if part)
        note = "; ".join(part for part in (note, "" if idle else line.by) if part)
        rows.append(Row((line.verdict, line.id, line.claimed, line.got, line.rule), (_TONE_COLOURS[line.tone],), note))
        rows += _groups(line)
    page.folded(rows if len(lines) == len(report.claims) else _noted(rows))
    _more(page, len(report.claims) - len(lines), ", none of them worse")


def _groups(line: claims.Line) -> list[Row]:
    """The first groups of a claim that differ, below it."""
    differing = [group for group in line.groups if group.verdict == "differs"][:SHOWN_GROUPS]
    return [
        Row((group.verdict, f"  {group.name}", group.claimed, group.got, _of_samples(group.count)), (RED,))
        for group in differing
    ]


def _of_samples(count: str) -> str:
    return "" if count == claims.NOT_COMPUTED else f"of {count} sample{'' if count == '1' else 's'}"


def _outputs(page: Page, compared: Sequence[OutputComparison], said: str) -> None:
    page.heading(f"Outputs ({len(compared):,})")
    if not compared:
        page.paragraph("none were compared")
        return
    shown = outputs.weakest_first(compared, SHOWN_OUTPUTS)
    rows = [Row(("name", "dtype", "shape", "rung", "max difference", "tolerance", "from"), (DIM,))]
    for item in shown:
        cells = (escape(item.name), escape(item.dtype), outputs.shape(item), item.rung.value, outputs.difference(item),
                 outputs.tolerance(item), outputs.origin(item))  # fmt: skip
        note = "; ".join(outputs.in_short(item, said))
        rows.append(Row(cells, (_TONE_COLOURS[outputs.tone(item.rung)],), note, tinted=3))
    page.folded(_without_empty(rows if len(shown) == len(compared) else _noted(rows)))
    _more(page, len(compared) - len(shown), ", none of them weaker")


def _noted(rows: Sequence[Row]) -> list[Row]:
    """The rows of a table that is cut short, with what there is to say of the first."""
    return [row if number <= NOTED else replace(row, note="") for number, row in enumerate(rows)]


def _without_empty(rows: Sequence[Row]) -> list[Row]:
    """The table without its last columns where no row has anything in them."""
    kept = len(rows[0].cells)
    while all(row.cells[kept - 1] in {"", outputs.NONE} for row in rows[1:]):
        kept -= 1
    return [Row(row.cells[:kept], row.codes, row.note, row.tinted) for row in rows]


def _controls(page: Page, report: Report, said: str) -> None:
    """The controls that are not as expected, one line each, and a reason once that several of them share."""
    odd = [line for line in controls.lines(report.controls) if line.outcome != "as expected"]
    if not odd:
        return
    page.heading("Controls that are not as expected")
    if report.verdict.controls in REFUTED:
        page.paragraph(controls.MEANINGS[report.verdict.controls])
    rows = [Row((controls.HEADER[3], *controls.HEADER[:3]), (DIM,))]
    for number, line in enumerate(odd):
        last = number + 1 == len(odd) or odd[number + 1].why != line.why
        cells = line.outcome, line.name, line.scale, line.distance
        rows.append(Row(cells, (_TONE_COLOURS[line.tone],), unsaid(line.why, said) if last else ""))
    page.folded(rows)


def _differences(page: Page, report: Report) -> None:
    """The differences that can change numbers, and how many others there are."""
    lines = differences.graded(report.findings)
    agreement = differences.agreement(report.findings)
    if lines or agreement:
        page.heading(differences.heading(lines))
    if lines:
        weighty = [line for line in lines if line.grade is not Grade.LOW] or list(lines)
        show_differences(page, weighty[:SHOWN_DIFFERENCES], differences.SIDES)
        _more(page, len(weighty) - SHOWN_DIFFERENCES, ", none of them weightier")
    elif agreement:
        page.paragraph(agreement)


def _checks(page: Page, report: Report, said: str) -> None:
    """What differs and what was not looked at; of the notes no more than there is room for."""
    checked = wording.checks(report)
    all_lines = wording.found_lines(checked)
    lines = [line for line in wording.found_lines(item for item in checked if not wording.is_aside(item))
             if unsaid(line.text, said)]  # fmt: skip
    agreeing = wording.agreeing(checked)
    if all_lines or agreeing:
        page.heading("Checks")
    show_findings(page, lines[:SHOWN_CHECKS])
    left = len(all_lines) - len(lines[:SHOWN_CHECKS])
    more = [f"{left:,} more: see report.html"] if left else []
    if agreeing:
        words = "; ".join([agreeing, *more])
        page.line("  " + page.paint(f"{'same':<9}", GREEN) + words)
    elif more:
        page.paragraph(f"and {more[0]}")
    page.line()


def _more(page: Page, number: int, words: str) -> None:
    if number > 0:
        page.paragraph(f"and {number:,} more{words}: see report.html")


def show_differences(page: Page, lines: Sequence[differences.Difference], sides: tuple[str, str]) -> None:
    """Add the table of graded differences, each reason below the lines it is true of, and how many more there are."""
    shown = lines[:SHOWN_FINDINGS]
    rows = [Row(("grade", "what", *sides), (DIM,))]
    for group in differences.by_reason(shown):
        for number, line in enumerate(group):
            grade = line.grade.value if number == 0 else ""
            note = line.why if number == len(group) - 1 else ""
            rows.append(Row((grade, line.what, line.recorded, line.here), (_GRADE_COLOURS[line.grade],), note))
    page.folded(rows)
    if len(lines) > len(shown):
        page.paragraph(f"and {len(lines) - len(shown)} more, none of them weightier (--json shows all)")


def show_findings(page: Page, lines: Sequence[wording.FoundLine]) -> None:
    """Add findings, each with its status, and how many more there are."""
    for line in lines[:SHOWN_FINDINGS]:
        first, *rest = wrapped(f"{line.kind}: {line.text}", page.room(11))
        page.line("  " + page.paint(f"{line.status.value:<9}", _STATUS_COLOURS[line.status]) + first)
        for more in rest:
            page.line(" " * 11 + more)
        if line.hint:
            page.paragraph(f"hint: {line.hint}", indent=11, codes=(DIM,))
    if len(lines) > SHOWN_FINDINGS:
        page.paragraph(f"and {len(lines) - SHOWN_FINDINGS} more (--json shows all)")
