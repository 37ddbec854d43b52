"""What a caller may have to handle, sorted by what the caller would do differently.

Every error carries one line (what, where, expected, found) and, apart from it, a hint: the way out.
"""

from __future__ import annotations

import sys
from typing import ClassVar


class ReproBundleError(Exception):
    """The work could not be done.

    Attributes:
        hint: What to try next, or None.
        exit_code: What the command line ends with: 2 refused, 3 could not be done.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        """Keep the one-line message and the hint."""
        super().__init__(message)
        self.hint = hint
        if hint is not None:
            self.advise(hint)

    def advise(self, hint: str) -> None:
        """Put another hint in the place of the one there is."""
        self.hint = hint
        if sys.version_info >= (3, 11):
            self.__notes__ = [f"hint: {hint}"]  # a traceback shows it below the message


class UsageError(ReproBundleError):
    """An argument is wrong: change the call."""

    exit_code = 2


class RefusedInputError(ReproBundleError):
    """What was given breaks a rule of the format: do not use it.

    Attributes:
        summary: The message without its findings.
        findings: Where there may be many and each must be read: one line for each.
        pasted: The end of the hint that is typed as it is, behind what it is for; empty for none.
    """

    exit_code = 2

    def __init__(
        self, message: str, *, findings: tuple[str, ...] = (), hint: str | None = None, pasted: str = ""
    ) -> None:
        """Keep what the message and the hint are made of."""
        told = f"{message}: {'; '.join(findings)}" if findings else message
        super().__init__(told, hint="; ".join(filter(None, (hint, pasted))) or None)
        self.summary = message
        self.findings = findings
        self.pasted = pasted


class NewerSchemaError(RefusedInputError):
    """The document was written by a newer reprobundle: update, then try again."""


class SecretsError(RefusedInputError):
    """Secrets would be sealed or published: take them out, or allow them; none of the findings holds the secret itself."""


class UnavailableError(ReproBundleError):
    """Something this needs is not here (a sandbox, an interpreter, disk space, a network)."""


class ProcessError(ReproBundleError):
    """A program that was started failed or ran out of time.

    Attributes:
        output: The end of what it printed, at most 64 KiB of text.
    """

    def __init__(self, message: str, *, output: str = "", hint: str | None = None) -> None:
        """Keep the end of the program's output beside the message."""
        super().__init__(message, hint=hint)
        self.output = output
