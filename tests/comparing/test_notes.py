"""Notes of two captures are compared by what they say, not by where they stand."""

from __future__ import annotations

from reprobundle.comparing.notes import differences
from reprobundle.report import Finding, Grade, Status


def note(message: str, kind: str = "data") -> Finding:
    """A note of a capture."""
    return Finding(kind=kind, status=Status.NOTE, message=message)


def test_notes_are_compared_whatever_their_order() -> None:
    """One that was put before the others is one difference."""
    shared = [note("a"), note("b", "code"), note("c")]
    found = list(differences(shared, [note("new"), *reversed(shared)]))

    assert [(one.message, one.expected, one.found, one.grade) for one in found] == [
        ("a note on data is not in both", None, "new", Grade.LOW)
    ]


def test_a_note_that_stands_twice_is_two() -> None:
    """How often it is said counts."""
    found = list(differences([note("a"), note("a")], [note("a")]))

    assert [(one.expected, one.found) for one in found] == [("a", None)]
