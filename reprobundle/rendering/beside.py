"""What differs between two bundles, for a terminal: first a line for each kind, then the differences themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reprobundle.changes import TextFinding, WeightsFinding
from reprobundle.phrases import counted
from reprobundle.rendering import differences, layers
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.page import NARROWEST, WIDEST, Page
from reprobundle.rendering.terminal import show_differences
from reprobundle.report import Finding, Grade, Status

SHOWN_FINDINGS = 40
NOT_THERE = "not there"
CLAIM = "claim "  # begins every message about one
LABEL = 16
TAB = 4
LONGEST_LINE = 500

_RED, _YELLOW, _GREEN, _BOLD, _DIM = "31", "33", "32", "1", "2"
_WEIGHTY = {Grade.CRITICAL, Grade.HIGH}


def render(findings: Sequence[Finding], names: tuple[str, str], *, colour: bool, width: int) -> str:
    """The comparison as text, without a newline at the end.

    Args:
        findings: What `reprobundle.compare` returned.
        names: What the first and the second bundle are called.
        colour: Whether to use ANSI colours.
        width: Columns of the terminal; text is wrapped between 60 and 120.
    """
    page = Page(colour=colour, width=min(max(width, NARROWEST), WIDEST))
    changed = _weightiest_first(_by_kind(item for item in findings if item.status is Status.DIFFERS))
    equal = [item.kind for item in findings if item.status is Status.SAME]
    sides = (escape(names[0]), escape(names[1]))
    _summary(page, changed, equal, sides)
    for kind, items in changed.items():
        _details(page, kind, items, sides)
    return page.text()


def _by_kind(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for item in findings:
        found.setdefault(item.kind, []).append(item)
    return found


def _weightiest_first(changed: dict[str, list[Finding]]) -> dict[str, list[Finding]]:
    """Kinds by the weightiest grade in them; one without grades, such as hyperparameters, before what is low at most."""
    order = [*(grade for grade in Grade if grade is not Grade.LOW), None, Grade.LOW]
    return dict(sorted(changed.items(), key=lambda pair: min(order.index(item.grade) for item in pair[1])))


def _summary(page: Page, changed: dict[str, list[Finding]], equal: list[str], sides: tuple[str, str]) -> None:
    """What a stranger reads in ten seconds."""
    if not changed:
        page.line(f"SAME: {sides[0]} and {sides[1]}", _BOLD, _GREEN)
        page.paragraph(f"{', '.join(equal)} agree, and so does every file")
        return
    kinds = f"{len(changed)} of {len(changed) + len(equal)} kinds"
    page.line(f"DIFFERENT in {kinds}: {sides[0]} and {sides[1]}", _BOLD, _RED)
    for kind, items in changed.items():
        counts = differences.counts(item.grade for item in items)
        words = counted(len(items), "difference") + (f" ({counts})" if counts else "")
        weighty = any(item.grade in _WEIGHTY for item in items)
        page.line("  " + page.paint(f"{kind:<{LABEL}}", _RED if weighty else _YELLOW) + words)
    if equal:
        page.paragraph(f"same: {', '.join(equal)}")


def _details(page: Page, kind: str, items: Sequence[Finding], sides: tuple[str, str]) -> None:
    page.heading(kind)
    table = differences.graded(items)
    if table:
        show_differences(page, table, sides)
    rest = [item for item in items if not differences.is_graded(item)]
    rest.sort(key=lambda item: len(Grade) if item.grade is None else list(Grade).index(item.grade))
    for item in rest[:SHOWN_FINDINGS]:
        if kind == "claims" and item.message.startswith(CLAIM):
            page.paragraph(_claim(item, sides))
            continue
        grade = "" if item.grade is None else f"{item.grade.value}: "
        page.paragraph(grade + prose(item.message.removesuffix(differences.ENDING)), codes=_codes(item.grade))
        if isinstance(item, TextFinding):
            _show_lines(page, item)
            continue
        for line in _values(item, sides):
            page.paragraph(line, indent=6)
        if isinstance(item, WeightsFinding):
            layers.show_layers(page, item, sides)
    if len(rest) > SHOWN_FINDINGS:
        page.paragraph(f"and {len(rest) - SHOWN_FINDINGS} more (--json shows all)")


def _claim(item: Finding, sides: tuple[str, str]) -> str:
    """One line: a claim of one side in words, else what parts."""
    for side, value, other in ((sides[0], item.expected, item.found), (sides[1], item.found, item.expected)):
        if value is not None and other is None:
            return f"only in {side}: {prose(value)}"
    return prose(item.message.removesuffix(differences.ENDING))


def _show_lines(page: Page, item: TextFinding) -> None:
    """The changed lines, each on one line of its own, whatever stands in it."""
    for line in item.lines:
        codes = {"+": (_GREEN,), "-": (_RED,), "@": (_DIM,)}.get(line[:1], ())
        page.line("      " + page.paint(escape(line.expandtabs(TAB), limit=LONGEST_LINE), *codes))
    if item.left_out:
        page.paragraph(f"and {counted(item.left_out, 'more line')}", indent=6)


def _codes(grade: Grade | None) -> tuple[str, ...]:
    return (_RED,) if grade in _WEIGHTY else ()


def _values(item: Finding, sides: tuple[str, str]) -> list[str]:
    """Both values, each beside the name of its bundle; none where the message says it all."""
    if item.expected is None and item.found is None:
        return []
    values = (NOT_THERE if value is None else escape(value) for value in (item.expected, item.found))
    return [f"{side}: {value}" for side, value in zip(sides, values, strict=True)]
