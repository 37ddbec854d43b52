"""``reprobundle calibrate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import screen

if TYPE_CHECKING:
    from reprobundle.components.outputs.section import Calibration
    from reprobundle.resealing import Resealed

BUDGET = 300.0  # a person waits for this one
DRAWN = "no tolerance means anything here: the outputs are drawn at random"


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path),
              help="The bundle to make; must not exist. Default: NAME-calibrated beside NAME.")  # fmt: skip
@click.option("--env", metavar="ENV", default="current", show_default=True,
              help="Where to run the model: current, this program's own environment; rebuild, one rebuilt from the "
                   "bundle's lock; or the path of a Python or of a virtual environment.")  # fmt: skip
@click.option("--sandbox", type=click.Choice(["auto", "bwrap", "none"]), default="auto", show_default=True,
              help="The walls around the bundle's code.")  # fmt: skip
@click.option("--budget", metavar="SECONDS", type=click.FloatRange(min=0, min_open=True), default=BUDGET,
              show_default=True, help="How long all runs may take.")  # fmt: skip
@screen.verbosity
def calibrate(bundle: Path, *, as_json: bool, quiet: bool, **options: Any) -> int:
    """Measure how far honest runs of a bundle's model lie apart.

    The model is run again, each time with one thing changed that must not matter: another batch, another number of
    threads, the vector instructions of another processor, float64. What is found becomes the tolerance that a replay
    measures with, within the reviewer's limits. The bundle stays as it is: a new one is made, which names it.
    """
    from reprobundle.finishing import calibrate as measure

    with screen.live_progress(quiet=quiet) as say:
        resealed = measure(bundle, say=say, **options)
    if as_json:
        screen.document(_document(resealed))
    elif not quiet:
        screen.text(_words(resealed))
    return 0


def _document(resealed: Resealed) -> bytes:
    from reprobundle.finishing.measuring import facts

    return json.dumps(facts(resealed), indent=2, ensure_ascii=False).encode("utf-8") + b"\n"


def _words(resealed: Resealed) -> str:
    """What was done, in words."""
    from reprobundle.components import outputs
    from reprobundle.components.outputs.documents import calibration_of
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape
    from reprobundle.rendering.page import Page
    from reprobundle.rendering.terminal import show_findings
    from reprobundle.rendering.wording import found_lines
    from reprobundle.telling import steady_words, typed

    calibration = calibration_of(resealed.manifest.outputs, resealed.path)
    page = Page(colour=screen.colours(), width=screen.width())
    page.line("CALIBRATED", "1", "32")
    page.field("bundle", escape(resealed.path, limit=screen.LONGEST_MESSAGE), resealed.id)
    page.field("made from", resealed.previous, "which stays as it is")
    page.field("outputs", *steady_words(calibration))
    for variant in () if calibration is None else calibration.variants:
        furthest = max(variant.distances.values(), default=0.0)
        moved = "bitwise" if variant.bitwise else f"within {furthest:g} of the outputs' root mean square"
        page.field("", f"{escape(variant.name)}: {moved if variant.status == 'ran' else _not_run(variant)}")
    page.field("tolerance", *tolerances(calibration))
    if resealed.linked:
        page.field("disk", f"{sized(resealed.linked)} shared with the earlier bundle")
    if resealed.signatures:
        told = counted(len(resealed.signatures), "signature")
        page.field("UNSIGNED", f"{told} of the earlier bundle say nothing of this one: reprobundle sign")
    notes = [note for note in resealed.manifest.notes if note.kind == outputs.NAME]
    if notes:
        page.heading("Worth knowing")
        show_findings(page, found_lines(notes))
    page.line()
    page.line(f"replay it    reprobundle replay {typed(resealed.path)}")
    return page.text()


def tolerances(calibration: Calibration | None) -> tuple[str, ...]:
    """How far each output may lie from its record; of what is drawn nothing can be said."""
    from reprobundle.rendering import escape

    if calibration is None:
        return ()
    if calibration.steadiness == "random":
        return (DRAWN,)
    return tuple(f"{escape(repr(one.output))}: {one.atol:g}: {escape(one.why)}" for one in calibration.envelopes)


def _not_run(variant: Any) -> str:
    from reprobundle.rendering import escape

    return f"{variant.status}: {escape(variant.why or '')}"
