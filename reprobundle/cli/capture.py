"""``reprobundle capture``."""

from __future__ import annotations

import contextlib
import json
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.capturing import Captured
    from reprobundle.rendering.terminal import Page

BUDGET = 30.0
LARGEST_SHOWN = 15


@click.command()
@click.argument("specification", type=click.Path(path_type=Path), default="reprobundle.yaml")
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="The bundle to make; must not exist.")
@click.option("--budget", metavar="SECONDS", type=click.FloatRange(min=0), default=BUDGET, show_default=True,
              help="How long the hashes of the lock may take; 0 leaves them out.")  # fmt: skip
@click.option("--proof/--no-proof", default=True, show_default=True,
              help="Reload the bundle in a fresh process before it is sealed.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would be packed and what is missing; keep nothing.")
@screen.verbosity
def capture(  # one argument an option; click calls it by keyword
    *, specification: Path, out: Path | None, budget: float, proof: bool, dry_run: bool, as_json: bool, quiet: bool
) -> int:
    """Capture a trained model into a bundle, without touching the training code.

    SPECIFICATION is a YAML file that names the model, its weights, sample inputs, data splits and the rest. Ends with 1
    when the bundle was sealed but its proof failed.
    """
    if dry_run:
        _show_dry_run(specification, as_json=as_json, quiet=quiet)
        return 0
    if out is None:
        raise click.UsageError("Missing option '--out'.", click.get_current_context())
    screen.progress(quiet=quiet)(f"capturing what {specification} describes")
    captured, warned = _captured(specification, out, budget=budget, proof=proof)
    if as_json:
        screen.document(_document(captured, warned))
    elif not quiet:
        screen.text(_words(captured, warned))
    return int(captured.proof.status == "failed")


def _captured(
    specification: Path, out: Path, *, budget: float, proof: bool, kept: bool = True
) -> tuple[Captured, tuple[str, ...]]:
    from reprobundle.capturing import capture_specification

    with contextlib.redirect_stdout(sys.stderr):  # what the person's own code prints is no document
        return capture_specification(specification, out, budget=budget, proof=proof, kept=kept)


def _document(captured: Captured, warned: Sequence[str]) -> bytes:
    """What was captured, as JSON."""
    document = {
        "path": str(captured.path),
        "bundle_id": captured.id,
        "proof": captured.proof.model_dump(mode="json"),
        "notes": [note.model_dump(mode="json") for note in captured.notes],
        "warnings": list(warned),
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _words(captured: Captured, warned: Sequence[str]) -> str:
    """What was captured, for a person."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.terminal import Page, show_findings
    from reprobundle.rendering.wording import found_lines, proof_words

    page = Page(colour=screen.colours(), width=screen.width())
    proven = captured.proof.proven
    page.line("CAPTURED" if proven else "CAPTURED, UNPROVEN", "1", "32" if proven else "33")
    page.field("bundle", escape(captured.path, limit=screen.LONGEST_MESSAGE), captured.id)
    page.field("proof", proof_words(captured.proof.status, captured.proof.why))
    _show_warnings(page, warned)
    if captured.notes:
        page.heading("Worth knowing")
        show_findings(page, found_lines(captured.notes))
    page.line()
    path = escape(_from_here(captured.path), limit=screen.LONGEST_MESSAGE)
    page.line(f"replay it    reprobundle replay {path}")  # one line, however long, so that it can be copied
    return page.text()


def _from_here(path: Path) -> str:
    """The path as it can be typed in the current folder, quoted for a shell."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _show_dry_run(specification: Path, *, as_json: bool, quiet: bool) -> None:
    """Capture into a folder that is thrown away, and tell what was in it."""
    from reprobundle.bundle import Bundle

    with tempfile.TemporaryDirectory(prefix="reprobundle-dry-run-") as folder:
        captured, warned = _captured(specification, Path(folder) / "bundle", budget=0, proof=False, kept=False)
        manifest = Bundle.open(captured.path).manifest
    files = [(entry.path, entry.size) for entry in manifest.files]
    if as_json:
        document = {
            "files": [{"path": path, "size": size} for path, size in files],
            "notes": [note.model_dump(mode="json") for note in captured.notes],
            "warnings": list(warned),
        }
        screen.document(json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_dry_words(files, captured, warned))


def _dry_words(files: Sequence[tuple[str, int]], captured: Captured, warned: Sequence[str]) -> str:
    """What would be packed, the largest files first, and what is missing."""
    from reprobundle.rendering import escape
    from reprobundle.rendering.terminal import Page, show_findings
    from reprobundle.rendering.wording import counted, found_lines, size_words

    page = Page(colour=screen.colours(), width=screen.width())
    total = size_words(sum(size for _, size in files))
    page.line(f"WOULD PACK {counted(len(files), 'file')}, {total}; nothing was kept", "1")
    for path, size in sorted(files, key=lambda file: (-file[1], file[0]))[:LARGEST_SHOWN]:
        page.line(f"  {size_words(size):>12}  {escape(path)}")
    if len(files) > LARGEST_SHOWN:
        page.paragraph(f"and {counted(len(files) - LARGEST_SHOWN, 'smaller file')}")
    page.paragraph("hashes of the lock and the proof are left to the capture itself")
    _show_warnings(page, warned)
    if captured.notes:
        page.heading("Missing, or worth knowing")
        show_findings(page, found_lines(captured.notes))
    return page.text()


def _show_warnings(page: Page, warned: Sequence[str]) -> None:
    from reprobundle.rendering.escaping import prose

    if warned:
        page.heading("In the specification")
    for line in warned:
        page.paragraph(prose(line))
