"""``reprobundle lock``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.resealing import Resealed

BUDGET = 300.0  # a person waits for this one


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="The bundle to make; must not exist. Default: NAME-locked beside NAME.")  # fmt: skip
@click.option("--vendor", type=click.Choice(["needed", "all"]), default="needed", show_default=True,
              help="Pack wheels of what no index offers, or of every distribution.")  # fmt: skip
@click.option("--pack", metavar="NAME", multiple=True,
              help="May be packed out of this environment into a bundle that is not your own capture; repeatable.")  # fmt: skip
@click.option("--budget", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True), default=BUDGET,
              show_default=True, help="How long looking up hashes may take.")  # fmt: skip
@screen.verbosity
def lock(
    bundle: Path,
    *,
    out: Path | None,
    vendor: Literal["needed", "all"],
    pack: tuple[str, ...],
    budget: float,
    as_json: bool,
    quiet: bool,
) -> int:
    """Complete the lock of a bundle that was captured without a package index.

    The bundle stays as it is: a new one is made, which names it. Hashes come from the indexes of your own pip
    configuration; nothing of the bundle is run. Where nothing is missing nothing is made, and the answer is 0 as well.
    """
    from reprobundle.finishing import lock as complete

    screen.progress(quiet=quiet)("checking every file, then asking the index")
    resealed = complete(bundle, out=out, vendor=vendor, pack=pack, budget=budget)
    if as_json:
        screen.document(json.dumps(_facts(resealed), indent=2, ensure_ascii=False).encode("utf-8") + b"\n")
    elif not quiet:
        screen.text(_nothing(bundle) if resealed is None else _words(resealed))
    return 0


def _facts(resealed: Resealed | None) -> dict[str, Any]:
    """What was done, as a document; ``path`` is null when nothing was made."""
    if resealed is None:
        return {"path": None, "bundle_id": None, "previous": None, "lock": None, "wheels": None, "notes": []}
    section = resealed.manifest.environment
    return {
        "path": str(resealed.path),
        "bundle_id": resealed.id,
        "previous": resealed.previous,
        "lock": None if section.lock is None else section.lock.model_dump(mode="json"),
        "wheels": len(section.wheels),
        "notes": [note.model_dump(mode="json") for note in resealed.manifest.notes],
    }


def _nothing(bundle: Path) -> str:
    from reprobundle.rendering import escape

    return f"nothing is missing in the lock of {escape(bundle, limit=screen.LONGEST_MESSAGE)}; nothing was made"


def _words(resealed: Resealed) -> str:
    """What was done, in words."""
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.rendering.wording import lock_words, proof_words
    from reprobundle.telling import typed

    section, proof = resealed.manifest.environment, resealed.manifest.proof
    page = Page(colour=screen.colours(), width=screen.width())
    page.line("LOCKED", "1", "32")
    page.field("bundle", escape(resealed.path, limit=screen.LONGEST_MESSAGE), resealed.id)
    page.field("made from", resealed.previous, "which stays as it is")
    page.field(
        "lock",
        lock_words(section.lock),
        f"{counted(len(section.wheels), 'wheel')} in the bundle",
    )
    page.field("proof", proof_words(proof.status, proof.why))
    page.field("", "recorded before the first seal; weights, source, inputs and outputs are the same files")
    if resealed.linked:
        page.field("disk", f"{sized(resealed.linked)} shared with the earlier bundle")
    if resealed.signatures:
        page.field("UNSIGNED", "the signatures of the earlier bundle do not cover this one: reprobundle sign")
    page.line()
    page.line(f"replay it    reprobundle replay {typed(resealed.path)}")
    return page.text()
