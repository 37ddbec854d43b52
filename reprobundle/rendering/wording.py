"""What a report says, in words: the same in a terminal and on a page, every text already escaped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reprobundle.components.data.section import NAME as DATA
from reprobundle.components.environment.section import LockFacts
from reprobundle.phrases import counted
from reprobundle.rendering import differences
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.outputs import MEANINGS
from reprobundle.report import (
    Finding,
    ReplayedEnvironment,
    Report,
    Rung,
    Signature,
    StageTime,
    Status,
    Verdict,
)

ORDER = (Status.DIFFERS, Status.NOT_RUN, Status.NOTE, Status.SAME)
NAMED = frozenset({DATA})  # kinds of which a reviewer asked for each answer
MINUTE = 60.0
LOOSENED = "by a tolerance wider than the default"
UNTRUSTED = {
    "insensitive": "insensitive, the model does not compute its outputs",
    "jumps": "the model's outputs jump beside the recorded inputs",
    "unexpected": "your own inputs did not give what you expected",
}

_BY = re.compile(r" \((by [^()]*)\)")  # a tolerance that is wider than the default
_OF_THE_MODEL = re.compile(r"; (?=of the model itself: |the (?:outputs of the )?model itself )")


@dataclass(frozen=True)
class FoundLine:
    """A finding, ready to be shown.

    Attributes:
        status: Its status.
        kind: The section it belongs to.
        text: Message with the recorded and the found value.
        hint: The way out, or None.
    """

    status: Status
    kind: str
    text: str
    hint: str | None


def headline(verdict: Verdict) -> str:
    """The verdict in capitals with the rung, such as ``REPRODUCED, bitwise``."""
    if verdict.reproduced:
        wide = f" ({_by(verdict)})" if verdict.loosened else ""
        return f"REPRODUCED, {verdict.rung.value}{wide}{_claims(verdict)}"
    return f"NOT REPRODUCED{_failure(verdict)}"


def _failure(verdict: Verdict) -> str:
    if verdict.controls in UNTRUSTED:
        return f": {UNTRUSTED[verdict.controls]}"
    if verdict.is_prepared_otherwise:
        return f": {_parted(verdict)[0]}"
    if verdict.is_another_model:
        return ": " + prose(verdict.sentence).removeprefix("not reproduced: ")
    if verdict.rung is Rung.NOT_RUN:
        return ": the outputs could not be compared"
    if verdict.other_tensors:
        verb = "is not the recorded one" if verdict.other_tensors == 1 else "are not the recorded ones"
        return f": {counted(verdict.other_tensors, 'tensor')} {verb}"
    if verdict.rung is Rung.DIFFERENT:
        return ": the outputs differ"
    if verdict.rung.reaches(verdict.required) and verdict.other_claims:
        return f": {counted(verdict.other_claims, 'claim')} came to another number"
    return f" as exactly as required: {verdict.rung.value}, required {verdict.required.value}"


def _claims(verdict: Verdict) -> str:
    """What must not be overlooked of the claims beside outputs that are reproduced."""
    if verdict.other_claims:
        return f", BUT {counted(verdict.other_claims, 'claim')} came to another number"
    return f", BUT {counted(verdict.failed_claims, 'claim')} could not be computed" if verdict.failed_claims else ""


def _by(verdict: Verdict) -> str:
    """By which tolerance outputs count as close."""
    found = _BY.search(prose(verdict.sentence))
    return found[1] if found else LOOSENED


def tone(verdict: Verdict) -> Literal["good", "bad", "open"]:
    """The colour of a verdict by name: good only where nothing is left to be explained."""
    if verdict.reproduced:
        unexplained = verdict.other_claims or verdict.failed_claims or verdict.controls in {"unsteady", "drawn"}
        return "open" if unexplained else "good"
    return "open" if verdict.rung is Rung.NOT_RUN else "bad"


def explanation(verdict: Verdict) -> str:
    """What the verdict's sentence says beyond the headline, or the meaning of the rung where it says no more."""
    if verdict.controls in UNTRUSTED:
        return prose(verdict.sentence).removeprefix("not reproduced: ").removeprefix(f"{verdict.controls}: ")
    if verdict.is_prepared_otherwise:
        return _parted(verdict)[1]
    if verdict.is_another_model:
        return "a model with other weights is another model, also where these inputs do not show it"
    sentence = prose(verdict.sentence)
    if verdict.other_tensors:
        return sentence.partition("; ")[2] or sentence
    for start in (f"reproduced, {verdict.rung.value}", f"not reproduced: {verdict.rung.value}", "not reproduced: "):
        sentence = sentence.removeprefix(start)
    if verdict.loosened and verdict.reproduced:
        sentence = _BY.sub("", sentence, count=1)
    return sentence.lstrip(":; ") or MEANINGS.get(verdict.rung, "")


def _parted(verdict: Verdict) -> tuple[str, str]:
    """What a verdict says of the preprocessing, and what of the model."""
    sentence = prose(verdict.sentence).removeprefix("not reproduced: ")
    told, *rest = _OF_THE_MODEL.split(sentence, maxsplit=1)
    return told, "; ".join(rest)


