"""How much of a report is written down: a bundle or an answer with a hundred thousand parts makes no larger one."""

from __future__ import annotations

from collections.abc import Sequence

from reprobundle.phrases import counted
from reprobundle.report.finding import Finding, Status
from reprobundle.report.outputs import OutputComparison

MOST_OUTPUTS = 1000
MOST_OF_A_KIND = 1000  # findings


def outputs_within(compared: Sequence[OutputComparison], most: int = MOST_OUTPUTS) -> tuple[OutputComparison, ...]:
    """The outputs that are listed: all, or the first of the weakest, each in the order they came.

    Args:
        compared: Every output, recorded beside produced.
        most: How many are listed.
    """
    weakest = sorted(range(len(compared)), key=lambda index: compared[index].rung.strength)[:most]
    return tuple(compared[index] for index in sorted(weakest))


def findings_within(findings: Sequence[Finding], most: int = MOST_OF_A_KIND) -> tuple[Finding, ...]:
    """The findings that are listed: at most so many of a kind, what agrees last of all, and how many more there are.

    Args:
        findings: All, in the order they were found.
        most: How many of one kind are listed.
    """
    by_kind: dict[str, list[int]] = {}
    for index, finding in enumerate(findings):
        by_kind.setdefault(finding.kind, []).append(index)
    kept: set[int] = set()
    for indices in by_kind.values():
        kept.update(sorted(indices, key=lambda index: findings[index].status is Status.SAME)[:most])
    left_out = (_not_listed(kind, len(indices) - most) for kind, indices in by_kind.items() if len(indices) > most)
    return (*(findings[index] for index in sorted(kept)), *left_out)


def _not_listed(kind: str, number: int) -> Finding:
    return Finding(
        kind=kind,
        status=Status.NOTE,
        message=f"{counted(number, 'more finding')} of this kind {'is' if number == 1 else 'are'} not listed",
    )
