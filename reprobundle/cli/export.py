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

PRINTED = {"card": "README.md", "citation": "CITATION.cff"}
WRITTEN = {"bagit": "bag", "rocrate": "crate"}


@click.command()
@click.argument("view", type=click.Choice([*PRINTED, *WRITTEN]))
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
@click.option("--replay", metavar="REPORT", type=click.Path(path_type=Path),
              help="A replay's report.json, to be joined to an RO-Crate.")  # fmt: skip
@screen.verbosity
def export(view: str, bundle: Path, folder: Path | None, *, replay: Path | None, as_json: bool, quiet: bool) -> int:
    """Write a view of a bundle that other people's programs read.

    The model card and the citation are printed. A BagIt bag or an RO-Crate, which hold a copy of the bundle, are written
    to DIR, which must not exist. The bundle is verified first and stays as it is.
    """
    from reprobundle.bundle import verify

    if (folder is None) != (view in PRINTED):
        raise UsageError(f"export {view}: " + ("is printed, not written to a folder" if folder else "to which folder?"))
    if replay is not None and view != "rocrate":
        raise UsageError(f"--replay: a report can be joined to an RO-Crate, not to {view!r}")
    verified = verify(bundle)
    if folder is None:
        _print(PRINTED[view], verified, as_json=as_json, quiet=quiet)
    else:
        _write(view, verified, folder, replay, as_json=as_json, quiet=quiet)
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


def _write(
    view: str, verified: VerifiedBundle, folder: Path, replay: Path | None, *, as_json: bool, quiet: bool
) -> None:
    from reprobundle.exports import bagit, rocrate
    from reprobundle.rendering import escape

    if view == "bagit":
        bagit.export(verified, folder)
    else:
        rocrate.export(verified, folder, replay=replay)
    if as_json:
        screen.document(json.dumps({WRITTEN[view]: str(folder)}, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(f"{WRITTEN[view]} {escape(folder, limit=screen.LONGEST_MESSAGE)}")
