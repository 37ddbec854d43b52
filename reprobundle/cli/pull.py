"""``reprobundle pull``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import interrupting, screen
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.publish.addressing import Address


@click.command()
@click.argument("source")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--server", metavar="URL", help="The InvenioRDM repository that a DOI or a record's number belongs to.")
@click.option("--file", metavar="NAME", help="Which archive of a record, where it has more than one.")
@screen.verbosity
def pull(source: str, directory: Path, *, server: str | None, file: str | None, as_json: bool, quiet: bool) -> int:
    """Bring a published bundle into a new folder; nothing of it is run.

    SOURCE is hub://USER/NAME, with @REVISION for a branch, tag or commit. The folder appears whole and verified, or not
    at all. The token is the one of hf auth login or HF_TOKEN, the Hub that of HF_ENDPOINT.

    Or it is a public record: zenodo://RECORD, a DOI of Zenodo, invenio://HOST/RECORD, or any DOI with --server.

    What a browser shows may be pasted: https://doi.org/…, https://HOST/records/RECORD,
    https://huggingface.co/USER/NAME/tree/REVISION.
    """
    from reprobundle.publish.addressing import addressed

    found = addressed(source, server=server)
    _refuse_file(found, file)
    say, watched = screen.progress(quiet=quiet), screen.watched(quiet=quiet)
    with interrupting.told(lambda: _left(directory)):
        given = {} if file is None else {"file": file}
        pulled = SOURCES[found.kind](found, directory, say=say, bars=watched, **given)
    if as_json:
        document = {
            "bundle_id": pulled.id,
            "bundle_name": pulled.manifest.name,
            "path": str(pulled.path),
            "source": found.source,
            "files": len(pulled.manifest.files),
            "signature": "not checked" if pulled.signatures else "none",
        }
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_words(pulled))
    return 0


def _hub(found: Address, directory: Path, **manners: Any) -> VerifiedBundle:
    from reprobundle.publish import pulling

    return pulling.pull(found.source, directory, **manners)


def _record(found: Address, directory: Path, **manners: Any) -> VerifiedBundle:
    from reprobundle.publish import zenodo

    return zenodo.pull(found.source, directory, doi=found.doi, **manners)


SOURCES = {  # by kind; a further one is a module of `reprobundle.publish`, a form in `addressing`, and a line here
    "hub": _hub,
    "record": _record,
}


def _refuse_file(found: Address, file: str | None) -> None:
    """Make sure that an archive is named of a record only.

    Raises:
        UsageError: It is not.
    """
    if file is not None and found.kind != "record":
        raise UsageError(f"--file {file!r}: a repository on the Hub holds no archive to choose", hint="leave it out")


def _left(directory: Path) -> str:
    """What an interrupted pull left."""
    from reprobundle.phrases import sized
    from reprobundle.publish.gathering import WORTH

    kept = f"the same command goes on from there, where {sized(WORTH)} or more had come from a Hub"
    return f"{str(directory)!r} was not made; {kept}"


def _words(pulled: VerifiedBundle) -> str:
    """What was brought and what can be done with it."""
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.telling import typed

    files = pulled.manifest.files
    signature = "signature NOT CHECKED" if pulled.bundle.signatures() else "UNSIGNED"
    page = Page(colour=screen.colours(), width=screen.width())
    page.line(f"PULLED, intact, {signature}", "1", "32")
    page.field("bundle", f"{escape(pulled.manifest.name)}  {pulled.id}")
    page.field("files", f"{counted(len(files), 'file')}, {sized(sum(entry.size for entry in files))}")
    if pulled.signatures:
        page.line(f"check it     reprobundle verify {typed(pulled.path)}{screen.ASK_WHOSE}")
    page.field("replay it", escape(f"reprobundle replay {pulled.path}"))
    return page.text()
