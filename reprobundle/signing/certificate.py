"""A certificate of a key: whoever trusts its root can check without the public key.

model-signing follows the chain at the time from which the certificate is valid, and takes any certificate that may sign
something. What it lets through is looked at here: certificates for other uses, of authorities, of other keys, and those that
are out of date.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from reprobundle.errors import UsageError
from reprobundle.signing import pem
from reprobundle.signing.key import MADE_WITH
from reprobundle.signing.library import CURVES, library_errors, reason

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from model_signing import signing, verifying

    from reprobundle.signing.interface import Kind
    from reprobundle.signing.statement import Statement

EXPIRED = "--allow-expired takes it all the same"
DECRYPT_HINT = (
    "of a key with a certificate model-signing takes no password: decrypt it, openssl ec -in FILE -out key.pem"
)
OTHER_KEY_HINT = "name the key that the certificate was asked for with, or the certificate of this key"


@dataclass(frozen=True)
class CertificateSigner:
    """Signs with a key that has a certificate.

    Attributes:
        key: Private key on the curve P-256, P-384 or P-521, as PEM, not encrypted.
        certificate: The key's certificate, as PEM.
        chain: Certificates between that one and the root, as PEM.
    """

    key: Path
    certificate: Path
    chain: Sequence[Path] = ()

    def join(self, config: signing.Config) -> None:
        """Read key and certificates.

        Raises:
            UsageError: One cannot be read, they do not belong together, or nobody would take a signature of them.
        """
        own = self._certificate()
        between = self.chain or (self.certificate,)  # model-signing takes no empty chain, and repetition does no harm
        pem.certificates(between)
        refused: tuple[type[Exception], ...] = (*library_errors(), OSError)
        try:
            config.use_certificate_signer(
                private_key=self.key, signing_certificate=self.certificate, certificate_chain=between
            )
        except refused as error:
            raise UsageError(f"key {str(self.key)!r}: cannot sign: {reason(error)}") from error
        fault = unfit(own) or out_of_date(own)
        if fault is not None:
            raise UsageError(f"certificate {str(self.certificate)!r}: nobody would take its signature: {fault}")

    def _certificate(self) -> Certificate:
        """The key's own certificate.

        Raises:
            UsageError: Key or certificate cannot be read, or they do not belong together.
        """
        try:
            key = pem.private_key(self.key, None)
        except UsageError as error:
            if error.hint == pem.PASSWORD_HINT:
                raise UsageError(str(error), hint=DECRYPT_HINT) from error
            raise
        (own,) = pem.certificates([self.certificate])[:1]
        if key.public_key() != own.public_key():
            message = f"key {str(self.key)!r}: does not belong to the certificate {str(self.certificate)!r}"
            raise UsageError(message, hint=OTHER_KEY_HINT)
        return own

    def trouble(self) -> AbstractContextManager[None]:
        """A key that was read signs."""
        return nullcontext()


@dataclass(frozen=True)
class Roots:
    """Counts what anybody signed whose certificate leads to a root.

    Attributes:
        paths: Root certificates you trust, as PEM. None is looked up in lists of revoked ones.
        allow_expired: Whether a certificate counts that has expired since it signed, or says so.
    """

    KIND: ClassVar[Kind] = "certificate"

    paths: Sequence[Path]
    allow_expired: bool = False

    def join(self, config: verifying.Config) -> None:
        """Read the roots.

        Raises:
            UsageError: There is none, or one cannot be read.
        """
        if not self.paths:  # model-signing would trust every root of the web
            raise UsageError("a certificate is checked with its root: expected one at least")
        refused: tuple[type[Exception], ...] = (*library_errors(), OSError)
        try:
            pem.certificates(self.paths)
            config.use_certificate_verifier(certificate_chain=self.paths)
        except refused as error:
            message = f"certificate {str(self.paths[0])!r}: cannot be used to check a signature: {reason(error)}"
            raise UsageError(message) from error

    def fault(self, statement: Statement) -> str | None:
        """A signature of another kind, or a certificate that may not sign, or may not any more."""
        if statement.made_with != "certificate":
            return MADE_WITH[statement.made_with]
        from cryptography import x509

        try:
            leaf, *chain = map(x509.load_der_x509_certificate, statement.certificates)
            return unfit(leaf) or (None if self.allow_expired else out_of_date(leaf) or self._broken_today(leaf, chain))
        except library_errors() as error:
            return f"its certificate cannot be read: {reason(error)}"

    def _broken_today(self, leaf: Certificate, chain: Iterable[Certificate]) -> str | None:
        """Why the chain does not hold at present; model-signing looks at the day from which the certificate is valid."""
        from OpenSSL import crypto

        store = crypto.X509Store()
        for root in pem.certificates(self.paths):
            store.add_cert(crypto.X509.from_cryptography(root))
        between = [crypto.X509.from_cryptography(certificate) for certificate in chain]
        try:
            crypto.X509StoreContext(store, crypto.X509.from_cryptography(leaf), between).verify_certificate()
        except crypto.X509StoreContextError as error:
            return reason(error)
        return None

    def who(self, statement: Statement) -> str:
        """The certificate's subject."""
        return f"the certificate of {named(statement.certificates[0])!r}"


def named(certificate: bytes) -> str:
    """Whom a certificate names: its subject, or what else stands for it, as in those that Sigstore gives.

    Args:
        certificate: As DER.
    """
    from cryptography import x509

    read = x509.load_der_x509_certificate(certificate)
    others = [one.value for one in read.extensions if one.oid == x509.SubjectAlternativeName.oid]
    names = [str(name.value) for other in others if isinstance(other, x509.SubjectAlternativeName) for name in other]
    return read.subject.rfc4514_string() or ", ".join(names)


def unfit(certificate: Certificate) -> str | None:
    """Why a certificate is none for signing code."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in CURVES:
        return "its certificate is of no key on the curve P-256, P-384 or P-521"
    extensions = {extension.oid: extension.value for extension in certificate.extensions}
    basic = extensions.get(x509.BasicConstraints.oid)
    if isinstance(basic, x509.BasicConstraints) and basic.ca:
        return "its certificate is an authority's own"
    usage = extensions.get(x509.KeyUsage.oid)
    if not isinstance(usage, x509.KeyUsage) or not usage.digital_signature:
        return "its certificate is not for signatures: its key usage lacks digitalSignature"
    further = extensions.get(x509.ExtendedKeyUsage.oid)
    code_signing = x509.oid.ExtendedKeyUsageOID.CODE_SIGNING
    if not isinstance(further, x509.ExtendedKeyUsage) or code_signing not in further:
        return "its certificate is not for signing code: its extended key usage lacks codeSigning"
    return None


def out_of_date(certificate: Certificate) -> str | None:
    """Whether a certificate is valid today, in words where it is not."""
    now = datetime.datetime.now(datetime.timezone.utc)
    if now < certificate.not_valid_before_utc:
        return f"its certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d} only"
    if now > certificate.not_valid_after_utc:
        return f"its certificate was valid until {certificate.not_valid_after_utc:%Y-%m-%d}; {EXPIRED}"
    return None
