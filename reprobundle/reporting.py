"""What a replay leaves behind: the report in three renderings, the produced tensors and the log."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Protocol

from reprobundle import records, tensors
from reprobundle.answers import Answer
from reprobundle.errors import UsageError
from reprobundle.rendering import html, terminal
from reprobundle.report import Report, StageTime
from reprobundle.store import Writer, staging


class Timed(Protocol):
    """Something that knows how long the steps took."""

    stages: list[StageTime]


def default_folder(bundle: Path, verb: str = "replay") -> Path:
    """``NAME.replay/TIME`` under the current folder, beside the bundle when that is in it; new for every replay.

    Args:
        bundle: The bundle.
        verb: What is reported: ``replay``, or ``drift``.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    place, here = bundle.resolve(), Path.cwd().resolve()
    parent = place.parent if place in (here, *here.parents) else here
    return parent / f"{place.name}.{verb}" / now.strftime("%Y%m%dT%H%M%S.%fZ")


def refuse_inside(folder: Path, bundle: Path) -> None:
    """Make sure that a report does not come to lie in the bundle it is about, which would no longer be valid.

    Raises:
        UsageError: It would.
    """
    place = bundle.resolve()
    if place in (folder.resolve(), *folder.resolve().parents):
        raise UsageError(f"report folder {str(folder)!r} lies inside the bundle", hint="name a folder beside it")


def keep(report: Report, answer: Answer | None, folder: Path, clock: Timed) -> Report:
    """Write the report and what it rests on.

    Args:
        report: What was found.
        answer: What the worker did.
        folder: Where to write; must not exist.
        clock: The steps' times, by now complete.

    Returns:
        The report with all the times.

    Raises:
        UsageError: The folder exists.
        UnavailableError: It cannot be written.
    """
    complete = report.model_copy(update={"stages": tuple(clock.stages)})
    with staging(folder) as place:
        writer = Writer(place)
        writer.write("report.json", records.to_bytes(complete))
        writer.write("report.html", html.render(complete).encode("utf-8"))
        writer.write("report.txt", f"{terminal.render(complete, colour=False, width=100)}\n".encode())
        if answer is not None:
            writer.write("log.txt", answer.log.encode("utf-8", "replace"))
            produced = {name: tensors.of_array(array) for name, array in answer.arrays.items()}
            tensors.write(writer, "produced.safetensors", produced)
    return complete
