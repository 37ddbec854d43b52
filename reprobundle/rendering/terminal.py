"""A report for a terminal: the verdict first, why, then what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from reprobundle.rendering import claims, controls, differences, divergence, outputs, wording
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import BOLD, DIM, GREEN, NARROWEST, RED, WIDEST, YELLOW, Page, Row, wrapped
from reprobundle.report import Diagnosis, Grade, LayerDivergence, OutputComparison, Report, Status

SHOWN_OUTPUTS = 20
SHOWN_FINDINGS = 40
SHOWN_CLAIMS = 40
SHOWN_LAYERS = 8
SHOWN_TRIALS = 12

_STATUS_COLOURS = {Status.DIFFERS: RED, Status.NOT_RUN: YELLOW, Status.NOTE: YELLOW, Status.SAME: GREEN}
_GRADE_COLOURS = {Grade.CRITICAL: RED, Grade.HIGH: RED, Grade.MEDIUM: YELLOW, Grade.LOW: DIM}
_TONE_COLOURS = {"good": GREEN, "bad": RED, "open": YELLOW}


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
    _claims(page, report)
    _outputs(page, report.outputs)
    _controls(page, report)
    if report.diagnosis is not None:
        _diagnosis(page, report.diagnosis)
    _differences(page, report)
    _findings(page, report)
    if report.stages:
        page.field("time", wording.times(report.stages))
    return page.text()


def _verdict(page: Page, report: Report) -> None:
    colour = _TONE_COLOURS[wording.tone(report.verdict)]
    page.paragraph(wording.headline(report.verdict), indent=0, codes=(BOLD, colour))
    page.paragraph(wording.explanation(report.verdict))
    page.line()
    if report.diagnosis is not None:
        page.field("why", prose(report.diagnosis.paragraph))
        page.line()


def _facts(page: Page, report: Report) -> None:
    page.field("bundle", wording.bundle_line(report))
    page.field("", wording.integrity(report.signature), codes=() if report.signature == "good" else (YELLOW,))
    page.field("environment", *wording.environment_lines(report.environment))
    page.field("required", f"{report.verdict.required.value} or better")
    summary = controls.summary(report)
    if summary is not None:
        page.field("controls", summary, codes=() if report.verdict.controls == "passed" else (YELLOW,))


def _claims(page: Page, report: Report) -> None:
    if not report.claims:
        return
    page.heading(claims.heading(report.claims))
    lines = claims.lines(report.claims)
    rows = [Row((claims.HEADER[3], *claims.HEADER[:3], claims.HEADER[4]), (DIM,))]
    for line in lines[:SHOWN_CLAIMS]:
        cells = (line.verdict, line.id, line.claimed, line.got, line.rule)
        rows.append(Row(cells, (_TONE_COLOURS[line.tone],), line.note))
    page.folded(rows)
    if len(lines) > SHOWN_CLAIMS:
        page.paragraph(f"and {len(lines) - SHOWN_CLAIMS:,} more (--json shows all)")


def _outputs(page: Page, compared: Sequence[OutputComparison]) -> None:
    page.heading(f"Outputs ({len(compared)})")
    if not compared:
        page.paragraph("none were compared")
        return
    shown = outputs.weakest_first(compared, SHOWN_OUTPUTS)
    rows = [Row(("name", "dtype", "shape", "rung", "max difference", "tolerance", "from"), (DIM,))]
    for item in shown:
        cells = (escape(item.name), escape(item.dtype), outputs.shape(item), item.rung.value, outputs.difference(item),
                 outputs.tolerance(item), outputs.origin(item))  # fmt: skip
        rows.append(Row(cells, (_TONE_COLOURS[outputs.tone(item.rung)],), "; ".join(outputs.details(item)), tinted=3))
    page.folded(_without_empty(rows))
    if len(compared) > len(shown):
        page.paragraph(f"and {len(compared) - len(shown)} more, none of them weaker than these")


def _without_empty(rows: Sequence[Row]) -> list[Row]:
    """The table without its last columns where no row has anything in them."""
    kept = len(rows[0].cells)
    while all(row.cells[kept - 1] in {"", outputs.NONE} for row in rows[1:]):
        kept -= 1
    return [Row(row.cells[:kept], row.codes, row.note, row.tinted) for row in rows]


def _controls(page: Page, report: Report) -> None:
    if not report.controls or controls.passed(report):
        return
    page.heading(f"Controls: {report.verdict.controls}")
    page.paragraph(controls.MEANINGS[report.verdict.controls])
    rows = [Row((controls.HEADER[3], *controls.HEADER[:3]), (DIM,))]
    rows += [
        Row((line.outcome, line.name, line.scale, line.distance), (_TONE_COLOURS[line.tone],), line.why)
        for line in controls.lines(report.controls)
    ]
    page.folded(rows)


def _diagnosis(page: Page, diagnosis: Diagnosis) -> None:
    """What the paragraph at the top rests on."""
    told = [
        line for line in diagnosis.evidence if line.partition(": ")[2] not in diagnosis.paragraph
    ]  # stands at the top
    if not (told or diagnosis.layers or diagnosis.causes or diagnosis.trials):
        return
    page.heading(f"Diagnosis: {diagnosis.stage}")
    for line in told:
        page.paragraph("- " + prose(line))
    _layers(page, diagnosis.layers)
    if diagnosis.causes:
        page.paragraph("May explain it, the likeliest first:")
        for cause in diagnosis.causes:
            page.paragraph("- " + prose(cause))
    _trials(page, diagnosis)


def _layers(page: Page, layers: Sequence[LayerDivergence]) -> None:
    if not layers:
        return
    page.paragraph(divergence.words(layers))
    if divergence.first_outside(layers) is None:
        return
    rows = [Row(("call", "module", "distance", "envelope", "state"), (DIM,))]
    for number, layer in divergence.rows(layers)[:SHOWN_LAYERS]:
        told = divergence.state(layer)
        cells = (str(number), divergence.name(layer), divergence.distance(layer.distance),
                 divergence.distance(layer.envelope), told)  # fmt: skip
        rows.append(Row(cells, (RED,) if layer.outside else (), tinted=4))
    page.folded(rows)


def _trials(page: Page, diagnosis: Diagnosis) -> None:
    if not diagnosis.trials:
        return
    page.paragraph("Tried again with other settings:")
    rows = [Row(("rung", "with", "off by", "because"), (DIM,))]
    for trial in diagnosis.trials[:SHOWN_TRIALS]:
        far = outputs.NONE if trial.max_relative is None else f"{trial.max_relative:.2g}"
        settings = " ".join(escape(setting) for setting in trial.settings)
        colour = _TONE_COLOURS[outputs.tone(trial.rung)]
        rows.append(Row((trial.rung.value, settings, far, prose(trial.why)), (colour,)))
    page.folded(rows)
    if len(diagnosis.trials) > SHOWN_TRIALS:
        page.paragraph(f"and {len(diagnosis.trials) - SHOWN_TRIALS} more (--json shows all)")


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
    rows = [Row(("grade", "what", *sides), (DIM,))]
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
        page.line("  " + page.paint(f"{'same':<9}", GREEN) + agreeing)
    page.line()


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
