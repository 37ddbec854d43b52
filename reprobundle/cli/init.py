"""``reprobundle init``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.initialising import Initialised
    from reprobundle.rendering.page import Page


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--bundle", metavar="BUNDLE", type=click.Path(path_type=Path),
              help="A bundle of this project, whose facts fill the card. Default: the last one you captured here from this "
                   "very source.")  # fmt: skip
@click.option("--force", is_flag=True,
              help="Write files again that are there; answers that you wrote in the card stay, and what stood there is kept "
                   "beside.")  # fmt: skip
@screen.verbosity
def init(folder: Path, *, bundle: Path | None, force: bool, as_json: bool, quiet: bool) -> int:
    """Write a starting reprobundle.yaml and card, from what a project's files tell.

    Both go into FOLDER. What its files and a bundle of it tell is filled in and marked; the rest is asked in place. Source is
    read and never run.
    """
    from reprobundle.initialising import init as initialise

    made = initialise(folder, bundle=bundle, force=force)
    if as_json:
        screen.document(_document(made))
    elif not quiet:
        screen.text(_words(made))
    return 0


def _document(made: Initialised) -> bytes:
    """What was written and is asked, as JSON."""
    document = {
        "folder": str(made.folder),
        "written": made.written,
        "kept": made.kept,
        "card": {
            "answered": made.answered,
            "fields": made.fields,
            "share": round(made.share, 4),
            "captured": {path: list(source) for path, source in made.captured.items()},
            "asked": dict(made.asked),
        },
        "specification": {"found": made.specified, "asked": dict(made.missing)},
        "bundle": made.bundle,
        "calls": made.calls,
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _words(made: Initialised) -> str:
    """What was written, how much of it needed no question, and the questions."""
    from reprobundle.phrases import some
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page

    page = Page(colour=screen.colours(), width=screen.width())
    page.line(f"WRITTEN {' and '.join(made.written)}", "1", "32")
    page.field("folder", escape(made.folder, limit=screen.LONGEST_MESSAGE))
    if made.kept:
        page.field("before", f"what stood there is kept: {escape(some(made.kept))}")
    page.field("card", f"{made.answered} of {made.fields} fields filled without a question, {made.share:.0%}")
    told = (
        f"the bundle {escape(made.bundle)}, and the files here"
        if made.bundle
        else "the files here; no bundle of this source"
    )
    page.field("from", told)
    page.field(
        "capture",
        f"{len(made.specified)} of {len(made.specified) + len(made.missing)} parts of {made.written[0]} found",
    )
    _questions(page, made)
    return page.text()


def _questions(page: Page, made: Initialised) -> None:
    from reprobundle.rendering import escape

    for name, asked in zip(made.written, (made.missing, made.asked), strict=True):
        if asked:
            page.heading(f"Asked in {name}")
            for path, question in asked.items():
                page.paragraph(f"{path}: {question}")
    page.line()
    if made.calls:
        page.paragraph(
            f'{escape(made.calls[0])} captures by itself: give it documentation="{made.written[1]}", and run it again'
        )
    else:
        page.paragraph(f"then: reprobundle capture {made.written[0]}")
