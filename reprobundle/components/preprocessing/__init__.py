"""Preprocessing: its configuration, what turns raw samples into model inputs, and pairs of the two that prove it.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reprobundle.components.interface import Site, Source, Stage
from reprobundle.components.preprocessing.given import Preprocessing
from reprobundle.components.preprocessing.section import NAME, Described, Pairs, Samples, Section, Step
from reprobundle.report import Finding

if TYPE_CHECKING:
    from reprobundle.components.preprocessing.checking import Outcome

__all__ = [
    "NAME",
    "Described",
    "Pairs",
    "Preprocessing",
    "Samples",
    "Section",
    "Step",
    "capture",
    "check",
    "outcome",
]


def capture(source: Source, stage: Stage) -> Section:
    """Record the configuration and the steps, and apply the steps once to the raw samples."""
    from reprobundle.components.preprocessing.recording import record

    return record(source, stage)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """One finding for each tensor that the preprocessing makes of the raw samples."""
    from reprobundle.components.preprocessing.checking import findings

    yield from findings(section, site)


def outcome(section: Section, site: Site) -> Outcome:
    """Whether the preprocessing gives the recorded model inputs again."""
    from reprobundle.components.preprocessing.checking import outcome as told

    return told(section, site)
