"""``reprobundle demo``."""

from __future__ import annotations

from pathlib import Path

import click

from reprobundle.cli import screen
from reprobundle.cli.replay import show_report

FOLDER = "reprobundle-demo"


@click.command()
@click.option("--folder", metavar="DIR", type=click.Path(path_type=Path), default=FOLDER, show_default=True,
              help="A new folder to work in.")  # fmt: skip
@screen.verbosity
def demo(folder: Path, *, as_json: bool, quiet: bool) -> int:
    """Do the whole job on real data: train, capture, verify, replay.

    Trains a small classifier of handwritten digits in a git repository that it makes, captures it, and replays the
    bundle in an environment rebuilt from its lock, with the data that the training wrote: the claimed accuracy is
    computed anew.
    """
    from reprobundle.demo import run
    from reprobundle.rendering import escape

    with screen.live_progress(quiet=quiet) as say:
        shown = run(folder, say)
    if not (as_json or quiet):
        screen.text(f"trained      {escape(shown.accuracy)}")
        screen.text(f"bundle       {escape(shown.bundle, limit=screen.LONGEST_MESSAGE)}\n")
    show_report(shown.result, shown.report, as_json=as_json, quiet=quiet)
    return shown.result.verdict.exit_code
