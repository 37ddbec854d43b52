"""A report as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any, TypeVar

from reprobundle.drifts import DriftReport
from reprobundle.rendering import (
    claims,
    controls,
    differences,
    divergence,
    drift_page,
    histogram,
    outputs,
    timeline,
    wording,
)
from reprobundle.rendering.bars import WIDTH, bar_of
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.templating import template
from reprobundle.report import Diagnosis, OutputComparison, Report

Row = TypeVar("Row", claims.Line, differences.Difference, wording.FoundLine)

SHOWN_OUTPUTS = 500
SHOWN_FINDINGS = 1000
SHOWN_PICTURES = 60
MOST_CHARACTERS = 400_000  # in the prose of one table: a stranger's bundle fills no browser


def render(report: Report, drifts: Sequence[DriftReport] = ()) -> str:
    """The report as one self-contained page.

    Args:
        report: What a replay found out.
        drifts: How the reviewer's data compares with the captured splits, where it was looked at.
    """
    checked, changed = wording.checks(report), differences.graded(report.findings)
    shown_claims = _claims(report)
    all_found = wording.found_lines(checked)
    found, shown_changed = _within(all_found[:SHOWN_FINDINGS]), _within(changed[:SHOWN_FINDINGS])
    return template("report.html").render(
        report=report,
        tone=wording.tone(report.verdict),
        headline=wording.headline(report.verdict),
        explanation=wording.beside_why(report),
        integrity=wording.integrity(report),
        required=wording.required(report),
        environment=wording.environment_lines(report.environment),
        idle=wording.idle_claims(report),
        remarks=wording.remarks(report),
        **_outputs(report),
        **_controls(report),
        claims=shown_claims,
        claims_heading=claims.heading(report.claims),
        not_computed=claims.NOT_COMPUTED,
        more_claims=len(report.claims) - len(shown_claims),
        diagnosis=_diagnosis(report.diagnosis) if report.diagnosis is not None else None,
        differences=shown_changed,
        more_differences=len(changed) - len(shown_changed),
        differences_heading=differences.heading(changed),
        agreement=differences.agreement(report.findings),
        drifts=[drift_page.parts(drift) for drift in drifts],
        findings=found,
        more_findings=len(all_found) - len(found),
        agreeing=wording.agreeing(checked),
        stages=[(stage.name, wording.seconds(stage.seconds), stage.detail) for stage in report.stages],
        total=wording.seconds(sum(stage.seconds for stage in report.stages)),
        spans=timeline.spans(report.stages),
        timeline=timeline,
        times=wording.times(report.stages),
    )  # fmt: skip


def _claims(report: Report) -> Sequence[claims.Line]:
    """The claims in their own order; of more than there is room for, those that do not agree first."""
    rows = claims.lines(report.claims)
    shown = _within(rows[:SHOWN_FINDINGS])
    return shown if len(shown) == len(rows) else _within(claims.weightiest(rows, min(SHOWN_FINDINGS, len(rows) - 1)))


def _within(rows: Sequence[Row]) -> Sequence[Row]:
    """The first rows of a table, as many as have room together; one at least."""
    total = 0
    for number, row in enumerate(rows):
        total += sum(len(str(value)) for value in astuple(row))
        if number and total > MOST_CHARACTERS:
            return rows[:number]
    return rows


def _outputs(report: Report) -> dict[str, Any]:
    """The table of outputs and their histograms."""
    shown = outputs.weakest_first(report.outputs, SHOWN_OUTPUTS)
    drawn = [picture for picture in map(histogram.picture, shown) if picture is not None]
    return {
        "outputs": [_row(output) for output in shown],
        "more_outputs": len(report.outputs) - len(shown),
        "bar_width": WIDTH,
        "histogram": histogram,
        "histograms": drawn[:SHOWN_PICTURES],
        "more_histograms": max(len(drawn) - SHOWN_PICTURES, 0),
    }


def _row(output: OutputComparison) -> dict[str, Any]:
    """One line of the table of outputs, in words."""
    return {
        "name": output.name,
        "dtype": output.dtype,
        "shape": outputs.shape(output),
        "rung": output.rung.value,
        "difference": outputs.difference(output),
        "worst": outputs.worst(output),
        "tolerance": outputs.tolerance(output),
        "origin": outputs.origin(output),
        "loosened": output.loosened,
        "details": list(outputs.details(output)),
        "bar": bar_of(output),
    }


def _controls(report: Report) -> dict[str, Any]:
    """The runs with other inputs and weights."""
    return {
        "controls": controls.lines(report.controls),
        "controls_summary": controls.summary(report),
        "probed": controls.probed(report),
        "controls_meaning": controls.MEANINGS["passed" if controls.passed(report) else report.verdict.controls],
    }


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    """What the paragraph at the top rests on."""
    return {
        "picture": divergence.picture(diagnosis.layers),
        "plot": divergence,
        "rows": [
            (number, divergence.name(layer), divergence.distance(layer.distance),
             divergence.distance(layer.envelope), divergence.state(layer))
            for number, layer in divergence.rows(diagnosis.layers)
        ],
        "trials": [
            ([escape(setting) for setting in trial.settings], trial.rung.value,
             outputs.NONE if trial.max_relative is None else f"{trial.max_relative:.2g}", prose(trial.why))
            for trial in diagnosis.trials
        ],
    }  # fmt: skip
