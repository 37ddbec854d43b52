"""``reprobundle capture``."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import screen
from reprobundle.progress import bar

if TYPE_CHECKING:
    from reprobundle.capturing import Captured
    from reprobundle.trying import Tried

BUDGET = 30.0
LARGEST_SHOWN = 15
LEFT_SHOWN = 8


@click.command()
@click.argument("specification", type=click.Path(path_type=Path), default="reprobundle.yaml")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="The bundle to make; must not exist. Default: the file's name or title, in this folder.")  # fmt: skip
@click.option("--vendor", type=click.Choice(["needed", "all"]),
              help="Pack wheels of what no index offers, or of every distribution; default: as the file says, "
                   "else needed.")  # fmt: skip
@click.option("--budget", metavar="SECONDS", type=click.FloatRange(min=0), default=BUDGET, show_default=True,
              help="How long hashes of the lock and calibration may take together; 0 leaves them out.")  # fmt: skip
@click.option("--proof/--no-proof", default=True, show_default=True,
              help="Reload the bundle in a fresh process before it is sealed.")  # fmt: skip
@click.option("--allow", metavar="RULE:PATH", multiple=True,
              help="Let through what looks like a secret and is none; as often as needed.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be packed and what is missing; keep nothing.")
@screen.verbosity
def capture(*, specification: Path, out: Path | None, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> int:
    """Capture a trained model into a bundle, without touching the training code.

    SPECIFICATION is a YAML file that names the model, its weights, sample inputs, data splits and the rest;
    docs/capturing.md shows each of its keys. Refuses, with file and line, to seal what looks like a secret
    (docs/secrets.md); --dry-run then tells the same and ends with 2 as well. Ends with 1 when the bundle was sealed but
    its proof failed.
    """
    if dry_run:
        return _dry_run(specification, out, as_json=as_json, quiet=quiet, **options)
    screen.progress(quiet=quiet)(f"capturing what {specification} describes{_wait(options['budget'])}")
    with bar("writing weights", quiet=quiet) as writing, bar("digesting data", quiet=quiet) as reading:
        captured, warned = _captured(specification, out, progress=writing, reading=reading, **options)
    if as_json:
        screen.document(_document(captured, warned))
    elif not quiet:
        from reprobundle.capturing import summary

        screen.text(summary(captured, warned, colour=screen.colours(), width=screen.width()))
    return int(captured.proof.status == "failed")


def _wait(budget: float) -> str:
    return f"; hashes of the lock and calibration take {budget:g} s at most (--budget)" if budget else ""


def _captured(specification: Path, out: Path | None, **options: Any) -> tuple[Captured, tuple[str, ...]]:
    from reprobundle.capturing import capture_specification

    with contextlib.redirect_stdout(sys.stderr):  # what the person's own code prints is no document
        return capture_specification(specification, out, **options)


def _document(captured: Captured, warned: Sequence[str]) -> bytes:
    """What was captured, as JSON."""
    document = {
        "path": str(captured.path),
        "bundle_id": captured.id,
        "proof": captured.proof.model_dump(mode="json"),
        "notes": [note.model_dump(mode="json") for note in captured.notes],
        "warnings": list(warned),
        "refused": captured.foreseen.refused,
        "claims": [claim.model_dump(mode="json") for claim in captured.foreseen.claims],
        "stages": [stage.model_dump(mode="json") for stage in captured.stages],
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _dry_run(specification: Path, out: Path | None, *, as_json: bool, quiet: bool, **options: Any) -> int:
    """Capture into a folder that is thrown away, and tell what was in it; the exit code of the capture itself."""
    from reprobundle.trying import try_specification

    with contextlib.redirect_stdout(sys.stderr):
        tried = try_specification(specification, out, **options)
    if as_json:
        screen.document(_tried_document(tried))
    elif not quiet:
        screen.text(_tried_words(tried))
    return 0 if tried.refused is None else tried.refused.exit_code


def _tried_document(tried: Tried) -> bytes:
    """What would be packed, as JSON."""
    refusals = [] if tried.refused is None else [{
        "message": tried.refused.summary, "findings": tried.refused.findings, "hint": tried.refused.hint,
    }]  # fmt: skip
    document = {
        "files": [{"path": path, "size": size} for path, size in tried.files],
        "notes": [note.model_dump(mode="json") for note in tried.notes],
        "warnings": list(tried.warned),
        "refusals": refusals,
        "left": tried.left,
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _tried_words(tried: Tried) -> str:
    """Whether it would be refused, what would be packed, the largest files first, and what is missing."""
    from reprobundle.phrases import counted, sized, some
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.rendering.terminal import show_findings
    from reprobundle.rendering.wording import found_lines
    from reprobundle.telling import show_warnings

    page = Page(colour=screen.colours(), width=screen.width())
    packed = f"{counted(len(tried.files), 'file')}, {sized(sum(size for _, size in tried.files))}"
    if tried.refused is None:
        page.line(f"WOULD PACK {packed}; nothing was kept", "1")
    else:
        page.paragraph(f"WOULD BE REFUSED: {tried.refused.summary}; nothing was kept", indent=0, codes=("1", "31"))
        screen.show_refusal(page, tried.refused)
        page.heading(f"Without them it would pack {packed}")
    for path, size in sorted(tried.files, key=lambda file: (-file[1], file[0]))[:LARGEST_SHOWN]:
        page.line(f"  {sized(size):>12}  {escape(path)}")
    if len(tried.files) > LARGEST_SHOWN:
        page.paragraph(f"and {counted(len(tried.files) - LARGEST_SHOWN, 'smaller file')}")
    if tried.left:
        page.paragraph(
            f"left to the capture itself: {escape(some(tried.left, LEFT_SHOWN), limit=screen.LONGEST_MESSAGE)}"
        )
    show_warnings(page, tried.warned)
    if tried.notes:
        page.heading("Missing, or worth knowing")
        show_findings(page, found_lines(tried.notes))
    return page.text()
