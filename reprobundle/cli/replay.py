"""``reprobundle replay``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reprobundle.cli import given, screen
from reprobundle.cli.trusting import Whose, trust_of, trust_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reprobundle.report import Report

LONGEST_SECONDS = 10**7  # about four months; the system's own clocks cannot wait for ever


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--require", metavar="RUNG", default="close", show_default=True,
              help="The weakest agreement that counts as reproduced: bitwise, close, same-decisions or same-metrics.")  # fmt: skip
@click.option("--env", metavar="ENV", default="rebuild", show_default=True,
              help="Where to run it. rebuild: in an environment rebuilt from the bundle's lock; portable: from its lock "
                   "for other platforms, which proves at most 'close'; current: this program's own; or the path of a "
                   "Python or of a virtual environment, used as it is.")  # fmt: skip
@click.option("--sync", is_flag=True,
              help="Make the environment of that Python agree with the lock first (pip-sync); only with --sandbox none.")  # fmt: skip
@click.option("--sandbox", type=click.Choice(["auto", "bwrap", "none"]), default="auto", show_default=True,
              help="The walls around the bundle's code.")  # fmt: skip
@click.option("--data", multiple=True, metavar="SPLIT=PATH",
              help="Your own copy of a data split, compared with the record, and computed on for the claims: a folder, file, archive, glob or URL where "
                   "files were recorded, a file of arrays or a table where samples were; may be repeated.")  # fmt: skip
@click.option("--salt", "salts", multiple=True, metavar="SPLIT=FILE",
              help="The file with the salt of a private split; may be repeated.")  # fmt: skip
@click.option("--index-url", "index_urls", multiple=True, metavar="URL", help="Package index to fetch wheels from.")
@click.option("--find-links", multiple=True, metavar="DIR", type=click.Path(path_type=Path),
              help="Folder that holds wheels; may be repeated.")  # fmt: skip
@click.option("--offline", is_flag=True, help="Reach no network at all.")
@click.option("--allow-build", is_flag=True,
              help="Build what is offered as source only, inside the sandbox, without network.")  # fmt: skip
@click.option("--install-python", is_flag=True, help="Let uv install the recorded Python where it is missing.")
@click.option("--report", metavar="DIR", type=click.Path(path_type=Path),
              help="Where the report goes; default NAME.replay/TIME.")  # fmt: skip
@click.option("--timeout", type=click.IntRange(1, LONGEST_SECONDS), metavar="SECONDS",
              default=3600, show_default=True, help="How long the model may run, each time it is started.")  # fmt: skip
@click.option("--rtol", type=float, metavar="NUMBER",
              help="Your own tolerance in place of all others, relative to each recorded element.")  # fmt: skip
@click.option("--atol", type=float, metavar="NUMBER",
              help="The same, as a fraction of the output's root mean square; of the two, what is not given is 0.")  # fmt: skip
@click.option("--no-envelope", "envelopes", is_flag=True, flag_value=False, default=True,
              help="Let no tolerance count that was measured at capture: only this program's own.")  # fmt: skip
@click.option("--probe", metavar="FILE", type=click.Path(path_type=Path),
              help="Inputs of your own, a safetensors file named as the recorded ones; what they give is kept in the report. With "
                   "'expected/OUTPUT' in it, it must give that.")  # fmt: skip
@click.option("--no-controls", "controls", is_flag=True, flag_value=False, default=True,
              help="Run the model on the recorded inputs only, and do not see whether it computes.")  # fmt: skip
@click.option("--search", "search_seconds", type=click.FloatRange(0, LONGEST_SECONDS), metavar="SECONDS",
              default=120, show_default=True,
              help="How long to look for the setting that restores outputs which are not bitwise; 0: only for the first "
                   "module that differs.")  # fmt: skip
@click.option("--memory", type=given.SIZE, metavar="SIZE",
              help="How much the model may use inside the sandbox, such as 8G; default: nearly all there is.")  # fmt: skip
@click.option("--gpu", "devices", is_flag=True,
              help="Show the graphics processors to the bundle's code, which can then attack their driver.")  # fmt: skip
@trust_options
@screen.verbosity
def replay(
    bundle: Path, *, as_json: bool, quiet: bool, data: Sequence[str], salts: Sequence[str], **options: Any
) -> int:
    """Rebuild the environment, run the model again and compare its outputs.

    With --key, --certificate or --identity a good signature of theirs is required before anything of it is run.
    The bundle's code runs inside a sandbox, without network, without your files. Ends with 0 when the model was
    reproduced at least as exactly as required and every claim that was computed holds, with 1 when not, with 2 when the
    command or the bundle is wrong, and with 3 when the model or a claim's code could not be run or nothing could be
    compared. BUNDLE may be a file that pack wrote; it is unpacked into a temporary folder.
    """
    from reprobundle.replaying import replay as replay_bundle
    from reprobundle.reporting import default_folder

    folder = options.pop("report") or default_folder(bundle)
    trust = trust_of(Whose.taken_from(options))
    with screen.live_progress(quiet=quiet) as say:
        copies, keys = _by_split("--data", data), _by_split("--salt", salts)
        report = replay_bundle(bundle, data=copies, salts=keys, say=say, report=folder, trust=trust, **options)
    show_report(report, folder, as_json=as_json, quiet=quiet)
    return report.verdict.exit_code


def show_report(report: Report, folder: Path, *, as_json: bool, quiet: bool) -> None:
    """Print a report as the person asked for it, and where it is kept."""
    from reprobundle.rendering import escape, json, terminal

    if as_json:
        screen.document(json.render(report))
    elif not quiet:
        screen.text(terminal.render(report, colour=screen.colours(), width=screen.width()))
        screen.text(f"report       {escape(folder / 'report.html', limit=screen.LONGEST_MESSAGE)}")


def _by_split(option: str, texts: Sequence[str]) -> dict[str, str]:
    """Parse ``SPLIT=PATH``; something must be there."""
    places = given.by_name(option, texts, "SPLIT=PATH")
    for split, place in places.items():
        given.refuse_absent(place, f"{option}: split {split!r}: ")
    return places
