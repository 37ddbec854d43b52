"""What a replay leaves behind: the report in all its renderings, the produced tensors and the log."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reprobundle import records, tensors
from reprobundle.answers import Answer
from reprobundle.drifts import DriftReport
from reprobundle.errors import UsageError
from reprobundle.leftovers import keep_out_of_git
from reprobundle.rendering import badge, html, review, templating, terminal
from reprobundle.report import Report, StageTime
from reprobundle.store import Writer, staging

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


ENDINGS = frozenset({".replay", ".drift"})
TIME = "%Y%m%dT%H%M%S.%fZ"
_TIME = re.compile(r"\d{8}T\d{6}\.\d{6}Z")


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
    return parent / f"{place.name}.{verb}" / now.strftime(TIME)


def refuse_inside(folder: Path, bundle: Path) -> None:
    """Make sure that a report does not come to lie in the bundle it is about, which would no longer be valid.

    Raises:
        UsageError: It would.
    """
    place = bundle.resolve()
    if place in (folder.resolve(), *folder.resolve().parents):
        raise UsageError(f"report folder {str(folder)!r} lies inside the bundle", hint="name a folder beside it")


def ready() -> None:
    """Read what a report is made with, so that it is there when it is needed; may be called from a thread of its own."""
    templating.ready()


def keep(
    report: Report,
    answer: Answer | None,
    folder: Path,
    clock: Timed,
    *,
    drifts: Sequence[DriftReport] = (),
    beside: Mapping[str, Mapping[str, Array]] | None = None,
) -> Report:
    """Write the report and what it rests on.

    Args:
        report: What was found.
        answer: What the worker did.
        folder: Where to write; must not exist.
        clock: The steps' times, by now complete.
        drifts: How the reviewer's data compares with the captured splits, for the page.
        beside: Arrays of other runs, by the name of the file, as ``probe``: they come to lie in ``probe.safetensors``.

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
        for name, text in _renderings(complete, drifts):
            writer.write(name, text.encode("utf-8"))
        if answer is not None:
            writer.write("log.txt", answer.log.encode("utf-8", "replace"))
            _write_arrays(writer, "produced", answer.arrays)
        for name, arrays in (beside or {}).items():
            _write_arrays(writer, name, arrays)
    ignore_default(folder)
    return complete


def ignore_default(folder: Path) -> None:
    """Keep a report out of git where it lies under this program's own name; who names a place decides that alone.

    Raises:
        UnavailableError: The folder cannot be written.
    """
    if folder.parent.suffix in ENDINGS and _TIME.fullmatch(folder.name) is not None:
        keep_out_of_git(folder.parent)


def _renderings(report: Report, drifts: Sequence[DriftReport]) -> Iterator[tuple[str, str]]:
    """Every file for people, by name."""
    yield "report.html", html.render(report, drifts)
    yield "report.txt", f"{terminal.render(report, colour=False, width=100)}\n"
    yield "report.md", review.render(report)
    yield "badge.svg", badge.render(report)


def _write_arrays(writer: Writer, name: str, arrays: Mapping[str, Array]) -> None:
    tensors.write(writer, f"{name}.safetensors", {leaf: tensors.of_array(array) for leaf, array in arrays.items()})
