"""What is not as it was at capture, as a table: grade, what, recorded, here, why. Every text is escaped already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import Finding, Grade, Status

ENVIRONMENT = "environment"
TITLE = "Environment difference"
SIDES = ("recorded", "here")
ENDING = " differs"  # in a table of differences it says nothing


@dataclass(frozen=True)
class Difference:
    """One line of the table.

    Attributes:
        grade: How much it can change numbers.
        what: Its subject.
        recorded: The value at capture; a dash where there is none.
        here: The value met here.
        why: The reason for the grade.
    """

    grade: Grade
    what: str
    recorded: str
    here: str
    why: str


def is_graded(finding: Finding) -> bool:
    """Whether a finding is a graded difference of the environment, and so belongs into the table."""
    return finding.kind == ENVIRONMENT and finding.status is Status.DIFFERS and finding.grade is not None


def graded(findings: Iterable[Finding]) -> tuple[Difference, ...]:
    """The lines of the table, those that change numbers most first."""
    lines = [_difference(finding, finding.grade) for finding in findings if is_graded(finding) and finding.grade]
    return tuple(sorted(lines, key=lambda line: list(Grade).index(line.grade)))


def by_reason(lines: Iterable[Difference]) -> tuple[tuple[Difference, ...], ...]:
    """The lines in groups of one grade and one reason, in the order in which the groups begin."""
    groups: dict[tuple[Grade, str], list[Difference]] = {}
    for line in lines:
        groups.setdefault((line.grade, line.why), []).append(line)
    return tuple(tuple(group) for group in groups.values())


def agreement(findings: Iterable[Finding]) -> str | None:
    """What agrees of the environment, in one line; None where nothing was compared."""
    same = [item.message for item in findings if item.kind == ENVIRONMENT and item.status is Status.SAME]
    return "; ".join(prose(message) for message in same) or None


def counts(grades: Iterable[Grade | None]) -> str:
    """How many of each grade there are, most first: ``1 high, 2 low``; empty without any."""
    found = Counter(grades)
    return ", ".join(f"{found[grade]:,} {grade.value}" for grade in Grade if found[grade])


def heading(lines: Sequence[Difference]) -> str:
    """The title of the table, which already says how much there is."""
    return f"{TITLE}: {counts(line.grade for line in lines) or 'none'}"


def _difference(finding: Finding, grade: Grade) -> Difference:
    what = prose(finding.message.removesuffix(ENDING))
    recorded, here = (_value(value) for value in (finding.expected, finding.found))
    return Difference(grade, what, recorded, here, prose(finding.why or ""))


def _value(value: str | None) -> str:
    return escape(value) if value else "-"
