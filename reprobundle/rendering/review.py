"""A report as Markdown, for the form of a review: what was found, what was not looked at, and what a person has to answer.

Whatever comes from a bundle passes `markdown`, and so says what it says and does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.phrases import counted
from reprobundle.rendering import claims, controls, differences, divergence, outputs, reasons, wording
from reprobundle.rendering.markdown import cell, code, inline, paragraphs, table
from reprobundle.report import Diagnosis, Report, Status

SHOWN_OUTPUTS = 50
SHOWN_CLAIMS = 200
SHOWN_DIFFERENCES = 30
SHOWN_FINDINGS = 100
CHECKLIST = (
    "The claims above are the ones that the paper rests on; others that matter are named here:",
    "The inputs of the replay are typical of what the model is for:",
    "I looked at the differences of the environment, and none of them explains away a result:",
    "What was not checked does not matter for my recommendation, because:",
    "I trust where the bundle comes from, because (signature, journal, personal contact):",
)
FOOTER = (
    "*A replay shows that the saved model gives the recorded outputs; it does not show that training would give this model. "
    "Figures and plots stand in `report.html`, everything in `report.json`.*"
)


def render(report: Report) -> str:
    """The form, with a newline at the end."""
    parts = [f"# Replay of {inline(report.bundle_name)}", *_verdict(report), *_replayed(report), *_claims(report),
             *_outputs(report), *_controls(report), *_differences(report), *_not_checked(report), *_reviewer()]  # fmt: skip
    return "\n\n".join([*parts, FOOTER]) + "\n"


def _verdict(report: Report) -> Iterator[str]:
    yield f"**{inline(wording.headline(report.verdict))}**"
    yield from paragraphs(wording.beside_why(report))
    if report.diagnosis is not None:
        yield f"Why: {inline(report.diagnosis.paragraph)}"
        yield from _diagnosis(report, report.diagnosis)


def _diagnosis(report: Report, diagnosis: Diagnosis) -> Iterator[str]:
    told = [inline(line) for line in diagnosis.evidence]
    if diagnosis.layers:
        told.append(inline(divergence.words(diagnosis.layers)))
    if not differences.graded(report.findings):  # else they stand in their table
        told += [f"may explain it: {inline(cause)}" for cause in diagnosis.causes]
    if diagnosis.trials:
        told.append(reasons.trials(diagnosis.trials))
    told += [
        f"with {', '.join(code(setting) for setting in trial.settings)}: {trial.rung.value}"
        for trial in diagnosis.trials
        if trial.rung.strength > report.verdict.rung.strength
    ]
    if told:
        yield "\n".join(f"- {line}" for line in told)


def _replayed(report: Report) -> Iterator[str]:
    yield "## What was replayed"
    rows = [
        ("bundle", code(report.bundle_id)),
        ("integrity", cell(wording.integrity(report))),
        ("environment", cell("; ".join(wording.environment_lines(report.environment)))),
        ("required", wording.required(report)),
        ("replayed", cell(report.started)),
        ("by", cell(f"reprobundle {report.reprobundle}")),
        ("time", cell(wording.times(report.stages)) if report.stages else outputs.NONE),
    ]
    yield table(("", ""), rows)


def _claims(report: Report) -> Iterator[str]:
    if not report.claims:
        return
    yield f"## {claims.heading(report.claims)}"
    rows = [
        (cell(line.id), line.claimed, line.got, f"**{line.verdict}**", cell(line.rule), cell(line.note))
        for line in claims.lines(report.claims[:SHOWN_CLAIMS])
    ]
    yield table((*claims.HEADER, "what it says"), rows)
    yield from _more(len(report.claims) - SHOWN_CLAIMS)
    for line in claims.lines(report.claims[:SHOWN_CLAIMS]):
        yield from _groups(line)


def _groups(line: claims.Line) -> Iterator[str]:
    """One claim's table by groups, where it was computed."""
    if not line.groups or line.got == claims.NOT_COMPUTED:
        return
    yield f"Claim {cell(line.id)}, {inline(line.by)}:"
    yield table(
        claims.GROUP_HEADER,
        [(cell(one.name), one.claimed, one.got, f"**{one.verdict}**", one.count) for one in line.groups],
    )
    yield from _more(line.more_groups)


def _outputs(report: Report) -> Iterator[str]:
    yield "## Outputs"
    if not report.outputs:
        yield "None were compared."
        return
    rows = [
        (cell(item.name), cell(f"{item.dtype} {outputs.shape(item)}"), f"**{item.rung.value}**", outputs.difference(item),
         cell(outputs.tolerance(item)), cell(outputs.origin(item)), cell("; ".join(outputs.details(item))))
        for item in outputs.weakest_first(report.outputs, SHOWN_OUTPUTS)
    ]  # fmt: skip
    yield table(("output", "form", "rung", "max difference", "tolerance", "from", "measured"), rows)
    yield from _more(len(report.outputs) - SHOWN_OUTPUTS)


def _controls(report: Report) -> Iterator[str]:
    if not report.controls:
        return
    yield f"## Controls: {report.verdict.controls}"
    rows = [
        (cell(line.name), line.scale or outputs.NONE, line.distance, f"**{line.outcome}**", cell(line.why))
        for line in controls.lines(report.controls)
    ]
    yield table((*controls.HEADER, "why"), rows)


def _differences(report: Report) -> Iterator[str]:
    lines, agreement = differences.graded(report.findings), differences.agreement(report.findings)
    if lines or agreement:
        yield f"## {differences.heading(lines)}"
    if lines:
        rows = [
            (line.grade.value, cell(line.what), cell(line.recorded), cell(line.here), cell(line.why))
            for line in lines[:SHOWN_DIFFERENCES]
        ]
        yield table(("grade", "what", *differences.SIDES, "why it matters"), rows)
        yield from _more(len(lines) - SHOWN_DIFFERENCES)
    elif agreement:
        yield from paragraphs(f"{agreement}.")


def _not_checked(report: Report) -> Iterator[str]:
    told = [f"{item.kind}: {item.message}" for item in wording.checks(report) if item.status is Status.NOT_RUN]
    told += [
        f"claim {result.id!r}: {result.why or 'not run'}" for result in report.claims if result.verdict == "not run"
    ]
    if report.verdict.controls == "not run":
        told.append(f"controls {controls.NOT_RUN}")
    if report.signature != "good":
        told.append("who made the bundle: nothing proves it")
    yield "## What was not checked"
    yield "\n".join(f"- {inline(line)}" for line in told[:SHOWN_FINDINGS]) or "Nothing is known to have been left out."
    yield from _more(len(told) - SHOWN_FINDINGS)


def _reviewer() -> Iterator[str]:
    yield "## For the reviewer"
    yield "\n".join(f"- [ ] {line}" for line in CHECKLIST)
    yield table(("", ""), [("reviewer", ""), ("date", ""), ("recommendation", "")])


def _more(number: int) -> Iterator[str]:
    if number > 0:
        yield f"And {counted(number, 'more', 'more')} in `report.json`."
