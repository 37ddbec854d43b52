"""What a check found, and how strong the agreement is.

A difference is data (`Finding`), never an exception; something that was not looked at is data too, with its reason.
"""

from __future__ import annotations

from typing import Literal

from reprobundle.records import Record
from reprobundle.report.diagnosis import Diagnosis, LayerDivergence, Trial
from reprobundle.report.finding import Finding, Grade, Status
from reprobundle.report.further import ClaimResult, Control, GroupResult
from reprobundle.report.outputs import Decisions, Histogram, OutputComparison, Rung
from reprobundle.report.verdict import Verdict

__all__ = [
    "ClaimResult",
    "Control",
    "Decisions",
    "Diagnosis",
    "Finding",
    "Grade",
    "GroupResult",
    "Histogram",
    "LayerDivergence",
    "OutputComparison",
    "ReplayedEnvironment",
    "Report",
    "Rung",
    "Signature",
    "StageTime",
    "Status",
    "Trial",
    "Verdict",
]

REPORT_SCHEMA: Literal[1] = 1

Signature = Literal["none", "not checked", "good"]


class StageTime(Record):
    """One step of the replay.

    Attributes:
        name: ``verify``, ``environment``, ``run``, ``compare``.
        seconds: Wall time, seconds.
        detail: What was done, in a few words.
    """

    name: str
    seconds: float
    detail: str


class ReplayedEnvironment(Record):
    """Where the model was run.

    Attributes:
        how: Rebuilt from the bundle's lock; from its portable lock; this program's own environment; or a Python that the
            reviewer named.
        python: Version of the interpreter that ran it.
        sandbox: ``bwrap``, or ``none``.
        packages: Number of distributions installed from the lock.
        vendored: How many of them were wheels of the bundle itself, which no index vouches for.
        cached: Whether an environment built earlier was used again.
        installer: ``uv`` or ``pip`` with its version, or None when nothing was installed.
        hashes: Whether every archive was checked against a hash in the lock.
        synced: Whether the Python's environment was made to agree with the lock before.
        overlaps: Which distributions bring a file of the same path, so that one of them has replaced the other's.
    """

    how: Literal["rebuild", "portable", "current", "python"]
    python: str
    sandbox: Literal["bwrap", "none"]
    packages: int
    vendored: int = 0
    cached: bool
    installer: str | None
    hashes: bool
    synced: bool = False
    overlaps: tuple[str, ...] = ()


class Report(Record):
    """All that a replay found out; the same document in every rendering.

    Attributes:
        signed_by: Whose signature was found good, in words; None where none was looked at.
    """

    report_schema: Literal[1] = REPORT_SCHEMA
    reprobundle: str
    bundle_id: str
    bundle_name: str
    signature: Signature = "none"
    started: str
    verdict: Verdict
    diagnosis: Diagnosis | None
    outputs: tuple[OutputComparison, ...]
    findings: tuple[Finding, ...]
    environment: ReplayedEnvironment | None
    stages: tuple[StageTime, ...]
    controls: tuple[Control, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
    signed_by: str | None = None