def integrity(signature: Signature) -> str:
    """What the digests and the signature prove, in the words used on every screen."""
    return {
        "none": "intact, UNSIGNED (nothing proves who made it)",
        "not checked": "intact, signature NOT CHECKED (nothing proves who made it)",
        "good": "intact, signed",
    }[signature]


def environment_lines(environment: ReplayedEnvironment | None) -> tuple[str, ...]:
    """Where the model was run: how it was made, then interpreter and sandbox."""
    if environment is None:
        return ("none: the model was not run",)
    inside = "inside bubblewrap, without network" if environment.sandbox == "bwrap" else "WITHOUT a sandbox"
    return _made(environment), f"Python {escape(environment.python)}, {inside}"


def _made(environment: ReplayedEnvironment) -> str:
    if environment.how == "current":
        return "an existing interpreter, NOT rebuilt from the lock"
    if environment.how == "python" and environment.synced:
        return "the Python that was named, made to agree with the lock before, by pip-sync"
    if environment.how == "python":
        return "the Python that was named, NOT rebuilt from the lock"
    checked = "every hash checked" if environment.hashes else "hashes NOT checked"
    by = f", by {escape(environment.installer)}" if environment.installer else ""
    again = ", from the cache" if environment.cached else ""
    lock = "the lock for other platforms, NOT the exact one" if environment.how == "portable" else "the lock"
    return f"rebuilt from {lock}: {counted(environment.packages, 'package')}{_own(environment)}, {checked}{by}{again}"


def _own(environment: ReplayedEnvironment) -> str:
    """How many packages no index had to vouch for."""
    if environment.vendored == 0:
        return ""
    if environment.packages == 1:
        return " from the bundle itself"
    return f", {environment.vendored:,} of them from the bundle itself"


def found_lines(findings: Iterable[Finding]) -> tuple[FoundLine, ...]:
    """The findings that matter, what differs first; those that agree are left to `agreeing`, graded ones to their table.

    A reviewer who gave a copy of their data wants its answer by name, also where it agrees.
    """
    shown = [item for item in findings if not _is_only_counted(item) and not differences.is_graded(item)]
    shown.sort(key=lambda finding: ORDER.index(finding.status))
    return tuple(
        FoundLine(item.status, escape(item.kind), finding_text(item), prose(item.hint) if item.hint else None)
        for item in shown
    )


def _is_only_counted(finding: Finding) -> bool:
    return finding.status is Status.SAME and finding.kind not in NAMED


def finding_text(finding: Finding) -> str:
    """Message and values of a finding on one line."""
    values = [
        f"{word} {escape(value)}"
        for word, value in (("expected", finding.expected), ("found", finding.found))
        if value is not None
    ]
    return prose(finding.message) + (": " + ", ".join(values) if values else "")


def agreeing(findings: Sequence[Finding]) -> str | None:
    """How many checks agree that are not told one by one, by kind; None when there were none."""
    kinds = Counter(finding.kind for finding in findings if _is_only_counted(finding))
    if not kinds:
        return None
    total = sum(kinds.values())
    by_kind = ", ".join(f"{escape(kind)} {count}" for kind, count in kinds.items())
    named = any(finding.status is Status.SAME and finding.kind in NAMED for finding in findings)
    checks = counted(total, "other check" if named else "check")
    return f"{checks} {'agrees' if total == 1 else 'agree'} ({by_kind})"


def times(stages: Sequence[StageTime]) -> str:
    """How long the replay took, and each of its stages."""
    total = sum(stage.seconds for stage in stages)
    return f"{seconds(total)} in all: " + ", ".join(f"{escape(item.name)} {seconds(item.seconds)}" for item in stages)


def seconds(value: float) -> str:
    """A duration as a person says it."""
    if value >= MINUTE:
        return f"{int(value // MINUTE)} min {value % MINUTE:.0f} s"
    return f"{value:.1f} s"


def proof_words(status: str, why: str | None) -> str:
    """What the reload before the seal came to."""
    reason = f": {prose(why)}" if why else ""
    if status in {"bitwise", "close"}:
        return f"proven at capture, {status}: a fresh process reloaded it and gave the same outputs"
    return f"UNPROVEN, the reload at capture {'failed' if status == 'failed' else 'was not run'}{reason}"


def lock_words(lock: LockFacts | None) -> str:
    """Whether what a replay installs can be told from anything else of the same name and version."""
    if lock is None:
        return "NONE: nothing that was installed could be pinned, so no environment can be rebuilt"
    if lock.hashes == "complete":
        return "every pin with the hashes of its archives"
    reason = f": {prose(lock.why)}" if lock.why else ""
    return f"WITHOUT HASHES{reason}; reprobundle lock BUNDLE adds them"


def bundle_line(report: Report) -> str:
    """The bundle by name and id."""
    return f"{escape(report.bundle_name)}  {escape(report.bundle_id)}"
