"""One thing that was checked, with what it came to."""

from __future__ import annotations

from enum import Enum

from reprobundle.records import Record


class Status(str, Enum):
    """What one check came to."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_RUN = "not run"
    NOTE = "note"


class Grade(str, Enum):
    """How much a difference can change a model's numbers, most first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Finding(Record):
    """One thing that was checked, or could not be, or should be known.

    Attributes:
        kind: The section it belongs to: ``environment``, ``code``, ``data``, …
        status: What the check came to.
        message: One line, without a full stop: what, where.
        expected: The recorded value as text, where there is one.
        found: The value met here as text, where there is one.
        hint: The way out.
        grade: For a difference between environments: how much it can change numbers.
        why: The reason for the grade, in a few words.
    """

    kind: str
    status: Status
    message: str
    expected: str | None = None
    found: str | None = None
    hint: str | None = None
    grade: Grade | None = None
    why: str | None = None
