"""A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprobundle.rendering import differences, wording
from reprobundle.rendering.bars import WIDTH, bar_of
from reprobundle.rendering.escaping import SHOWN_PROSE_CHARACTERS, escape, prose
from reprobundle.report import OutputComparison, Report

if TYPE_CHECKING:
    import jinja2

SHOWN_OUTPUTS = 500
SHOWN_FINDINGS = 1000
ESCAPED_CHARACTERS = 10 * SHOWN_PROSE_CHARACTERS + 1  # an escaped text must not be cut a second time


def render(report: Report) -> str:
    """The report as one self-contained page."""
    outputs = wording.weakest_first(report.outputs, SHOWN_OUTPUTS)
    found, changed = wording.found_lines(report.findings), differences.graded(report.findings)
    return template("report.html").render(
        report=report,
        headline=wording.headline(report.verdict),
        explanation=wording.explanation(report.verdict),
        integrity=wording.integrity(report.signature),
        environment=wording.environment_lines(report.environment),
        outputs=[_row(output) for output in outputs],
        more_outputs=len(report.outputs) - len(outputs),
        bar_width=WIDTH,
        differences=changed[:SHOWN_FINDINGS],
        more_differences=max(len(changed) - SHOWN_FINDINGS, 0),
        differences_heading=differences.heading(changed),
        agreement=differences.agreement(report.findings),
        findings=found[:SHOWN_FINDINGS],
        more_findings=max(len(found) - SHOWN_FINDINGS, 0),
        agreeing=wording.agreeing(report.findings),
        stages=[(stage.name, wording.seconds(stage.seconds), stage.detail) for stage in report.stages],
        total=wording.seconds(sum(stage.seconds for stage in report.stages)),
    )  # fmt: skip


def _row(output: OutputComparison) -> dict[str, Any]:
    """One line of the table of outputs, in words."""
    return {
        "name": output.name,
        "dtype": output.dtype,
        "shape": wording.shape(output),
        "rung": output.rung.value,
        "difference": wording.difference(output),
        "worst": wording.worst(output),
        "tolerance": wording.tolerance(output),
        "reason": output.reason,
        "bar": bar_of(output),
    }


def template(name: str) -> jinja2.Template:
    """One of the pages to be filled; whatever is put in is escaped."""
    return _environment().get_template(name)


def _environment() -> jinja2.Environment:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("reprobundle.rendering"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    return environment


def _shown(value: Any) -> Any:
    """Whatever a template prints passes the escaper, even where its author forgot; markup made here is left alone."""
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return escape(value, limit=ESCAPED_CHARACTERS)
    return value
