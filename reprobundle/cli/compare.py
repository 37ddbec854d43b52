"""``reprobundle compare``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reprobundle.cli import screen


@click.command()
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@screen.verbosity
def compare(a: Path, b: Path, *, as_json: bool, quiet: bool) -> int:
    """Say what differs between two bundles, kind by kind.

    Both are verified first. What changes numbers is graded: critical, high, medium, low. Ends with 0 when they agree
    and 1 when they differ. A and B may be files that pack wrote.
    """
    from reprobundle.comparing import compare as compare_bundles
    from reprobundle.rendering import beside
    from reprobundle.report import Status

    findings = compare_bundles(a, b, say=screen.progress(quiet=quiet))
    if as_json:
        document = [finding.model_dump(mode="json") for finding in findings]
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(beside.render(findings, _names(a, b), colour=screen.colours(), width=screen.width()))
    return int(any(finding.status is Status.DIFFERS for finding in findings))


def _names(a: Path, b: Path) -> tuple[str, str]:
    """What to call the two: their names, else their folders', else A and B; whatever tells them apart.

    One that is compared with itself keeps its name.
    """
    from reprobundle.exports.archives import opened

    for one, other in (
        (opened(a).manifest.name, opened(b).manifest.name),
        (a.resolve().name, b.resolve().name),
    ):
        if one != other:
            return one, other
    if a.resolve() == b.resolve():
        return one, other
    return "A", "B"
