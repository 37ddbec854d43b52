"""``reprobundle document``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.linting.lints import Lint
    from reprobundle.rendering.page import Page
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
    What publish would refuse in it is told with the line of CARD.
    """
    from reprobundle.bundle import verify
    from reprobundle.finishing import document as complete
    from reprobundle.linting.in_card import errors_in

    screen.progress(quiet=quiet)("checking every file")
    resealed = complete(bundle, card, out=out)
    errors = errors_in(verify(bundle if resealed is None else resealed.path), card)
    if as_json:
        screen.document(_document(resealed, errors))
    elif not quiet:
        screen.text(_words(resealed, bundle, errors))
    return 0


def _document(resealed: Resealed | None, errors: Sequence[Lint]) -> bytes:
    """What was done, as JSON; all but what publish would refuse is null when nothing was made."""
    section = None if resealed is None else resealed.manifest.documentation
    facts = {
        "path": None if resealed is None else str(resealed.path),
        "bundle_id": None if resealed is None else resealed.id,
        "previous": None if resealed is None else resealed.previous,
        "documentation": None if section is None else section.model_dump(mode="json"),
        "errors": [error.model_dump(mode="json") for error in errors],
    }
    return json.dumps(facts, indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def _words(resealed: Resealed | None, bundle: Path, errors: Sequence[Lint]) -> str:
    """What was done, what publish would refuse of it, and what looks further."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.telling import typed

    page = Page(colour=screen.colours(), width=screen.width())
    if resealed is None:
        page.line(f"{escape(bundle, limit=screen.LONGEST_MESSAGE)} has this card already; nothing was made")
    else:
        _made(page, resealed, wrong=bool(errors))
    _refused(page, errors)
    if resealed is not None:
        page.line()
        page.line(f"check it     reprobundle lint {typed(resealed.path)}")
    return page.text()


def _refused(page: Page, errors: Sequence[Lint]) -> None:
    """Each error with its file and line and the way out, as lint tells it."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.escaping import prose

    if errors:
        page.heading("Publish will refuse it")
    for error in errors:
        page.line(
            f"  {page.paint(error.rule, '31')}  {page.paint(escape(error.place, limit=screen.LONGEST_MESSAGE), '2')}"
        )
        page.paragraph(prose(error.message), indent=4)
        if error.hint:
            page.paragraph(f"hint: {prose(error.hint)}", indent=4, codes=("2",))


def _made(page: Page, resealed: Resealed, *, wrong: bool) -> None:
    """The new bundle and how far its card is answered."""
    from reprobundle.components.documentation.standing import standing_in
    from reprobundle.phrases import counted, some
    from reprobundle.rendering import escape

    standing = standing_in(
        resealed.manifest.documentation, resealed.manifest.model_dump(mode="json", exclude={"files"})
    )
    page.line("DOCUMENTED, NOT READY TO PUBLISH" if wrong else "DOCUMENTED", "1", "33" if wrong else "32")
    page.field("bundle", escape(resealed.path, limit=screen.LONGEST_MESSAGE), resealed.id)
    page.field("made from", resealed.previous, "which stays as it is")
    page.field("card", standing.words)
    open_ = standing.of("open")
    if open_:
        page.field("", f"open: {some(open_, SHOWN)}")
    if resealed.signatures:
        told = counted(len(resealed.signatures), "signature")
        page.field("UNSIGNED", f"{told} of the earlier bundle say nothing of this one: reprobundle sign")
