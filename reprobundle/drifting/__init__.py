"""Story 4: new data beside a captured split: is it like what the model was trained or tested on.

Both sides are seen through their statistics alone: the captured samples are not needed, and nothing of a bundle is run.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reprobundle.bundle import VerifiedBundle, verify
from reprobundle.components.data.given import DataSplit, How
from reprobundle.components.data.section import Split
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.drifting import keeping, limits, sides, structure
from reprobundle.drifting.judging import judge, verdict
from reprobundle.drifting.numeric_texts import note_on_numbers
from reprobundle.drifting.renaming import NewSide
from reprobundle.drifts import DriftReport
from reprobundle.errors import UsageError
from reprobundle.phrases import counted
from reprobundle.version import version

__all__ = ["between", "drift"]


def drift(
    bundle: str | os.PathLike[str],
    split: str,
    data: Any,
    *,
    alpha: float = limits.ALPHA,
    label: str | None = None,
    dtypes: Mapping[str, str] | None = None,
    storage_options: Mapping[str, Any] | None = None,
    report: str | os.PathLike[str] | None = None,
    say: Callable[[str], None] | None = None,
) -> DriftReport:
    """Compare new data with the captured statistics of a split, feature by feature.

    Args:
        bundle: The bundle's folder; it is verified first, and nothing of it is run.
        split: Name of the captured split, such as ``test``.
        data: What `capture` takes as a split: a path, glob or URL, arrays, a table, a data set; or a `DataSplit` of them.
        alpha: Chance of a false alarm, over all tests together, that is accepted.
        label: What the label is called in the new data; None: as it was recorded, where the data has it.
        dtypes: dtype of a column by name, for CSV; where it says nothing, the recorded one.
        storage_options: Options for fsspec.
        report: Folder for the report, which must not exist; None: it is only returned.
        say: Called with a line for each step.

    Returns:
        The verdict, and each feature with its tests and the size of its change.

    Raises:
        UsageError: There is no such split, or an argument is wrong.
        RefusedInputError: The bundle is broken, or its statistics describe no data.
        UnavailableError: The split has no statistics, or the new data cannot be read.
    """
    given = data if isinstance(data, DataSplit) else DataSplit(data)
    how = _how(given, label=label, dtypes=dtypes, storage_options=storage_options)
    started = _begun(alpha, report, Path(bundle))
    say = say or _silent
    say("verifying the bundle")
    verified = verify(bundle)
    made = between(verified, split, given, how=how, alpha=alpha, started=started, say=say)
    keeping.keep(made, report)
    return made


def between(
    verified: VerifiedBundle,
    split: str,
    given: DataSplit,
    *,
    how: How | None = None,
    alpha: float = limits.ALPHA,
    started: str,
    say: Callable[[str], None] | None = None,
) -> DriftReport:
    """The same, for a bundle that is verified already.

    Args:
        verified: The bundle.
        split: Name of the captured split.
        given: The new data.
        how: How it is read; None: as is said beside it.
        alpha: Chance of a false alarm, over all tests together, that is accepted.
        started: The time that stands in the report.
        say: Called with a line for each step.

    Raises:
        UsageError: There is no such split.
        RefusedInputError: Its statistics describe no data.
        UnavailableError: It has no statistics, or the new data cannot be read.
    """
    say = say or _silent
    captured = sides.captured_split(verified, split)
    recorded = sides.captured_statistics(verified, captured)
    say("reading the new data")
    side = sides.new_side(
        given.data, captured, recorded, how or _how(given, label=None, dtypes=None, storage_options=None)
    )
    return _conclude(verified, captured, recorded, side, alpha=alpha, started=started)


def _how(
    given: DataSplit, *, label: str | None, dtypes: Mapping[str, str] | None, storage_options: Mapping[str, Any] | None
) -> How:
    """How the new data is read; what is said beside it wins."""
    return How(
        label=label or given.label,
        dtypes=given.dtypes if dtypes is None else dtypes,
        storage_options=given.storage_options if storage_options is None else storage_options,
        as_bytes=given.as_bytes,
        cached=given.private is None,
    )


def _conclude(
    verified: VerifiedBundle, captured: Split, recorded: Statistics, side: NewSide, *, alpha: float, started: str
) -> DriftReport:
    """Compare form and features, and come to a verdict."""
    new = side.statistics
    changed = tuple(structure.changes(captured.leaves, side.leaves, label=recorded.label or captured.label))
    apart = frozenset(change.name for change in changed if change.change != "new")
    judged = judge(recorded, new, alpha=alpha, apart=apart)
    answer, sentence = verdict(judged.features, changed, new.samples, is_table=captured.kind == "table")
    return DriftReport(
        reprobundle=version(),
        bundle_id=verified.id,
        bundle_name=verified.manifest.name,
        split=captured.name,
        started=started,
        alpha=alpha,
        answer=answer,
        sentence=sentence,
        recorded_samples=recorded.samples,
        new_samples=new.samples,
        structure=changed,
        features=judged.features,
        tests=judged.tests,
        notes=(*judged.notes, *_left_out(recorded), *note_on_numbers(recorded), *side.notes),
    )


def _begun(alpha: float, report: str | os.PathLike[str] | None, bundle: Path) -> str:
    """Check what needs no reading; gives the time."""
    if not 0.0 < alpha < 1.0:
        raise UsageError(f"alpha: expected a number between 0 and 1, found {alpha!r}")
    keeping.refuse_taken(report, bundle)
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _left_out(recorded: Statistics) -> tuple[str, ...]:
    if not recorded.left_out:
        return ()
    more = counted(recorded.left_out, "more feature")
    return (f"{more} of the captured split: not described in its statistics, and so not compared",)


def _silent(_line: str) -> None:
    pass
