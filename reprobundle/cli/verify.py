"""``reprobundle verify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@screen.verbosity
def verify(bundle: Path, *, as_json: bool, quiet: bool) -> int:
    """Check that a bundle is whole and unchanged; nothing of it is run.

    Every name, size and digest is checked. The digests find accidents, not attackers: UNSIGNED means that nothing
    proves who made the bundle.
    """
    from reprobundle.bundle import verify as verify_bundle

    verified = verify_bundle(bundle)
    if as_json:
        screen.document(json.dumps(_facts(verified), indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(verified))
    return 0


def _facts(verified: VerifiedBundle) -> dict[str, Any]:
    """What was found, as a document."""
    manifest = verified.manifest
    return {
        "bundle_id": verified.id,
        "bundle_name": manifest.name,
        "intact": True,
        "signature": "not checked" if verified.bundle.signed else "none",
        "proof": manifest.proof.model_dump(mode="json"),
        "files": len(manifest.files),
        "bytes": sum(entry.size for entry in manifest.files),
        "notes": len(manifest.notes),
    }


def _words(verified: VerifiedBundle) -> str:
    """What was found, in words."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.terminal import Page
    from reprobundle.rendering.wording import counted, proof_words, size_words

    facts, manifest = _facts(verified), verified.manifest
    page = Page(colour=screen.colours(), width=screen.width())
    signature = "UNSIGNED" if facts["signature"] == "none" else "signature NOT CHECKED"
    page.line(f"intact, {signature}", "1", "32")
    page.field("bundle", f"{escape(manifest.name)}  {verified.id}")
    page.field("files", f"{counted(facts['files'], 'file')}, {size_words(facts['bytes'])}")
    page.field("proof", proof_words(manifest.proof.status, manifest.proof.why))
    if manifest.notes:
        page.field("notes", f"{counted(len(manifest.notes), 'note')} of the capture: reprobundle show BUNDLE notes")
    return page.text()
