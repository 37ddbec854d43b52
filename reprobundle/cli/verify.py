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
    from reprobundle.report import Signature


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--require-signature", is_flag=True, help="Refuse a bundle without a good signature; needs to know whose."
)
@click.option("--key", metavar="FILE", type=click.Path(path_type=Path),
              help="The signer's public key, from a source you trust: require its signature.")  # fmt: skip
@click.option("--certificate", "certificates", metavar="FILE", multiple=True, type=click.Path(path_type=Path),
              help="A root certificate you trust, in place of a key; may be repeated.")  # fmt: skip
@screen.verbosity
def verify(
    bundle: Path,
    *,
    require_signature: bool,
    key: Path | None,
    certificates: Sequence[Path],
    as_json: bool,
    quiet: bool,
) -> int:
    """Check that a bundle is whole and unchanged; nothing of it is run.

    Every name, size and digest is checked. The digests find accidents, not attackers: UNSIGNED means that nothing
    proves who made the bundle. With --key or --certificate a good signature of theirs is required as well.
    """
    from reprobundle.bundle import verify as verify_bundle

    whose = key is not None or bool(certificates)
    if require_signature and not whose:
        raise UsageError("--require-signature: whose must it be?", hint="name a public key with --key")
    verified = verify_bundle(bundle)
    facts = _facts(verified, _checked(verified, key, certificates) if whose else None)
    if as_json:
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(verified, facts))
    return 0


def _checked(verified: VerifiedBundle, key: Path | None, certificates: Sequence[Path]) -> Signature:
    from reprobundle.signing import check

    check(verified, public_key=key, certificates=certificates)
    return "good"


def _facts(verified: VerifiedBundle, signature: Signature | None) -> dict[str, Any]:
    """What was found, as a document."""
    manifest = verified.manifest
    return {
        "bundle_id": verified.id,
        "bundle_name": manifest.name,
        "intact": True,
        "signature": signature or ("not checked" if verified.bundle.signatures() else "none"),
        "proof": manifest.proof.model_dump(mode="json"),
        "lock": None if manifest.environment.lock is None else manifest.environment.lock.model_dump(mode="json"),
        "previous": list(manifest.previous),
        "files": len(manifest.files),
        "bytes": sum(entry.size for entry in manifest.files),
        "notes": len(manifest.notes),
    }


def _words(verified: VerifiedBundle, facts: dict[str, Any]) -> str:
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


def _folder(verified: VerifiedBundle) -> tuple[str, ...]:
    """The folder's own name where it is not the bundle's."""
    from reprobundle.rendering import escape

    name = verified.path.resolve().name
    return () if name == verified.manifest.name else (f"in the folder {escape(name)}",)
