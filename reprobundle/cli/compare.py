"""``reprobundle compare``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprobundle.report import Finding


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@screen.verbosity
def compare(a: Path, b: Path, *, as_json: bool, quiet: bool) -> int:
    """Say what differs between two bundles, kind by kind.

    Both are verified first. Ends with 0 when they agree and 1 when they differ.
    """
    from reprobundle.comparing import compare as compare_bundles
    from reprobundle.report import Status

    findings = compare_bundles(a, b)
    if as_json:
        document = [finding.model_dump(mode="json") for finding in findings]
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_words(findings))
    return int(any(finding.status is Status.DIFFERS for finding in findings))


def _words(findings: Sequence[Finding]) -> str:
    """How many values differ, and which, the sections that agree last."""
    from reprobundle.rendering import wording
    from reprobundle.rendering.terminal import Page, show_findings

    lines = wording.found_lines(findings)
    page = Page(colour=screen.colours(), width=screen.width())
    head = f"DIFFERENT in {wording.counted(len(lines), 'value')}" if lines else "SAME"
    page.line(head, "1", "31" if lines else "32")
    show_findings(page, lines)
    agreeing = [finding.kind for finding in findings if finding.status.value == "same"]
    if agreeing:
        page.paragraph(f"same: {', '.join(agreeing)}")
    return page.text()
