"""A comparison with new data as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

from __future__ import annotations

from typing import Any

from reprobundle.drifts import DriftReport, FeatureDrift
from reprobundle.rendering import drift_plots as plots
from reprobundle.rendering import drift_wording as wording
from reprobundle.rendering.templating import template

SHOWN_FEATURES = 500
SHOWN_NOTES = 200
TONES = {"no drift": "good", "drift": "bad", "not comparable": "open"}


def render(report: DriftReport) -> str:
    """The comparison as one self-contained page."""
    return template("drift.html").render(report=report, **parts(report))


def parts(report: DriftReport) -> dict[str, Any]:
    """What the page shows, in words and pictures; a page about something else may show it, too."""
    return {
        "split": report.split,
        "tone": TONES[report.answer],
        "headline": wording.headline(report),
        "explanation": wording.explanation(report),
        "samples": wording.samples(report),
        "tests": wording.tests(report),
        "structure": [wording.structure_line(change) for change in report.structure[:SHOWN_FEATURES]],
        "more_structure": max(0, len(report.structure) - SHOWN_FEATURES),
        "pictures": [_picture(feature) for feature in report.features if feature.drawing is not None],
        "lines": [wording.line_of(feature) for feature in report.features[:SHOWN_FEATURES]],
        "more_lines": max(0, len(report.features) - SHOWN_FEATURES),
        "notes": report.notes[:SHOWN_NOTES],
        "more_notes": max(0, len(report.notes) - SHOWN_NOTES),
        "plots": plots,
    }


def _picture(feature: FeatureDrift) -> dict[str, Any]:
    """What is drawn of one feature that drifts."""
    bars = plots.bars_of(feature)
    return {
        "line": wording.line_of(feature),
        "areas": plots.areas_of(feature),
        "bars": bars,
        "height": plots.bars_height(bars),
        "words": plots.bars_words(bars),
    }
