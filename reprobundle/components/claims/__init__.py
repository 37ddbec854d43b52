"""Claims: the numbers a person says the model reaches, each with what is needed to hold it against a computed one.

Reading a manifest needs the section alone; the rest is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobundle.components.claims.section import NAME, Claim, Section
from reprobundle.deferring import deferred

if TYPE_CHECKING:
    from reprobundle.components.claims.checking import Wanted, check, results, wanted
    from reprobundle.components.claims.contradicting import Contradiction, contradiction, contradictions
    from reprobundle.components.claims.counting import rows_of
    from reprobundle.components.claims.persons import remarks
    from reprobundle.components.claims.recording import capture
    from reprobundle.components.claims.settling import (
        differing,
        failure,
        leave_awaited,
        note_awaited,
        settle,
        with_results,
    )

__all__ = [
    "NAME",
    "Claim",
    "Contradiction",
    "Section",
    "Wanted",
    "capture",
    "check",
    "contradiction",
    "contradictions",
    "differing",
    "failure",
    "leave_awaited",
    "note_awaited",
    "remarks",
    "results",
    "rows_of",
    "settle",
    "wanted",
    "with_results",
]

__getattr__ = deferred(
    __name__,
    {
        "Contradiction": "contradicting",
        "Wanted": "checking",
        "capture": "recording",
        "check": "checking",
        "contradiction": "contradicting",
        "contradictions": "contradicting",
        "differing": "settling",
        "failure": "settling",
        "leave_awaited": "settling",
        "note_awaited": "settling",
        "remarks": "persons",
        "results": "checking",
        "rows_of": "counting",
        "settle": "settling",
        "wanted": "checking",
        "with_results": "settling",
    },
)
