"""A key on an elliptic curve: its private half signs, its public half checks."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from reprobundle.errors import UsageError
from reprobundle.signing import pem
from reprobundle.signing.library import library_errors, reason

if TYPE_CHECKING:
    from model_signing import signing, verifying

    from reprobundle.signing.interface import Kind
    from reprobundle.signing.statement import Statement

FINGERPRINT_SHOWN = 16  # digits
FINGERPRINT_HINT = (
    "a fingerprint is the SHA-256 of the public key's file (sha256sum public.pem): ask the signer for the key that has it, "
    "by another way than the bundle"
)
MADE_WITH = {
    "key": "it was made with a bare key: check it with the public key",
    "certificate": "it was made with a certificate: check it with its root certificate",
    "identity": "it was made without a key of its own: check it with identity and issuer",
}


@dataclass(frozen=True)
class KeySigner:
    """Signs with a key.

    Attributes:
        key: Private key on the curve P-256, P-384 or P-521, as PEM.
        password: Of the key, where it is encrypted.
    """

    key: Path
    password: str | None = field(default=None, repr=False)

    def join(self, config: signing.Config) -> None:
        """Read the key.

        Raises:
            UsageError: It cannot be read, or is of another kind.
        """
        pem.private_key(self.key, self.password)
        secret: Any = (
            None if self.password is None else self.password.encode()
        )  # model-signing says str and wants bytes
        refused: tuple[type[Exception], ...] = (*library_errors(), OSError)
        try:
            config.use_elliptic_key_signer(private_key=self.key, password=secret)
        except refused as error:
            raise UsageError(f"key {str(self.key)!r}: cannot sign: {reason(error)}", hint=pem.MAKE_HINT) from error

    def trouble(self) -> AbstractContextManager[None]:
        """A key that was read signs."""
        return nullcontext()


@dataclass(frozen=True)
class PublicKey:
    """Counts what a key signed.

    Attributes:
        path: The signer's public key, as PEM, from a source you trust.
    """

    KIND: ClassVar[Kind] = "key"

    path: Path

    def join(self, config: verifying.Config) -> None:
        """Read the key.

        Raises:
            UsageError: It cannot be read, or is of another kind.
        """
        pem.public_key(self.path)
        refused: tuple[type[Exception], ...] = (*library_errors(), OSError)
        try:
            config.use_elliptic_key_verifier(public_key=self.path)
        except refused as error:
            message = f"key {str(self.path)!r}: cannot be used to check a signature: {reason(error)}"
            raise UsageError(message, hint=pem.PUBLIC_HINT) from error

    def fault(self, statement: Statement) -> str | None:
        """A signature of another kind, or one that says itself that another key made it."""
        if statement.made_with != "key":
            return MADE_WITH[statement.made_with]
        own = pem.fingerprint(pem.public_key(self.path))
        if statement.key == own:
            return None
        return (
            f"it was made with another key: expected the fingerprint {shortened(own)}, found {shortened(statement.key)}"
        )

    def who(self, statement: Statement) -> str:
        """The file that the key is in."""
        del statement
        return f"the key {self.path.name!r}"


def shortened(fingerprint: str) -> str:
    """The first digits of a fingerprint, enough for a person to tell two keys apart."""
    return f"{fingerprint[:FINGERPRINT_SHOWN]}…"
