"""What model-signing, and what it stands on, needs and raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install

if TYPE_CHECKING:
    from OpenSSL import crypto

LONGEST_REASON = 300
CURVES = ("secp256r1", "secp384r1", "secp521r1")
_EXPIRED, _UNKNOWN_ISSUER = 10, (2, 18, 19, 20, 21)  # as OpenSSL counts what can be wrong with a chain


def require_library() -> None:
    """Find model-signing.

    Raises:
        UnavailableError: It is not installed.
    """
    try:
        import model_signing.signing
        import model_signing.verifying  # noqa: F401
    except ImportError as error:
        hint = how_to_install("signing")
        raise UnavailableError(f"signing needs model-signing: {error}", hint=hint) from error


def library_errors() -> tuple[type[Exception], ...]:
    """What is raised for a key or a signature that is not right."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from OpenSSL import crypto
    from sigstore.errors import Error

    own = (InvalidSignature, UnsupportedAlgorithm, crypto.Error, crypto.X509StoreContextError, Error)
    return (*own, ValueError, TypeError, LookupError, AttributeError, RecursionError)


def reason(error: BaseException) -> str:
    """Why, in one line: in the library's words where it has some."""
    if isinstance(error, AttributeError):  # what model-signing stumbles over in a key of any other kind
        return "it is no key on the curve P-256, P-384 or P-521"
    from OpenSSL import crypto

    if isinstance(error, crypto.X509StoreContextError):
        return f"its certificate does not lead to a root that is trusted: {_broken(error)}"
    text = " ".join(str(error).split())[:LONGEST_REASON]
    return text or "another key made it, or it was altered"


def _broken(error: crypto.X509StoreContextError) -> str:
    """Where a chain of certificates breaks, by OpenSSL's own number of the fault."""
    found = error.certificate.to_cryptography()
    if error.errors[0] in _UNKNOWN_ISSUER:
        name, issuer = found.subject.rfc4514_string(), found.issuer.rfc4514_string()
        by = "itself" if name == issuer else repr(issuer)
        return f"{name!r} was certified by {by}, which is no root that was named"
    if error.errors[0] == _EXPIRED:
        return f"{found.subject.rfc4514_string()!r} on its way was valid until {found.not_valid_after_utc:%Y-%m-%d}"
    return " ".join(str(error).split())[:LONGEST_REASON]
