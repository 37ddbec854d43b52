"""``reprobundle pull``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle


@click.command()
@click.argument("source")
@click.argument("directory", type=click.Path(path_type=Path))
@screen.verbosity
def pull(source: str, directory: Path, *, as_json: bool, quiet: bool) -> int:
    """Bring a published bundle into a new folder; nothing of it is run.

    SOURCE is hub://USER/NAME, with @REVISION for a branch, tag or commit. The folder appears whole and verified, or not
    at all. The token is the one of hf auth login or HF_TOKEN, the Hub that of HF_ENDPOINT.
    """
    from reprobundle.publish import hub

    pulled = hub.pull(source, directory, say=screen.progress(quiet=quiet))
    if as_json:
        document = {
            "bundle_id": pulled.id,
            "bundle_name": pulled.manifest.name,
            "path": str(pulled.path),
            "source": source,
            "files": len(pulled.manifest.files),
        }
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_words(pulled))
    return 0


def _words(pulled: VerifiedBundle) -> str:
    """What was brought and what can be done with it."""
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page

    files = pulled.manifest.files
    signature = "signature NOT CHECKED" if pulled.bundle.signatures() else "UNSIGNED"
    page = Page(colour=screen.colours(), width=screen.width())
    page.line(f"PULLED, intact, {signature}", "1", "32")
    page.field("bundle", f"{escape(pulled.manifest.name)}  {pulled.id}")
    page.field("files", f"{counted(len(files), 'file')}, {sized(sum(entry.size for entry in files))}")
    page.field("replay it", escape(f"reprobundle replay {pulled.path}"))
    return page.text()
