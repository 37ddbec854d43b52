"""What an examination found, check by check."""

from __future__ import annotations

from typing import Literal

from reprobundle.records import Record

Outcome = Literal["ok", "warning", "blocks"]


class Check(Record):
    """One thing a replay needs.

    Attributes:
        subject: What it is about, in a word: ``bundle``, ``sandbox``, ``python``, ``lock``, …
        outcome: ``ok``; ``warning``: a replay can be tried, but may fail or prove less; ``blocks``: it cannot be tried.
        message: What was found, in one line.
        hint: The way out.
    """

    subject: str
    outcome: Outcome
    message: str
    hint: str | None = None


class Examination(Record):
    """Whether a bundle can be replayed on this machine.

    Attributes:
        bundle_id: The bundle's id.
        bundle_name: What the model is called.
        checks: Everything that was looked at.
    """

    bundle_id: str
    bundle_name: str
    checks: tuple[Check, ...]

    def of(self, outcome: Outcome) -> tuple[Check, ...]:
        """The checks that came out like this."""
        return tuple(check for check in self.checks if check.outcome == outcome)

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 a replay can be tried, 3 something blocks it."""
        return 3 if self.of("blocks") else 0


def ok(subject: str, message: str, *, hint: str | None = None) -> Check:
    """A check that found nothing in the way."""
    return Check(subject=subject, outcome="ok", message=message, hint=hint)


def warning(subject: str, message: str, *, hint: str | None = None) -> Check:
    """A check that found what may make a replay fail or prove less."""
    return Check(subject=subject, outcome="warning", message=message, hint=hint)


def blocks(subject: str, message: str, *, hint: str | None = None) -> Check:
    """A check that found why no replay can be tried."""
    return Check(subject=subject, outcome="blocks", message=message, hint=hint)
