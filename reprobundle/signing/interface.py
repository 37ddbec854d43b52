"""What every kind of signature has: somebody who makes it, and somebody who says whose it must be."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from model_signing import signing, verifying

    from reprobundle.signing.statement import Statement

Kind = Literal["key", "certificate", "identity"]


class Signer(Protocol):
    """Makes a signature of one kind."""

    def join(self, config: signing.Config) -> None:
        """Tell model-signing how to sign.

        Raises:
            UsageError: It cannot be done with what was given.
            UnavailableError: Something it needs is not here.
        """

    def trouble(self) -> AbstractContextManager[None]:
        """Turns what only this kind can raise while it signs into this program's errors."""


class Trust(Protocol):
    """Whose signature counts."""

    KIND: ClassVar[Kind]

    def join(self, config: verifying.Config) -> None:
        """Tell model-signing whose signature it must be.

        Raises:
            UsageError: Nothing can be checked with what was given.
            UnavailableError: Something it needs is not here.
        """

    def fault(self, statement: Statement) -> str | None:
        """Why a signature cannot count, whatever model-signing says; None where it says the rest."""

    def who(self, statement: Statement) -> str:
        """Whose a good signature is, in words."""
