"""``reprobundle verify``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import screen
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.exports.archives import VerifiedArchive
    from reprobundle.signing import Checked, Trust

SIGNATURES_SHOWN = 3


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--require-signature", is_flag=True, help="Refuse a bundle without a good signature; needs to know whose."
)
@click.option("--key", metavar="FILE", type=click.Path(path_type=Path),
              help="The signer's public key, from a source you trust: require its signature.")  # fmt: skip
@click.option("--certificate", "certificates", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="A root certificate you trust, in place of a key; may be repeated.")  # fmt: skip
@click.option("--allow-expired", is_flag=True,
              help="With --certificate: take a signature whose certificate has expired since.")  # fmt: skip
@click.option("--identity", metavar="NAME",
              help="Who must have signed through Sigstore, such as an e-mail address; needs --issuer.")  # fmt: skip
@click.option("--issuer", metavar="URL", help="With --identity: the identity provider that knows them by this name.")
@click.option("--staging", is_flag=True, help="With --identity: Sigstore's instance for tests.")
@click.option("--trust-config", metavar="FILE", type=click.Path(path_type=Path),
              help="With --identity: Sigstore's roots, in place of fetching them.")  # fmt: skip
@screen.verbosity
def verify(
    bundle: Path,
    *,
    require_signature: bool,
    key: Path | None,
    certificates: Sequence[Path],
    allow_expired: bool,
    identity: str | None,
    issuer: str | None,
    staging: bool,
    trust_config: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check that a bundle is whole and unchanged; nothing of it is run.

    Every name, size and digest is checked. The digests find accidents, not attackers: UNSIGNED means that nothing
    proves who made the bundle. With --key, --certificate or --identity a good signature of theirs is required as well.
    BUNDLE may be a file that pack wrote: it is read where it lies.
    """
    _refuse_strays(certificates, identity, (issuer, staging, trust_config), allow_expired=allow_expired)
    trust = _trust(
        key,
        certificates,
        identity,
        issuer,
        allow_expired=allow_expired,
        staging=staging,
        trust_config=trust_config,
    )
    if require_signature and trust is None:
        raise UsageError("--require-signature: whose must it be?", hint="name a public key with --key")
    verified = _verified(bundle)
    facts = _facts(verified, None if trust is None else _checked(bundle, verified, trust, quiet=quiet))
    if as_json:
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(verified, facts))
    return 0


def _refuse_strays(
    certificates: Sequence[Path], identity: str | None, of_identity: Sequence[object], *, allow_expired: bool
) -> None:
    """Raises: UsageError: An option stands without the one it belongs to."""
    if allow_expired and not certificates:
        raise UsageError("--allow-expired: belongs to --certificate")
    if identity is None and any(of_identity):
        raise UsageError("--issuer, --staging and --trust-config: belong to --identity")


def _trust(
    key: Path | None,
    certificates: Sequence[Path],
    identity: str | None,
    issuer: str | None,
    *,
    allow_expired: bool,
    staging: bool,
    trust_config: Path | None,
) -> Trust | None:
    """Whose signature is asked for; None where none is.

    Raises:
        UsageError: More than one was named, or an identity without its issuer.
    """
    from reprobundle.signing import Identity, PublicKey, Roots

    if sum((key is not None, bool(certificates), identity is not None)) > 1:
        raise UsageError("whose signature must it be: expected one of --key, --certificate and --identity")
    if key is not None:
        return PublicKey(key)
    if certificates:
        return Roots(certificates, allow_expired)
    if identity is None:
        return None
    if issuer is None:
        hint = "such as https://accounts.google.com: the same name means another person elsewhere"
        raise UsageError("--identity: who knows them by this name? expected --issuer", hint=hint)
    return Identity(identity, issuer, staging, trust_config)


def _verified(bundle: Path) -> VerifiedBundle | VerifiedArchive:
    from reprobundle import bundle as bundles
    from reprobundle.exports import archives

    return archives.verify(bundle) if archives.is_archive(bundle) else bundles.verify(bundle)


def _checked(bundle: Path, verified: VerifiedBundle | VerifiedArchive, trust: Trust, *, quiet: bool) -> Checked:
    """A good signature was found; model-signing reads folders only, so an archive is unpacked for it, for the time being."""
    from reprobundle.bundle import VerifiedBundle, verify
    from reprobundle.exports import archives
    from reprobundle.private_folders import private_folder
    from reprobundle.signing import check

    if isinstance(verified, VerifiedBundle):
        return check(verified, trust)
    with private_folder() as folders:
        place = archives.unfolded(bundle, folders, screen.progress(quiet=quiet))
        return check(verify(place), trust)


def _facts(verified: VerifiedBundle | VerifiedArchive, checked: Checked | None) -> dict[str, Any]:
    """What was found, as a document."""
    manifest = verified.manifest
    return {
        "bundle_id": verified.id,
        "bundle_name": manifest.name,
        "intact": True,
        "signature": "good" if checked else "not checked" if verified.signatures else "none",
        "signatures": list(verified.signatures),
        "signed_by": None if checked is None else {"signature": checked.path, "by": checked.by, "who": checked.who},
        "proof": manifest.proof.model_dump(mode="json"),
        "lock": None if manifest.environment.lock is None else manifest.environment.lock.model_dump(mode="json"),
        "previous": list(manifest.previous),
        "files": len(manifest.files),
        "bytes": sum(entry.size for entry in manifest.files),
        "notes": len(manifest.notes),
    }


def _words(verified: VerifiedBundle | VerifiedArchive, facts: dict[str, Any]) -> str:
    """What was found, in words."""
    from reprobundle.frameworks import SELF_CONTAINED
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.rendering.wording import lock_words, proof_words

    manifest, lock = verified.manifest, verified.manifest.environment.lock
    page = Page(colour=screen.colours(), width=screen.width())
    signature = {"none": "UNSIGNED", "not checked": "signature NOT CHECKED", "good": "signed, signature good"}
    page.line(f"intact, {signature[facts['signature']]}", "1", "32")
    page.field("bundle", f"{escape(manifest.name)}  {verified.id}", *_folder(verified))
    if verified.signatures:
        page.field("signature", *_signature_words(facts))
    page.field("files", f"{counted(facts['files'], 'file')}, {sized(facts['bytes'])}")
    page.field("proof", proof_words(manifest.proof.status, manifest.proof.why))
    if manifest.model.loader in SELF_CONTAINED:
        page.field("model", SELF_CONTAINED[manifest.model.loader])
    if manifest.previous:
        page.field("made from", manifest.previous[-1], "resealed: the proof was recorded before the first seal")
    page.field("lock", lock_words(lock))
    if manifest.notes:
        page.field("notes", f"{counted(len(manifest.notes), 'note')} of the capture: reprobundle show BUNDLE notes")
    return page.text()


def _folder(verified: VerifiedBundle | VerifiedArchive) -> tuple[str, ...]:
    """The folder's or archive's own name where it is not the bundle's."""
    found = screen.other_name(verified.path, verified.manifest.name)
    return () if found is None else (found,)


def _signature_words(facts: dict[str, Any]) -> tuple[str, ...]:
    """Whose signature was found good, or what there is to check."""
    from reprobundle.phrases import some
    from reprobundle.rendering import escape

    good = facts["signed_by"]
    if good is None:
        return "signed, not checked: give --key", escape(some(facts["signatures"], SIGNATURES_SHOWN))
    return escape(f"of {good['who']}"), escape(good["signature"])
