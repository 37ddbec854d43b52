"""An identity that Sigstore vouches for: no key to keep, and a public log that names who signed, for ever.

Sigstore's authority gives a certificate for minutes to whoever shows a token of an identity provider, and its log shows that
the signature was made within them. Both are reached over the network to sign. To check needs their own roots alone, which
sigstore fetches, unless a file of them is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.signing.key import MADE_WITH
from reprobundle.signing.library import library_errors, reason

if TYPE_CHECKING:
    from model_signing import signing, verifying

    from reprobundle.signing.interface import Kind
    from reprobundle.signing.statement import Statement

AUDIENCE = "sigstore"
NETWORK_HINT = (
    "sign with a key where there is no network; to check, a file of Sigstore's roots does without one: --trust-config"
)
IDENTITY_HINT = "a token of your identity provider, made out to 'sigstore', in a file: --identity-token FILE"


@dataclass(frozen=True)
class IdentitySigner:
    """Signs as somebody whom an identity provider knows.

    Attributes:
        token: An OpenID Connect token made out to ``sigstore``; without one, the surroundings are asked, such as a runner of
            GitHub or GitLab.
        browser: Whether a person may be asked to log in, where there is no token.
        staging: Whether Sigstore's instance for tests takes part in place of the public one.
        trust_config: A file that names another instance, its roots and addresses (ClientTrustConfig).
    """

    token: str | None = field(default=None, repr=False)
    browser: bool = False
    staging: bool = False
    trust_config: Path | None = None

    def join(self, config: signing.Config) -> None:
        """Find the identity, then Sigstore.

        Raises:
            UsageError: There is no token, or it cannot be used.
            UnavailableError: Sigstore cannot be reached.
        """
        token = self._token()
        with reached("sign without a key", self.trust_config):
            config.use_sigstore_signer(
                identity_token=token, client_id=AUDIENCE, use_staging=self.staging, trust_config=self.trust_config
            )

    def _token(self) -> str | None:
        """The token, known to be readable and in date; None where a person is to log in."""
        from sigstore.oidc import IdentityError, IdentityToken, detect_credential

        try:
            token = self.token or detect_credential(AUDIENCE)
            if token is not None:
                IdentityToken(token, AUDIENCE)
        except IdentityError as error:
            raise UsageError(f"the identity token cannot be used: {reason(error)}", hint=IDENTITY_HINT) from error
        if token is None and not self.browser:
            raise UsageError("there is no identity to sign as: no token was given or found", hint=IDENTITY_HINT)
        return token

    @contextmanager
    def trouble(self) -> Iterator[None]:
        """What authority and log refuse, or do not answer."""
        from sigstore._internal.fulcio.client import FulcioClientError  # what they raise has no public name
        from sigstore._internal.rekor import RekorClientError

        with reached("sign without a key", None):
            try:
                yield
            except (FulcioClientError, RekorClientError) as error:
                raise UnavailableError(f"Sigstore would not sign: {_innermost(error)}") from error


@dataclass(frozen=True)
class Identity:
    """Counts what somebody signed whom an identity provider knows.

    Attributes:
        identity: Who it must be, as the provider names them: an e-mail address, or a workflow's address.
        issuer: The provider's address. The same name means another person elsewhere.
        staging: Whether it must be Sigstore's instance for tests.
        trust_config: A file of Sigstore's roots (ClientTrustConfig), in place of fetching them.
    """

    KIND: ClassVar[Kind] = "identity"

    identity: str
    issuer: str
    staging: bool = False
    trust_config: Path | None = None

    def join(self, config: verifying.Config) -> None:
        """Find Sigstore's roots.

        Raises:
            UsageError: Identity or issuer is empty, or the file cannot be read.
            UnavailableError: The roots cannot be fetched.
        """
        if not (self.identity and self.issuer):  # sigstore asks for no issuer where none is given
            raise UsageError("an identity is a name and who gave it: expected identity and issuer")
        with reached("check an identity", self.trust_config):
            config.use_sigstore_verifier(
                identity=self.identity,
                oidc_issuer=self.issuer,
                use_staging=self.staging,
                trust_config=self.trust_config,
            )

    def fault(self, statement: Statement) -> str | None:
        """A signature of another kind."""
        return None if statement.made_with == "identity" else MADE_WITH[statement.made_with]

    def who(self, statement: Statement) -> str:
        """The identity, and who vouches for it."""
        del statement
        return f"{self.identity!r}, known to {self.issuer!r}"


@contextmanager
def reached(what: str, trust_config: Path | None) -> Iterator[None]:
    """Turn what goes wrong between here and Sigstore into this program's errors.

    Args:
        what: What was to be done.
        trust_config: The file that was named, if any.
    """
    from requests import RequestException
    from sigstore.errors import NetworkError, TUFError
    from sigstore.oidc import IdentityError, IssuerError

    try:
        yield
    except (NetworkError, TUFError, RequestException, IssuerError) as error:
        message = f"Sigstore cannot be reached to {what}: {_innermost(error)}"
        raise UnavailableError(message, hint=NETWORK_HINT) from error
    except IdentityError as error:
        raise UsageError(f"the identity token cannot be used: {reason(error)}", hint=IDENTITY_HINT) from error
    except library_errors() as error:
        if trust_config is None:
            raise UnavailableError(f"Sigstore's answer cannot be used to {what}: {_innermost(error)}") from error
        raise UsageError(f"{str(trust_config)!r}: cannot be used to {what}: {_innermost(error)}") from error
    except FileNotFoundError as error:
        raise UsageError(f"{str(trust_config)!r}: cannot be read: {error.strerror}") from error


def _innermost(error: BaseException) -> str:
    """The last error in a chain that says anything: what wraps it is often mute."""
    told, seen = "", error
    while seen is not None:
        told = str(seen) or told
        seen = seen.__cause__ or seen.__context__  # type: ignore[assignment]
    return reason(ValueError(told or type(error).__name__))
