"""Keys and certificates, read from PEM files before the library reads them, so that what is wrong is told in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reprobundle.errors import UsageError
from reprobundle.signing.library import CURVES, library_errors

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
    from cryptography.x509 import Certificate

Half = Literal["public", "private"]

MAKE_HINT = "make one: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"
PRIVATE_HINT = "give the private half, from which the public one was made, such as key.pem"
PUBLIC_HINT = "it must be the public half: openssl ec -in key.pem -pubout -out public.pem"
PASSWORD_HINT = "an encrypted key needs its password: --password-file FILE"  # noqa: S105  # words, no password
KEY_NOT_CERTIFICATE_HINT = "a certificate is named with --certificate"
KINDS = {
    b"ENCRYPTED PRIVATE KEY": "an encrypted private key",
    b"PRIVATE KEY": "a private key",
    b"PUBLIC KEY": "a public key",
    b"CERTIFICATE REQUEST": "a request for a certificate",
    b"CERTIFICATE": "a certificate",
    b"EC PARAMETERS": "the name of a curve, without a key",
}  # by the words of the first line, the longer before those that stand in them


def private_key(path: Path, password: str | None) -> PrivateKeyTypes:
    """The private half of a key that can sign.

    Raises:
        UsageError: There is none in the file, it is of another kind, or the password is missing or another one.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _content("key", path)
    what = f"key {str(path)!r}: cannot sign"
    try:
        key = load_pem_private_key(content, None if password is None else password.encode())
    except library_errors() as error:
        found = _kind(content)
        if found.endswith("private key") and password is None and isinstance(error, TypeError):
            raise UsageError(f"{what}: it is encrypted", hint=PASSWORD_HINT) from error
        if found.endswith("private key") and password is not None:
            raise UsageError(f"{what}: its password is another one, or it is damaged", hint=PASSWORD_HINT) from error
        raise UsageError(f"{what}: it is {found}", hint=_hint("private", found)) from error
    _refuse_other_kinds(key.public_key(), what)
    return key


def public_key(path: Path) -> PublicKeyTypes:
    """The public half of a key that can sign.

    Raises:
        UsageError: There is none in the file, or it is of another kind.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    content = _content("key", path)
    what = f"key {str(path)!r}: cannot be used to check a signature"
    try:
        key = load_pem_public_key(content)
    except library_errors() as error:
        found = _kind(content)
        raise UsageError(f"{what}: it is {found}", hint=_hint("public", found)) from error
    _refuse_other_kinds(key, what)
    return key


def public_half(path: Path) -> bytes:
    """The public half of a private key that is not encrypted, as PEM.

    Raises:
        UsageError: There is no such key in the file.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return private_key(path, None).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def certificates(paths: Iterable[Path]) -> list[Certificate]:
    """The certificates in files, in their order.

    Raises:
        UsageError: A file holds none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    found: list[Certificate] = []
    for path in paths:
        content = _content("certificate", path)
        try:
            found += load_pem_x509_certificates(content)
        except library_errors() as error:
            raise UsageError(f"certificate {str(path)!r}: cannot be used: it is {_kind(content)}") from error
    return found


def fingerprint(key: PublicKeyTypes) -> str:
    """What model-signing calls a public key in a signature: SHA-256 of the key as PEM, in hexadecimal digits."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    digest = hashes.Hash(hashes.SHA256())
    digest.update(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


def _content(what: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{what} {str(path)!r}: there is no file") from error
    except OSError as error:
        raise UsageError(f"{what} {str(path)!r}: cannot be read: {error.strerror}") from error


def _kind(content: bytes) -> str:
    """What a file holds, by the words of its lines; a key that openssl made may stand behind the name of its curve."""
    lines = [line for line in content.splitlines() if line.startswith(b"-----BEGIN ")]
    keyed = [line for line in lines if b"EC PARAMETERS" not in line] or lines
    if not keyed:
        return "no PEM file"
    return next((words for mark, words in KINDS.items() if mark in keyed[0]), "a PEM file of something else")


def _hint(half: Half, found: str) -> str:
    if found == "a certificate":
        return KEY_NOT_CERTIFICATE_HINT
    if half == "public":
        return PUBLIC_HINT
    return PRIVATE_HINT if found == "a public key" else MAKE_HINT


def _refuse_other_kinds(key: PublicKeyTypes, what: str) -> None:
    """Raises: UsageError: The key is on no curve that model-signing takes."""
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name not in CURVES:
        found = f"one on {key.curve.name}" if isinstance(key, EllipticCurvePublicKey) else "one of another kind"
        message = f"{what}: expected a key on the curve P-256, P-384 or P-521, found {found}"
        raise UsageError(message, hint=MAKE_HINT)
