"""What the worker left behind: its types, and how each part of its result is read as a stranger's."""

from reprobundle.answers.forms import Answer, Computed, Deed, Line, Misfit, Run, Sketch
from reprobundle.answers.runs import run, sketch, sketches
from reprobundle.answers.strangers import (
    LARGEST_SAMPLE,
    LONGEST_ERROR,
    LONGEST_TEXT,
    MOST_DEEDS,
    asked_for,
    computed,
    deeds,
    duration,
    line,
    lines,
    mapping,
    misfit,
    number,
    text,
    texts,
)

__all__ = [
    "LARGEST_SAMPLE",
    "LONGEST_ERROR",
    "LONGEST_TEXT",
    "MOST_DEEDS",
    "Answer",
    "Computed",
    "Deed",
    "Line",
    "Misfit",
    "Run",
    "Sketch",
    "asked_for",
    "computed",
    "deeds",
    "duration",
    "line",
    "lines",
    "mapping",
    "misfit",
    "number",
    "run",
    "sketch",
    "sketches",
    "text",
    "texts",
]
