"""``reprobundle lint``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.linting.lints import Level, Lint, LintReport, SectionScore
    from reprobundle.rendering.page import Page

COLOURS: dict[Level, str] = {"error": "31", "warning": "33", "advice": "36"}
PLURALS: dict[Level, str] = {"error": "errors", "warning": "warnings", "advice": "pieces of advice"}
ALLOWED, ALLOWED_COLOUR = "Allowed", "2"
MISSING = "missing"
BAR = 20
COMPLETE = 100
WAY_OUT = (
    "Answers go into a copy of documentation/card.yaml; reprobundle document BUNDLE CARD makes a new bundle with it."
)
WAY_OUT_IN_PROJECT = "Answers go into {0}; reprobundle document BUNDLE {0} makes a new bundle with them."
WAY_OUT_OF_CARD = "Write the answers into this file; capture takes it as documentation= or in reprobundle.yaml."


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--fail-under", type=click.IntRange(0, 100), default=0, metavar="N",
              help="End with 1 where the score is lower, too. Default: 0, no score is asked for.")  # fmt: skip
@click.option("--allow", multiple=True, metavar="RULE",
              help="Let this rule be broken, for this look alone; publish does so by --allow-lint.")  # fmt: skip
@click.option("--advisories", is_flag=True,
              help="Ask an index of advisories for known vulnerabilities of what the bundle pins; names and versions of "
                   "packages leave this machine.")  # fmt: skip
@click.option("--advisories-index", metavar="URL", help="Which one, by OSV's interface. Default: https://api.osv.dev")
@screen.verbosity
def lint(
    bundle: Path,
    *,
    fail_under: int,
    allow: tuple[str, ...],
    advisories: bool,
    advisories_index: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say what a model's documentation leaves out or contradicts, with file and line.

    The first line says whether it is ready to be published, and what is in the way. BUNDLE may also be a file that pack
    wrote, or a card that is in no bundle yet, such as documentation/card.yaml. Nothing is run. Ends with 0 where it is
    ready; with 1 where there are errors, where a question is open that a reader needs answered first, or where the score is
    lower than asked for. publish refuses errors alone; --allow missing lets open questions go.
    """
    from reprobundle import records
    from reprobundle.linting import lint as look
    from reprobundle.linting.advisories import OSV

    index = advisories_index or (OSV if advisories else None)
    say = screen.progress(quiet=quiet or as_json)
    found = look(bundle, advisories=index, allow=allow, fail_under=fail_under, say=say)
    if as_json:
        screen.document(records.to_bytes(found))
    elif not quiet:
        screen.text(_words(found))
    return found.exit_code()


def _words(found: LintReport) -> str:
    """Whether it is ready and the score, then each finding with its way out, then the score by section."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import NARROWEST, WIDEST, Page

    page = Page(colour=screen.colours(), width=min(max(screen.width(), NARROWEST), WIDEST))
    page.paragraph(found.verdict, indent=0, codes=("1", "32" if found.ready else "31"))
    page.line(_scored(found), "31" if not found.ready else "33" if found.of("warning") else "32")
    if found.bundle_id is not None:
        page.field("bundle", f"{escape(found.name)}  {found.bundle_id}")
    else:
        page.field("card", escape(found.name))
        page.field("", "in no bundle yet: what a capture fills in is left out of the score")
    for level, colour in COLOURS.items():
        _findings(page, PLURALS[level].capitalize(), colour, found.of(level))
    _findings(page, ALLOWED, ALLOWED_COLOUR, found.let_go)
    page.heading("Score by section")
    for section in found.sections:
        page.line(f"  {_row(section)}")
    if found.score < COMPLETE or found.of("error"):
        page.line()
        page.paragraph(_way_out(found), indent=0, codes=("2",))
    return page.text()


def _scored(found: LintReport) -> str:
    counts = [_counted(level, len(found.of(level))) for level in COLOURS if found.of(level)]
    counts += [f"{len(found.let_go)} allowed"] if found.let_go else []
    return f"SCORE {found.score} of 100: {', '.join(counts) or 'nothing to say'}"


def _way_out(found: LintReport) -> str:
    """Where answers are written, and what takes them to the bundle."""
    from reprobundle.rendering import escape

    if found.bundle_id is None:
        return WAY_OUT_OF_CARD
    own = next((lint.file for lint in found.lints if lint.within == "project" and lint.file is not None), None)
    return WAY_OUT if own is None else WAY_OUT_IN_PROJECT.format(escape(own))


def _counted(level: Level, number: int) -> str:
    single = "piece of advice" if level == "advice" else level
    return f"{number} {single if number == 1 else PLURALS[level]}"


def _findings(page: Page, heading: str, colour: str, lints: tuple[Lint, ...]) -> None:
    """Each finding with its place and the way out; then what is only missing, a line each."""
    from reprobundle.rendering.escaping import prose

    if not lints:
        return
    page.heading(heading)
    for lint in lints:
        if lint.rule == MISSING:
            continue
        page.line(f"  {page.paint(lint.rule, colour)}  {page.paint(_place(lint), '2')}".rstrip())
        page.paragraph(prose(lint.message), indent=4)
        if lint.hint:
            page.paragraph(f"hint: {prose(lint.hint)}", indent=4, codes=("2",))
    missing = [lint for lint in lints if lint.rule == MISSING]
    for number, lint in enumerate(missing):
        if number == 0 or _file(lint) != _file(missing[number - 1]):
            page.line(f"  {page.paint(MISSING, colour)}  {page.paint(_file(lint), '2')}")
        line = "" if lint.line is None else f"line {lint.line}"
        page.line(f"    {line:<9}{prose(lint.path or '')}: {prose(lint.hint or '')}")


def _place(lint: Lint) -> str:
    """File and line, and of the bundle's own card that it is the bundle's; of the manifest the path in it."""
    from reprobundle.rendering import escape

    if lint.line is not None:
        return f"{_file(lint)}:{lint.line}"
    return f"{_file(lint)} {escape(lint.path or '')}".strip()


def _file(lint: Lint) -> str:
    from reprobundle.rendering import escape

    return f"{'in ' if lint.home else ''}{lint.home}{escape(lint.file or '')}"


def _row(section: SectionScore) -> str:
    head = f"{section.name.replace('_', ' '):<18}"
    if section.score is None:
        return f"{head}{'':<{BAR}}      left to capture"
    full = round(section.score * BAR / 100)
    states = {
        "answered": section.answered,
        "captured": section.captured,
        "weak": section.weak,
        "missing": section.missing,
    }
    told = ", ".join(f"{number} {state}" for state, number in states.items() if number)
    return f"{head}{'█' * full}{'·' * (BAR - full)}  {section.score:>3}  {told} (weight {section.weight})"
