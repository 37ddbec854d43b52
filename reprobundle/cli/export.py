"""``reprobundle export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen
from reprobundle.errors import UnavailableError, UsageError

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.exports.rocrate import Version

HEADLINES = {"bag": "BAG WRITTEN", "crate": "CRATE WRITTEN", "datacite": "DATACITE METADATA WRITTEN"}
PRINTED = {"card": "README.md", "citation": "CITATION.cff"}
DATACITE = "datacite"  # printed, or written to a file
WRITTEN = {"bagit": "bag", "rocrate": "crate"}
CHECKED = {
    "bag": ("python -m bagit --validate", ""),
    "crate": ("reprobundle verify", "bundle"),
}  # program, folder in it


@click.command()
@click.argument("view", type=click.Choice([*PRINTED, *WRITTEN, DATACITE]))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--replay",
    "replays",
    metavar="REPORT",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A replay's report.json, to be joined to an RO-Crate; may be given several times.",
)
@click.option("--crate-version", type=click.Choice(["1.1", "1.2"]),
              help="Of the specification of RO-Crate; 1.1 where not given.")  # fmt: skip
@screen.verbosity
def export(
    view: str, bundle: Path, folder: Path | None, *,
    replays: tuple[Path, ...], crate_version: Version | None, as_json: bool, quiet: bool,
) -> int:  # fmt: skip
    """Write a view of a bundle that other people's programs read.

    The model card and the citation are printed. A BagIt bag or an RO-Crate, which hold a copy of the bundle, are written
    to DIR, which must not exist. DataCite's metadata are printed, or written to the file that is named. The bundle is verified first and stays as it is.
    """
    from reprobundle.bundle import verify

    if view != DATACITE and (folder is None) != (view in PRINTED):
        raise UsageError(f"export {view}: " + ("is printed, not written to a folder" if folder else "to which folder?"))
    if replays and view != "rocrate":
        raise UsageError(f"--replay: a report can be joined to an RO-Crate, not to {view!r}")
    if crate_version and view != "rocrate":
        raise UsageError(f"--crate-version: is of an RO-Crate, not of {view!r}")
    verified = verify(bundle)
    if view == DATACITE:
        _datacite(verified, folder, as_json=as_json, quiet=quiet)
    elif folder is None:
        _print(PRINTED[view], verified, as_json=as_json, quiet=quiet)
    else:
        _write(view, verified, folder, replays, crate_version or "1.1")
        _say(WRITTEN[view], verified, folder, as_json=as_json, quiet=quiet)
    return 0


def _print(name: str, verified: VerifiedBundle, *, as_json: bool, quiet: bool) -> None:
    from reprobundle.exports.views import render

    text = render(verified.manifest, verified.path).get(name)
    if text is None:
        hint = "name both in documentation/card.yaml"
        raise UnavailableError(f"{name}: needs a title and authors, which the bundle does not have", hint=hint)
    if as_json:
        screen.document(json.dumps({name: text}, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.document(text.encode())


def _datacite(verified: VerifiedBundle, target: Path | None, *, as_json: bool, quiet: bool) -> None:
    from reprobundle.exports import datacite

    if target is not None:
        _say(DATACITE, verified, datacite.export(verified, target), as_json=as_json, quiet=quiet)
    elif not quiet or as_json:
        screen.document(datacite.content(verified))


def _write(view: str, verified: VerifiedBundle, folder: Path, replays: tuple[Path, ...], version: Version) -> None:
    from reprobundle.exports import bagit, rocrate

    if view == "bagit":
        bagit.export(verified, folder)
    else:
        rocrate.export(verified, folder, replays=replays, version=version)


def _say(kind: str, verified: VerifiedBundle, place: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        screen.document(json.dumps({kind: str(place)}, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(_words(kind, verified, place))


def _words(kind: str, verified: VerifiedBundle, place: Path) -> str:
    """What was written where, and what reads it."""
    from reprobundle.phrases import counted
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.telling import typed

    page = Page(colour=screen.colours(), width=screen.width())
    page.line(HEADLINES[kind], "1", "32")
    page.field("bundle", f"{escape(verified.manifest.name)}  {verified.id}", *screen.folder_field(verified))
    page.field(kind, escape(place, limit=screen.LONGEST_MESSAGE))
    if kind != DATACITE:
        page.field(
            "files", f"{counted(len(verified.manifest.files), 'file')} of the bundle, unchanged, and its manifest"
        )
        page.line()
        program, within = CHECKED[kind]
        page.line(f"check it     {program} {typed(place / within)}")
    return page.text()
