"""``reprobundle unpack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.bundle import Bundle


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@screen.verbosity
def unpack(file: Path, folder: Path, *, as_json: bool, quiet: bool) -> int:
    """Read an archive that pack wrote, and verify what is in it.

    DIR must not exist, and appears only when every byte was as it must be. An archive of another form, be it one that
    another program made from the same files, is refused. To look into FILE it need not be unpacked: show, verify, lint,
    compare and replay take it as it is.
    """
    from reprobundle.exports.archives import unpack as unpack_archive

    bundle = unpack_archive(file, folder)
    files = bundle.manifest.files
    size = sum(entry.size for entry in files)
    if as_json:
        facts = {"bundle_id": bundle.id, "bundle_name": bundle.manifest.name, "files": len(files), "bytes": size}
        facts["signature"] = "not checked" if bundle.signatures() else "none"
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(bundle))
    return 0


def _words(bundle: Bundle) -> str:
    """What was unpacked where, and what to do with it."""
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.telling import typed

    files, signed = bundle.manifest.files, bundle.signatures()
    page = Page(colour=screen.colours(), width=screen.width())
    page.line(f"UNPACKED, {'signature NOT CHECKED' if signed else 'UNSIGNED'}", "1", "32")
    page.field(
        "bundle", escape(bundle.path, limit=screen.LONGEST_MESSAGE), f"{escape(bundle.manifest.name)}  {bundle.id}"
    )
    page.field("files", f"{counted(len(files), 'file')}, {sized(sum(entry.size for entry in files))}")
    page.line()
    page.line(f"check it     reprobundle verify {typed(bundle.path)}{screen.ASK_WHOSE if signed else ''}")
    page.line(f"replay it    reprobundle replay {typed(bundle.path)}")
    return page.text()
