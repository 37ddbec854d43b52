"""``reprobundle drift``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from reprobundle.cli import given, screen


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("split")
@click.argument("data", metavar="DATA")
@click.option("--alpha", type=float, default=0.01, show_default=True,
              help="Chance of a false alarm, over all tests together, that you accept.")  # fmt: skip
@click.option("--label", metavar="NAME", help="Column or leaf of the new data that holds the label.")
@click.option("--dtypes", multiple=True, metavar="COLUMN=DTYPE",
              help="dtype of a column of a CSV file, where it is not the recorded one; may be repeated.")  # fmt: skip
@click.option("--report", metavar="DIR", type=click.Path(path_type=Path),
              help="Where the report goes; default NAME.drift/TIME.")  # fmt: skip
@screen.verbosity
def drift(
    bundle: Path,
    split: str,
    data: str,
    *,
    alpha: float,
    label: str | None,
    dtypes: Sequence[str],
    report: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Say whether new data is like a captured split, feature by feature.

    DATA is a file, a folder, a glob or a URL, compared with the statistics that the bundle holds of SPLIT; the captured
    samples are not needed, and nothing of the bundle is run. Ends with 0 when the data is like it, with 1 when it has
    drifted, and with 3 when that cannot be told.
    """
    from reprobundle.drifting import drift as compare_with
    from reprobundle.reporting import default_folder

    given.refuse_absent(data)
    declared = given.by_name("--dtypes", dtypes, "COLUMN=DTYPE", last=True)
    folder = report or default_folder(bundle, "drift")
    with screen.live_progress(quiet=quiet) as say:
        found = compare_with(bundle, split, data, alpha=alpha, label=label, dtypes=declared, report=folder, say=say)
    if as_json:
        from reprobundle import records

        screen.document(records.to_bytes(found))
    elif not quiet:
        from reprobundle.rendering import drift as rendering

        text = rendering.render(found, colour=screen.colours(), width=screen.width())
        screen.text(f"{text}\n{rendering.report_line(folder)}")
    return found.exit_code
