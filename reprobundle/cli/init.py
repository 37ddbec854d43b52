"""``reprobundle init``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.initialising import Initialised
    from reprobundle.initialising.numbers import Numbers
    from reprobundle.rendering.page import Page

SHOWN = 8  # keys that are passed over


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@click.option("--bundle", metavar="BUNDLE", type=click.Path(path_type=Path),
              help="A bundle of this project, whose facts fill the card. Default: the last one you captured here from this "
                   "very source.")  # fmt: skip
@click.option("--force", is_flag=True,
              help="Go on where the files are there: what you wrote in them stays, what they do not say is added, and what "
                   "stood there is kept beside.")  # fmt: skip
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
            "fields": made.fields,
            "unasked": made.unasked,
            "share": round(made.share, 4),
            "told": dict(made.told),
            "captured": {path: list(source) for path, source in made.captured.items()},
            "asked": dict(made.asked),
            "check": dict(made.check),
        },
        "specification": {
            "found": made.specified,
            "added": made.added,
            "asked": dict(made.missing),
            "left_out": made.left_out,
        },
        "numbers": None
        if made.numbers is None
        else {
            "file": made.numbers.file,
            "found": [one.id for one in made.numbers.found],
            "passed_over": made.numbers.passed_over,
        },
        "bundle": made.bundle,
        "calls": made.calls,
        "unread": made.unread,
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
    counts = ((made.count("bundle"), "from the capture"), (made.count("files"), "found in files"))
    shown = ", ".join(f"{count} {words}" for count, words in counts if count)
    page.field(
        "card",
        f"{made.unasked} of {made.fields} fields filled without a question, {made.share:.0%}"
        + (f": {shown}" if shown else ""),
    )
    page.field("", f"{made.count('person')} answered by you, {len(made.asked)} asked")
    told = (
        f"the bundle {escape(made.bundle)}, and the files here"
        if made.bundle
        else "the files here; no bundle of this source"
    )
    page.field("from", told)
    found = f"{len(made.specified)} of {len(made.specified) + len(made.missing)} parts of {made.written[0]} are there"
    page.field("capture", found + (f", added now: {', '.join(made.added)}" if made.added else ""))
    if made.numbers is not None and "claims" in made.missing:
        page.field("numbers", escape(_of_numbers(made.numbers), limit=screen.LONGEST_MESSAGE))
    if made.unread:
        page.heading("Found and not read")
        for words in made.unread:
            page.paragraph(escape(words, limit=screen.LONGEST_MESSAGE))
    _questions(page, made)
    return page.text()


def _of_numbers(numbers: Numbers) -> str:
    """Where numbers were found, how many may be claimed, and what is none."""
    from reprobundle.initialising.claims_text import MOST_NUMBERS
    from reprobundle.phrases import counted, some

    found = f"{counted(len(numbers.found), 'number')} of {numbers.file} may be claimed"
    found += f", {MOST_NUMBERS} of them are shown" if len(numbers.found) > MOST_NUMBERS else ""
    return found + (f"; passed over: {some(numbers.passed_over, SHOWN)}" if numbers.passed_over else "")


def _questions(page: Page, made: Initialised) -> None:
    from reprobundle.rendering import escape

    for name, asked in zip(made.written, (made.missing, made.asked), strict=True):
        if asked:
            page.heading(f"Asked in {name}")
            for path, question in asked.items():
                page.paragraph(f"{path}: {question}")
    if made.check:
        page.heading("To check: it may be the answer, and is not filled in")
        for path, words in made.check.items():
            page.paragraph(f"{path}: {escape(words, limit=screen.LONGEST_MESSAGE)}")
    page.line()
    if made.left_out:
        page.paragraph(
            f"{made.written[0]} takes no further lines as it is written; found for it: {', '.join(made.left_out)}"
        )
    if made.inline:
        page.paragraph(
            f"{made.written[0]} holds documentation of its own, which stands in the card now, too: "
            f'put documentation: "{made.written[1]}" in its place'
        )
    if made.calls:
        page.paragraph(
            f'{escape(made.calls[0])} captures by itself: give it documentation="{made.written[1]}", and run it again'
        )
    else:
        page.paragraph(f"then: reprobundle capture {made.written[0]}")
