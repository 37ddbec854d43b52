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
MISSING = "missing"
BAR = 20
COMPLETE = 100
WAY_OUT = (
    "Answers go into a copy of documentation/card.yaml; reprobundle document BUNDLE CARD makes a new bundle with it."
)
WAY_OUT_OF_CARD = "Write the answers into this file; capture takes it as documentation= or in reprobundle.yaml."


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--fail-under", type=click.IntRange(0, 100), default=0, metavar="N",
              help="End with 1 where the score is lower; errors always do.")  # fmt: skip
@click.option("--advisories", is_flag=True,
              help="Ask an index of advisories for known vulnerabilities of what the bundle pins; names and versions of "
                   "packages leave this machine.")  # fmt: skip
@click.option("--advisories-index", metavar="URL", help="Which one, by OSV's interface. Default: https://api.osv.dev")
@screen.verbosity
def lint(
    bundle: Path, *, fail_under: int, advisories: bool, advisories_index: str | None, as_json: bool, quiet: bool
) -> int:
    """Say what a model's documentation leaves out or contradicts, with file and line.

    BUNDLE may also be a card that is in no bundle yet, such as documentation/card.yaml. Nothing is run. Ends with 0, or with
    1 where there are errors or the score is lower than asked for.
    """
    from reprobundle import records
    from reprobundle.linting import lint as look
    from reprobundle.linting.advisories import OSV

    index = advisories_index or (OSV if advisories else None)
    found = look(bundle, advisories=index)
    if as_json:
        screen.document(records.to_bytes(found))
    elif not quiet:
        screen.text(_words(found, fail_under))
    return found.exit_code(fail_under=fail_under)


def _words(found: LintReport, fail_under: int) -> str:
    """The score first, then each finding with its way out, then the score by section."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import NARROWEST, WIDEST, Page

    page = Page(colour=screen.colours(), width=min(max(screen.width(), NARROWEST), WIDEST))
    failed = found.exit_code(fail_under=fail_under) != 0
    page.line(_headline(found, fail_under), "1", "31" if failed else "33" if found.of("warning") else "32")
    if found.bundle_id is not None:
        page.field("bundle", f"{escape(found.name)}  {found.bundle_id}")
    else:
        page.field("card", escape(found.name))
        page.field("", "in no bundle yet: what a capture fills in is left out of the score")
    for level in COLOURS:
        _findings(page, level, found.of(level))
    page.heading("Score by section")
    for section in found.sections:
        page.line(f"  {_row(section)}")
    if found.score < COMPLETE:
        page.line()
        page.paragraph(WAY_OUT if found.bundle_id is not None else WAY_OUT_OF_CARD, indent=0, codes=("2",))
    return page.text()


def _headline(found: LintReport, fail_under: int) -> str:
    counts = [_counted(level, len(found.of(level))) for level in COLOURS if found.of(level)]
    under = f", under the {fail_under} asked for" if found.score < fail_under else ""
    return f"SCORE {found.score} of 100{under}: {', '.join(counts) or 'nothing to say'}"


def _counted(level: Level, number: int) -> str:
    single = "piece of advice" if level == "advice" else level
    return f"{number} {single if number == 1 else PLURALS[level]}"


def _findings(page: Page, level: Level, lints: tuple[Lint, ...]) -> None:
    """Each finding with its place and the way out; then what is only missing, a line each."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.escaping import prose

    if not lints:
        return
    page.heading(PLURALS[level].capitalize())
    for lint in lints:
        if lint.rule == MISSING:
            continue
        place = lint.place if lint.line is not None else f"{lint.place} {lint.path or ''}"
        page.line(f"  {page.paint(lint.rule, COLOURS[level])}  {page.paint(escape(place.strip()), '2')}".rstrip())
        page.paragraph(prose(lint.message), indent=4)
        if lint.hint:
            page.paragraph(f"hint: {prose(lint.hint)}", indent=4, codes=("2",))
    missing = [lint for lint in lints if lint.rule == MISSING]
    if missing:
        page.line(f"  {page.paint(MISSING, COLOURS[level])}  {page.paint(escape(missing[0].file or ''), '2')}")
    for lint in missing:
        line = "" if lint.line is None else f"line {lint.line}"
        page.line(f"    {line:<9}{prose(lint.path or '')}: {prose(lint.hint or '')}")


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
