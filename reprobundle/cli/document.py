"""``reprobundle document``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.resealing import Resealed

SHOWN = 6


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("card", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="The bundle to make; must not exist. Default: NAME-documented beside NAME.")  # fmt: skip
@screen.verbosity
def document(bundle: Path, card: Path, *, out: Path | None, as_json: bool, quiet: bool) -> int:
    """Put a card that was mended after the capture into a bundle.

    CARD is a YAML file as documentation/card.yaml. The bundle stays as it is: a new one is made, which names it, with this
    card and a README.md made from it. Where the bundle has this card already nothing is made, and the answer is 0 as well.
    """
    from reprobundle.finishing import document as complete

    screen.progress(quiet=quiet)("checking every file")
    resealed = complete(bundle, card, out=out)
    if as_json:
        screen.document(_document(resealed))
    elif not quiet:
        screen.text(_nothing(bundle) if resealed is None else _words(resealed))
    return 0


def _document(resealed: Resealed | None) -> bytes:
    """What was done, as JSON; every value is null when nothing was made."""
    section = None if resealed is None else resealed.manifest.documentation
    facts = {
        "path": None if resealed is None else str(resealed.path),
        "bundle_id": None if resealed is None else resealed.id,
        "previous": None if resealed is None else resealed.previous,
        "documentation": None if section is None else section.model_dump(mode="json"),
    }
    return json.dumps(facts, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def _nothing(bundle: Path) -> str:
    from reprobundle.rendering import escape

    return f"{escape(bundle, limit=screen.LONGEST_MESSAGE)} has this card already; nothing was made"


def _words(resealed: Resealed) -> str:
    """What was done, in words."""
    from reprobundle.phrases import counted, some
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.telling import typed

    section = resealed.manifest.documentation
    page = Page(colour=screen.colours(), width=screen.width())
    page.line("DOCUMENTED", "1", "32")
    page.field("bundle", escape(resealed.path, limit=screen.LONGEST_MESSAGE), resealed.id)
    page.field("made from", resealed.previous, "which stays as it is")
    page.field("card", f"{section.filled} of {section.fields} fields are answered")
    if section.gaps:
        page.field("", f"open: {some(section.gaps, SHOWN)}")
    if resealed.signatures:
        told = counted(len(resealed.signatures), "signature")
        page.field("UNSIGNED", f"{told} of the earlier bundle say nothing of this one: reprobundle sign")
    page.line()
    page.line(f"check it     reprobundle lint {typed(resealed.path)}")
    return page.text()
