"""The notes of two captures: those that only one of them has, whatever their order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.report import Finding, Grade, Status

KIND = "notes"
WEIGHT = Judgement(Grade.LOW, "what a capture says of itself changes no number")


def differences(a: Sequence[Finding], b: Sequence[Finding]) -> Iterator[Finding]:
    """One finding for each note that is not in both.

    Args:
        a: The notes of the first capture.
        b: Those of the second.
    """
    ours, theirs = Counter(_texts(a)), Counter(_texts(b))
    for kind, message in (ours - theirs).elements():
        yield _finding(kind, message, None)
    for kind, message in (theirs - ours).elements():
        yield _finding(kind, None, message)


def _texts(notes: Sequence[Finding]) -> list[tuple[str, str]]:
    return [(note.kind, note.message) for note in notes]


def _finding(kind: str, expected: str | None, found: str | None) -> Finding:
    return Finding(
        kind=KIND, status=Status.DIFFERS, message=f"a note on {kind} is not in both", expected=expected, found=found,
        grade=WEIGHT.grade, why=WEIGHT.why,
    )  # fmt: skip
