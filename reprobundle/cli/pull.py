"""``reprobundle pull``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle

    Pull = Callable[..., VerifiedBundle]


@click.command()
@click.argument("source")
@click.argument("directory", type=click.Path(path_type=Path))
@screen.verbosity
def pull(source: str, directory: Path, *, as_json: bool, quiet: bool) -> int:
    """Bring a published bundle into a new folder; nothing of it is run.

    SOURCE is hub://USER/NAME, with @REVISION for a branch, tag or commit. The folder appears whole and verified, or not
    at all. The token is the one of hf auth login or HF_TOKEN, the Hub that of HF_ENDPOINT.

    Or it is a public record: zenodo://RECORD, doi:10.5281/zenodo.RECORD, or invenio://HOST/RECORD.
    """
    pull_from = _source(source)
    say, watched = screen.progress(quiet=quiet), screen.watched(quiet=quiet)
    pulled = pull_from(source, directory, say=say, bars=watched)
    if as_json:
        document = {
            "bundle_id": pulled.id,
            "bundle_name": pulled.manifest.name,
            "path": str(pulled.path),
            "source": source,
            "files": len(pulled.manifest.files),
            "signature": "not checked" if pulled.signatures else "none",
        }
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_words(pulled))
    return 0


def _hub() -> Pull:
    from reprobundle.publish import pulling

    return pulling.pull


def _zenodo() -> Pull:
    from reprobundle.publish import zenodo

    return zenodo.pull


RECORDS = ("zenodo", "doi", "invenio", "invenio+http")
SOURCES = {
    "hub": _hub,
    **dict.fromkeys(RECORDS, _zenodo),
}  # by scheme; a further one is a module of `reprobundle.publish` and a line here


def _source(source: str) -> Pull:
    """What pulls from a source of this form.

    Raises:
        UsageError: Nothing does.
    """
    scheme = source.partition(":")[0]
    if scheme not in SOURCES:
        forms = "hub://…, zenodo://…, doi:… or invenio://…"
        raise UsageError(f"source {source!r}: expected {forms}", hint="such as hub://USER/NAME@REVISION")
    return SOURCES[scheme]()


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
