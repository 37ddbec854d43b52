"""What the paragraph at the top of a report rests on, for a terminal: in short, as the page has all of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.phrases import counted, rounded, some
from reprobundle.rendering import differences, divergence
from reprobundle.rendering.escaping import prose
from reprobundle.rendering.page import DIM, RED, Page, Row, unsaid
from reprobundle.report import Diagnosis, Finding, LayerDivergence, Report, Rung, Trial

SHOWN_LAYERS = 2
SHOWN_CAUSES = 4


def show(page: Page, report: Report, said: str) -> None:
    """Add the evidence that nothing else on the page has, the modules around the first one outside, and what was tried.

    Of outputs that the controls say were not computed none of it matters.

    Args:
        page: Where to.
        report: With a diagnosis or without.
        said: What stands at the top of the page.
    """
    found = report.diagnosis
    if found is None or report.verdict.controls in {"jumps", "insensitive"}:
        return
    lines = [
        prose(line)
        for line in _evidence(found, report.findings)
        if unsaid(prose(line.partition(": ")[2] or line), said)
    ]
    if not differences.graded(report.findings) and found.causes:
        lines.append(
            f"may explain it, the likeliest first: {some([prose(cause) for cause in found.causes], SHOWN_CAUSES)}"
        )
    if found.trials and not any(trial.rung is Rung.BITWISE for trial in found.trials):  # else the paragraph has it
        lines.append(trials(found.trials))
    outside = divergence.first_outside(found.layers) is not None
    if lines or outside:
        page.heading(f"Diagnosis: {found.stage}")
    for line in lines:
        page.paragraph(line)
    if outside:
        _layers(page, found.layers)


def _evidence(found: Diagnosis, findings: Sequence[Finding]) -> Iterator[str]:
    """What is told neither by the checks nor by what follows."""
    checked = {f"{item.kind}: {item.message}" for item in findings}
    told = {"modules": bool(found.layers), "settings": bool(found.trials)}
    yield from (line for line in found.evidence if line not in checked and not told.get(line.partition(":")[0]))


def trials(tried: Sequence[Trial]) -> str:
    """In one line, how many settings were tried, and how far off the outputs were with them."""
    far = sorted({rounded(trial.max_relative) for trial in tried if trial.max_relative is not None}, key=_number)
    off = "" if not far else f": off by {far[0]}" + (f" to {far[-1]}" if len(far) > 1 else "")
    return f"tried with {counted(len(tried), 'other setting')}{off} of the outputs' size"


def _number(text: str) -> float:
    return float(text.replace(",", ""))


def _layers(page: Page, layers: Sequence[LayerDivergence]) -> None:
    page.paragraph(divergence.totals(layers))
    rows = [Row(("call", "module", "distance", "envelope", "state"), (DIM,))]
    for number, layer in divergence.rows(layers, before=1)[:SHOWN_LAYERS]:
        cells = (str(number), divergence.name(layer), divergence.distance(layer.distance),
                 divergence.distance(layer.envelope), divergence.state(layer))  # fmt: skip
        rows.append(Row(cells, (RED,) if layer.outside else (), tinted=4))
    page.folded(rows)
