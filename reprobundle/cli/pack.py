"""``reprobundle pack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.exports.archives import Archived


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@screen.verbosity
def pack(bundle: Path, file: Path, *, as_json: bool, quiet: bool) -> int:
    """Write a bundle into one file, the same bytes every time.

    The bundle is verified first. FILE ends in .zip or .tar, which says the form; any program can open it. It is not
    compressed and must not exist; signatures go along.
    """
    from reprobundle import progress
    from reprobundle.bundle import verify
    from reprobundle.exports.archives import pack as pack_bundle

    verified = verify(bundle)
    with progress.bar("packing", quiet=quiet) as told:
        written = pack_bundle(verified, file, told=told)
    if as_json:
        facts = {
            "bundle_id": verified.id,
            "bundle_name": verified.manifest.name,
            "archive_kind": written.kind,
            "archive_xxh3_128": written.digest,
            "bytes": written.size,
            "members": written.members,
        }
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(verified, written))
    return 0


def _words(verified: VerifiedBundle, written: Archived) -> str:
    """What was packed into which file, and how it is read again."""
    from reprobundle.manifest import NAME
    from reprobundle.phrases import sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.telling import files_words, typed

    paths = (*(entry.path for entry in verified.manifest.files), NAME, *verified.signatures)
    page = Page(colour=screen.colours(), width=screen.width())
    page.line("PACKED", "1", "32")
    page.field("bundle", f"{escape(verified.manifest.name)}  {verified.id}", *screen.folder_field(verified))
    page.field("archive", escape(written.path, limit=screen.LONGEST_MESSAGE), f"XXH3-128 {written.digest}")
    page.field("files", f"{files_words(paths)}; {sized(written.size)} in all")
    page.line()
    page.line(f"check it     reprobundle verify {typed(written.path)}")
    return page.text()
