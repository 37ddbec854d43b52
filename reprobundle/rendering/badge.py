"""The verdict as a small picture for a page about the model: ``reproduced | bitwise``. Drawn here, from no server."""

from __future__ import annotations

import html

from reprobundle.phrases import counted
from reprobundle.rendering.escaping import escape
from reprobundle.report import Report, Rung, Verdict

HEIGHT, PADDING = 20, 6
GREY = "#555555"
COLOURS = {  # white text on each of them has a contrast of at least 4.5
    Rung.BITWISE: "#1a7f37",
    Rung.CLOSE: "#2f6b2f",
    Rung.SAME_DECISIONS: "#6b6a00",
    Rung.SAME_METRICS: "#8a5a00",
    Rung.DIFFERENT: "#b3202c",
    Rung.NOT_RUN: "#5f6770",
}
RED, AMBER = COLOURS[Rung.DIFFERENT], COLOURS[Rung.SAME_METRICS]
CAVEATS = {"not run": ", not tested", "drawn": ", drawn at random", "unsteady": ", unsteady"}
REFUTED = {"insensitive": "insensitive", "jumps": "jumps", "unexpected": "other outputs than expected"}
_LETTERS = {31: "ijl", 35: " ,", 39: "f", 43: "t", 45: "r", 57: "s", 58: "z", 60: "c", 64: "k", 65: "vxy", 67: "ao", 68: "e",
            90: "w", 107: "m"}  # fmt: skip
OTHER_WIDTH = 70
WIDTHS = {  # of letters of 11 pixels in DejaVu Sans, tenths of a pixel
    letter: width for width, letters in _LETTERS.items() for letter in letters
}


def render(report: Report) -> str:
    """The badge as an SVG, the same bytes for the same report."""
    label, message, colour = words(report.verdict)
    left, right = (_width(text) + 2 * PADDING for text in (label, message))
    bundle = f"{escape(report.bundle_name, limit=60)} ({escape(report.bundle_id, limit=40)})"
    return _DRAWING.format(
        width=left + right,
        height=HEIGHT,
        title=html.escape(f"{label}: {message}; replay of {bundle}"),
        left=left,
        right=right,
        grey=GREY,
        colour=colour,
        texts="\n".join((_text(label, left / 2), _text(message, left + right / 2))),
    )


def words(verdict: Verdict) -> tuple[str, str, str]:
    """What stands on the left, what on the right, and the colour of the right side."""
    if verdict.reproduced and verdict.other_claims:
        verb = "differs" if verdict.other_claims == 1 else "differ"
        return f"model {verdict.rung.value}", f"{counted(verdict.other_claims, 'claim')} {verb}", RED
    if verdict.reproduced and verdict.failed_claims:
        return f"model {verdict.rung.value}", f"{counted(verdict.failed_claims, 'claim')} not computed", AMBER
    if verdict.reproduced:
        loosened, caveat = ", loosened" if verdict.loosened else "", CAVEATS.get(verdict.controls, "")
        colour = AMBER if caveat else COLOURS[verdict.rung]
        return "reproduced", verdict.rung.value + loosened + caveat, colour
    if verdict.could_not_be_told:
        told = "refuses all else" if verdict.refused else verdict.rung.value
        what = "preprocessing not run" if verdict.is_prepared_otherwise else told
        return "could not be told", what, COLOURS[Rung.NOT_RUN]
    return "not reproduced", *_failure(verdict)


def _failure(verdict: Verdict) -> tuple[str, str]:
    if verdict.accusation is not None:
        ignored = f"ignores its {' and '.join(verdict.unmoved_by)}" if verdict.unmoved_by else None
        return ignored or REFUTED[verdict.controls], RED
    if verdict.is_prepared_otherwise:
        return "other preprocessing" if verdict.preprocessing == "differs" else "preprocessing not run", RED
    if verdict.other_tensors:
        return "other weights", RED
    return verdict.rung.value, COLOURS[verdict.rung]


def _width(text: str) -> int:
    """Pixels the text takes; whatever font is there is made to take as much."""
    return round(sum(WIDTHS.get(letter, OTHER_WIDTH) for letter in text) / 10)


def _text(text: str, middle: float) -> str:
    return f'<text x="{middle:g}" y="14" textLength="{_width(text)}">{html.escape(text)}</text>'


_DRAWING = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" role="img" aria-labelledby="badge-title">
<title id="badge-title">{title}</title>
<clipPath id="badge-round"><rect width="{width}" height="{height}" rx="3"/></clipPath>
<g clip-path="url(#badge-round)">
<rect width="{left}" height="{height}" fill="{grey}"/>
<rect x="{left}" width="{right}" height="{height}" fill="{colour}"/>
</g>
<g fill="#ffffff" text-anchor="middle" font-family="DejaVu Sans,Verdana,Geneva,sans-serif" font-size="11">
{texts}
</g>
</svg>
"""
