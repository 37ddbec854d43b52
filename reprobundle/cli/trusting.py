"""Whose signature a bundle must have: the options of every verb that checks one, and what they come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.errors import UsageError

if TYPE_CHECKING:
    from reprobundle.signing import Trust

Verb = Callable[..., int]

OPTIONS: tuple[Callable[[Verb], Verb], ...] = (
    click.option("--require-signature", is_flag=True,
                 help="Refuse a bundle without a good signature; needs to know whose."),
    click.option("--key", metavar="FILE", type=click.Path(path_type=Path),
                 help="The signer's public key, from a source you trust: require its signature."),
    click.option("--certificate", "certificates", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
                 help="A root certificate you trust, in place of a key; may be repeated."),
    click.option("--allow-expired", is_flag=True,
                 help="With --certificate: take a signature whose certificate has expired since."),
    click.option("--identity", metavar="NAME",
                 help="Who must have signed through Sigstore, such as an e-mail address; needs --issuer."),
    click.option("--issuer", metavar="URL",
                 help="With --identity: the identity provider that knows them by this name."),
    click.option("--staging", is_flag=True, help="With --identity: Sigstore's instance for tests."),
    click.option("--trust-config", metavar="FILE", type=click.Path(path_type=Path),
                 help="With --identity: Sigstore's roots, in place of fetching them."),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Whose:
    """What was typed.

    Attributes:
        require_signature: Whether to go on only where a good signature was found.
        key: The signer's public key.
        certificates: Root certificates.
        allow_expired: Whether a certificate that has expired since counts.
        identity: Who must have signed through Sigstore.
        issuer: Who knows them by this name.
        staging: Whether it is Sigstore's instance for tests.
        trust_config: Sigstore's roots.
    """

    require_signature: bool
    key: Path | None
    certificates: Sequence[Path]
    allow_expired: bool
    identity: str | None
    issuer: str | None
    staging: bool
    trust_config: Path | None

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> Whose:
        """Take the options of this room out of all that were given to a verb."""
        return cls(**{name: options.pop(name) for name in cls.__dataclass_fields__})


def trust_options(command: Verb) -> Verb:
    """Add the options, in their order."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def trust_of(whose: Whose) -> Trust | None:
    """Whose signature is asked for; None where none is.

    Raises:
        UsageError: More than one was named, an option stands without the one it belongs to, or a signature is required of nobody.
    """
    _refuse_strays(whose)
    named = _named(whose)
    if whose.require_signature and named is None:
        raise UsageError("--require-signature: whose must it be?", hint="name a public key with --key")
    return named


def _refuse_strays(whose: Whose) -> None:
    """Raises: UsageError: An option stands without the one it belongs to."""
    if whose.allow_expired and not whose.certificates:
        raise UsageError("--allow-expired: belongs to --certificate")
    if whose.identity is None and any((whose.issuer, whose.staging, whose.trust_config)):
        raise UsageError("--issuer, --staging and --trust-config: belong to --identity")


def _named(whose: Whose) -> Trust | None:
    from reprobundle.signing import Identity, PublicKey, Roots

    if sum((whose.key is not None, bool(whose.certificates), whose.identity is not None)) > 1:
        raise UsageError("whose signature must it be: expected one of --key, --certificate and --identity")
    if whose.key is not None:
        return PublicKey(whose.key)
    if whose.certificates:
        return Roots(whose.certificates, whose.allow_expired)
    if whose.identity is None:
        return None
    if whose.issuer is None:
        hint = "such as https://accounts.google.com: the same name means another person elsewhere"
        raise UsageError("--identity: who knows them by this name? expected --issuer", hint=hint)
    return Identity(whose.identity, whose.issuer, whose.staging, whose.trust_config)
