"""A replay as an assertion, for a test or a script of one's own: the report, or an error that says why not."""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from reprobundle import reporting
from reprobundle.errors import UsageError
from reprobundle.phrases import some
from reprobundle.rendering import claims, escape, wording
from reprobundle.rendering.escaping import prose
from reprobundle.replaying import replay
from reprobundle.report import Report, Rung

LONGEST_PATH = 2000
OPTIONS = tuple(one.name for one in inspect.signature(replay).parameters.values() if one.kind is one.KEYWORD_ONLY)


def assert_reproduces(bundle: str | os.PathLike[str], *, require: Rung | str = Rung.CLOSE, **options: Any) -> Report:
    """Replay a bundle, and fail unless it is reproduced at least as exactly as required, with every claim that was computed.

    Args:
        bundle: The bundle.
        require: The weakest rung that counts as reproduced.
        **options: Everything else that `reprobundle.replay` takes, such as ``env`` or ``data``.

    Returns:
        The report.

    Raises:
        UsageError: `reprobundle.replay` takes no option of such a name.
        AssertionError: The model or a claim was not reproduced, or nothing could be compared; the message has the verdict, the diagnosis
            and the place of the report.
        ReproBundleError: The replay itself could not be done; see `reprobundle.replay`.
    """
    done = replayed(bundle, {"require": require, **options})
    if not done.holds:
        raise AssertionError(done.failure)
    return done.report


@dataclass(frozen=True)
class Replayed:
    """A replay that was done, whatever it found.

    Attributes:
        report: What it found.
        folder: Where the report lies.
    """

    report: Report
    folder: Path

    @property
    def holds(self) -> bool:
        """Whether the command line would end with 0."""
        return self.report.verdict.exit_code == 0

    @property
    def failure(self) -> str:
        """Why it is no success, in a few lines: verdict, diagnosis, claims that are not met, where the report lies."""
        report = self.report
        lines = [
            f"{escape(report.bundle_name)}: {wording.headline(report.verdict)}",
            wording.beside_why(report),
            prose(report.diagnosis.paragraph) if report.diagnosis is not None else "",
            *(_unmet(line) for line in claims.unmet(report.claims)),
            f"report: {escape(self.folder / 'report.html', limit=LONGEST_PATH)}",
        ]
        return "\n".join(line for line in lines if line)


def _unmet(line: claims.Line) -> str:
    return f"claim {line.id}: claimed {line.claimed}, got {line.got}, {line.verdict}"


def replayed(bundle: str | os.PathLike[str], options: Mapping[str, Any]) -> Replayed:
    """Replay a bundle, and keep in mind where its report lies.

    Args:
        bundle: The bundle.
        options: What `reprobundle.replay` takes.

    Raises:
        UsageError: It takes no option of such a name.
        ReproBundleError: The replay could not be done; see `reprobundle.replay`.
    """
    _refuse_unknown(options)
    folder = Path(options.get("report") or reporting.default_folder(Path(bundle)))
    return Replayed(replay(bundle, **{**options, "report": folder}), folder)


def _refuse_unknown(options: Mapping[str, Any]) -> None:
    """Make sure that a replay takes each of these options: a misspelt one is found before anything is read."""
    for name in options:
        if name not in OPTIONS:
            near = get_close_matches(name, OPTIONS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the options are {some(OPTIONS, len(OPTIONS))}"
            raise UsageError(f"replay takes no option {name!r}", hint=hint)
