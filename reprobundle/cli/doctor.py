"""``reprobundle doctor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.examining import Examination

INDENT = 25
COLOURS = {"ok": "32", "warning": "33", "blocks": "31"}


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@screen.verbosity
def doctor(bundle: Path, *, as_json: bool, quiet: bool) -> int:
    """Say what of a bundle can be replayed here, before any time is spent.

    Nothing of the bundle is run, nothing is installed, no network is reached. Ends with 0 when a replay in a rebuilt
    environment can be tried, and with 3 when something blocks it.
    """
    from reprobundle import records
    from reprobundle.examining import examine

    found = examine(bundle)
    if as_json:
        screen.document(records.to_bytes(found))
    elif not quiet:
        screen.text(_words(found))
    return found.exit_code


def _words(found: Examination) -> str:
    """The answer first, then each check with its way out."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.escaping import prose
    from reprobundle.rendering.page import NARROWEST, WIDEST, Page, wrapped

    page = Page(colour=screen.colours(), width=min(max(screen.width(), NARROWEST), WIDEST))
    page.line(_headline(found), "1", COLOURS["blocks"] if found.of("blocks") else COLOURS["ok"])
    page.field("bundle", f"{escape(found.bundle_name)}  {found.bundle_id}")
    page.line()
    for check in found.checks:
        first, *rest = wrapped(prose(check.message), page.room(INDENT))
        outcome = page.paint(f"{check.outcome:<9}", COLOURS[check.outcome])
        page.line(f"  {outcome}{escape(check.subject):<{INDENT - 11}}{first}")
        for line in rest:
            page.line(" " * INDENT + line)
        if check.hint:
            page.paragraph(f"hint: {prose(check.hint)}", indent=INDENT, codes=("2",))
    return page.text()


def _headline(found: Examination) -> str:
    from reprobundle.phrases import counted

    blocking, warnings = found.of("blocks"), found.of("warning")
    if blocking:
        return f"CANNOT BE REPLAYED HERE: {', '.join(check.subject for check in blocking)}"
    if warnings:
        return f"CAN BE REPLAYED HERE, with {counted(len(warnings), 'warning')}"
    return "CAN BE REPLAYED HERE"
