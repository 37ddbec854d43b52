"""What model-signing, and what it stands on, needs and raises."""

from __future__ import annotations

from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install

LONGEST_REASON = 300


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
    text = " ".join(str(error).split())[:LONGEST_REASON]
    return text or "another key made it, or it was altered"
