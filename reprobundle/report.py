"""What a check found, and how strong the agreement is.

A difference is data (`Finding`), never an exception; something that was not looked at is data too, with its reason.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from reprobundle.records import Record

REPORT_SCHEMA: Literal[1] = 1

Signature = Literal["none", "not checked", "good"]


class Status(str, Enum):
    """What one check came to."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_RUN = "not run"
    NOTE = "note"


class Grade(str, Enum):
    """How much a difference can change a model's numbers, most first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Finding(Record):
    """One thing that was checked, or could not be, or should be known.

    Attributes:
        kind: The section it belongs to: ``environment``, ``code``, ``data``, …
        status: What the check came to.
        message: One line, without a full stop: what, where.
        expected: The recorded value as text, where there is one.
        found: The value met here as text, where there is one.
        hint: The way out.
        grade: For a difference between environments: how much it can change numbers.
        why: The reason for the grade, in a few words.
    """

    kind: str
    status: Status
    message: str
    expected: str | None = None
    found: str | None = None
    hint: str | None = None
    grade: Grade | None = None
    why: str | None = None


class Rung(str, Enum):
    """How exactly outputs were reproduced, strongest first; ``not run`` stands outside the ladder."""

    BITWISE = "bitwise"
    CLOSE = "close"
    SAME_DECISIONS = "same decisions"
    SAME_METRICS = "same metrics"
    DIFFERENT = "different"
    NOT_RUN = "not run"

    @property
    def strength(self) -> int:
        """Higher is stronger; ``not run`` is the weakest of all."""
        return len(Rung) - list(Rung).index(self)

    def reaches(self, required: Rung) -> bool:
        """Whether this rung is at least as strong as the one required."""
        return self.strength >= required.strength


class OutputComparison(Record):
    """One recorded output beside the one produced by the replay.

    Attributes:
        name: Path of the output in the nested structure, e.g. ``logits`` or ``hidden/0``.
        rung: The strongest rung it reached.
        dtype: The recorded dtype, in safetensors' spelling (``F32``).
        shape: The recorded shape.
        reason: In words, why the rung is not ``bitwise``; None when it is.
        count: Number of elements compared.
        outside: How many lie outside the tolerance.
        max_absolute: Largest absolute difference, in the output's own unit; None when none could be taken.
        max_relative: Largest difference divided by the recorded magnitude.
        max_ulp: Largest distance in units in the last place of the recorded dtype.
        relative_l2: Norm of the difference divided by the norm of the recorded output.
        worst: Index of the element that differs most.
        expected: The recorded value there, as text.
        found: The produced value there, as text.
        rtol: Relative tolerance that was applied.
        atol: Absolute tolerance that was applied, in the output's own unit.
    """

    name: str
    rung: Rung
    dtype: str
    shape: tuple[int, ...]
    reason: str | None = None
    count: int = 0
    outside: int = 0
    max_absolute: float | None = None
    max_relative: float | None = None
    max_ulp: int | None = None
    relative_l2: float | None = None
    worst: tuple[int, ...] | None = None
    expected: str | None = None
    found: str | None = None
    rtol: float | None = None
    atol: float | None = None


class Diagnosis(Record):
    """Why the outputs are not bitwise equal, as far as the chain of checks could tell.

    Attributes:
        stage: The first stage at which recorded and replayed part: ``weights``, ``preprocessing``, ``computation``.
        paragraph: Plain words: what differs, where first, most likely because, try this.
        evidence: One line a stage, in the order they were checked.
    """

    stage: Literal["weights", "preprocessing", "computation", "not run"]
    paragraph: str
    evidence: tuple[str, ...] = ()


class Verdict(Record):
    """The answer of a replay.

    Attributes:
        reproduced: Whether the rung reached is at least the one required, by the recorded model.
        rung: The weakest rung over all outputs.
        required: The rung the reviewer asked for.
        sentence: The verdict in one line.
        other_tensors: How many tensors of the model after load are not the recorded ones: with any, nothing is reproduced.
        preprocessing: Whether the recorded raw samples become the recorded model inputs again: ``agrees``, bitwise or close;
            ``differs``, ``failed`` or ``not compared`` (results are recorded, but hold nothing that can be compared), with which
            nothing is reproduced; ``none``: there is nothing that could be made again.
    """

    reproduced: bool
    rung: Rung
    required: Rung
    sentence: str
    other_tensors: int = 0
    preprocessing: Literal["none", "agrees", "differs", "failed", "not compared"] = "none"

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 reproduced, 1 differs, 3 could not be judged."""
        if self.reproduced:
            return 0
        if self.other_tensors or self.preprocessing == "differs":
            return 1
        unprepared = self.preprocessing in {"failed", "not compared"}
        unknown = self.rung is Rung.NOT_RUN or (unprepared and self.rung.reaches(self.required))
        return 3 if unknown else 1

    @property
    def is_prepared_otherwise(self) -> bool:
        """Whether the preprocessing comes first: the chain from raw sample to output breaks there, or is not known to hold."""
        right = self.rung is not Rung.NOT_RUN and self.rung.reaches(self.required) and not self.other_tensors
        return self.preprocessing in {"differs", "failed"} or (self.preprocessing == "not compared" and right)

    @property
    def is_another_model(self) -> bool:
        """Whether the outputs would do, but not the model that gave them."""
        return self.other_tensors > 0 and self.rung is not Rung.NOT_RUN and self.rung.reaches(self.required)


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
    """All that a replay found out; the same document in every rendering."""

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
