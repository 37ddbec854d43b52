"""``reprobundle verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import screen
from reprobundle.cli.trusting import Whose, trust_of, trust_options

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.exports.archives import VerifiedArchive
    from reprobundle.signing import Checked, Trust

SIGNATURES_SHOWN = 3


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@trust_options
@screen.verbosity
def verify(bundle: Path, *, as_json: bool, quiet: bool, **whose: Any) -> int:
    """Check that a bundle is whole and unchanged; nothing of it is run.

    Every name, size and digest is checked. The digests find accidents, not attackers: UNSIGNED means that nothing
    proves who made the bundle. With --key, --certificate or --identity a good signature of theirs is required as well.
    BUNDLE may be a file that pack wrote: it is read where it lies.
    """
    trust = trust_of(Whose.taken_from(whose))
    verified = _verified(bundle)
    if trust is None:
        _refuse_unreadable(verified)
    facts = _facts(verified, None if trust is None else _checked(bundle, verified, trust, quiet=quiet))
    if as_json:
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(verified, facts))
    return 0


def _verified(bundle: Path) -> VerifiedBundle | VerifiedArchive:
    from reprobundle import bundle as bundles
    from reprobundle.exports import archives

    return archives.verify(bundle) if archives.is_archive(bundle) else bundles.verify(bundle)


def _refuse_unreadable(verified: VerifiedBundle | VerifiedArchive) -> None:
    """Raises: RefusedInputError: What stands where a signature should is none, so that there is nothing to check."""
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.errors import RefusedInputError
    from reprobundle.phrases import some
    from reprobundle.signing import unreadable

    if isinstance(verified, VerifiedBundle) and verified.signatures:
        faults = list(unreadable(verified))
        if faults:
            hint = "the other files are as sealed: get the signature again, or delete it"
            raise RefusedInputError(some(faults, SIGNATURES_SHOWN), hint=hint)


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
    page.field("bundle", f"{escape(manifest.name)}  {verified.id}", *screen.folder_field(verified))
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


def _signature_words(facts: dict[str, Any]) -> tuple[str, ...]:
    """Whose signature was found good, or what there is to check."""
    from reprobundle.phrases import some
    from reprobundle.rendering import escape

    good = facts["signed_by"]
    if good is None:
        return "signed, not checked: give --key", escape(some(facts["signatures"], SIGNATURES_SHOWN))
    return escape(f"of {good['who']}"), escape(good["signature"])
