"""What a report says, in words: the same in a terminal and on a page, every text already escaped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from reprobundle.components.claims.section import NAME as CLAIMS
from reprobundle.components.data.section import NAME as DATA
from reprobundle.components.environment.section import LockFacts
from reprobundle.components.outputs import NAME as OUTPUTS
from reprobundle.phrases import counted, some
from reprobundle.rendering import differences
from reprobundle.rendering.escaping import escape, prose
from reprobundle.rendering.outputs import MEANINGS
from reprobundle.rendering.page import unsaid
from reprobundle.report import (
    Finding,
    ReplayedEnvironment,
    Report,
    Rung,
    StageTime,
    Status,
    Verdict,
)

ORDER = (Status.DIFFERS, Status.NOT_RUN, Status.NOTE, Status.SAME)
ASIDES = frozenset({"documentation", "hyperparameters"})
NAMED = frozenset({DATA})  # kinds of which a reviewer asked for each answer
MINUTE = 60.0
SHOWN_OPTIONS = 3
UNTOLD = "why is not known"
LONGEST_HEADLINE = 100  # characters: what is said of the preprocessing beyond stands below
LOOSENED = "by a tolerance wider than the default"
NARROWED = "by your own tolerance, NARROWER than the default"
UNKNOWN = "neither that the outputs agree nor that they differ is known"

_ASKS_FOR_DATA = re.compile(r"--data .*=PATH")
_BY = re.compile(r" \((by [^()]*)\)")  # a tolerance that is wider than the default
_CLAUSES = re.compile(
    r"^[^:]*(?=: )|[;,] "
)  # what the preprocessing did ends with the first colon; the others stand in names
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
    """The verdict in capitals with the rung, such as ``REPRODUCED, bitwise``, and what must not be overlooked beside it."""
    if verdict.reproduced:
        beside = "; ".join(part for part in (_by(verdict), verdict.caveat) if part)
        told = f"REPRODUCED, {verdict.rung.value}" + (f" ({beside})" if beside else "")
        return f"MODEL {told}; {_claims(verdict)}" if verdict.other_claims or verdict.failed_claims else told
    if verdict.could_not_be_told:
        return f"COULD NOT BE TOLD: {_untold(verdict)[0]}"
    return f"NOT REPRODUCED{_failure(verdict)}"


def _failure(verdict: Verdict) -> str:
    if verdict.accusation is not None:
        return f": {verdict.accusation}"
    if verdict.is_prepared_otherwise:
        return f": {_prepared(verdict, 'NOT REPRODUCED: ')[0]}"
    if verdict.is_another_model:
        return ": " + prose(verdict.sentence).removeprefix("not reproduced: ")
    if verdict.other_tensors:
        verb = "is not the recorded one" if verdict.other_tensors == 1 else "are not the recorded ones"
        return f": {counted(verdict.other_tensors, 'tensor')} {verb}"
    if verdict.rung is Rung.NOT_RUN:
        return ": the outputs could not be compared"
    if verdict.rung is Rung.DIFFERENT:
        return ": the outputs differ"
    return f" as exactly as required: {verdict.rung.value}, required {verdict.required.value}"


def _untold(verdict: Verdict) -> tuple[str, str]:
    """What nothing can be said of, and why, or what is known besides."""
    if verdict.is_prepared_otherwise:
        return _prepared(verdict, "COULD NOT BE TOLD: ")
    what, _, why = prose(verdict.sentence).removeprefix("could not be told: ").partition(": ")
    return what, why or UNKNOWN


def _claims(verdict: Verdict) -> str:
    """How many numbers of the paper are not those that were computed here."""
    other, failed = verdict.other_claims, verdict.failed_claims
    told = [f"{counted(other, 'CLAIM', 'CLAIMS')} {'DIFFERS' if other == 1 else 'DIFFER'}"] if other else []
    if verdict.other_data:
        told[0] += " (ON DATA THAT IS NOT THE RECORDED)"
    if failed:
        told.append(f"{failed if other else counted(failed, 'CLAIM', 'CLAIMS')} COULD NOT BE COMPUTED")
    return ", ".join(told)


def _by(verdict: Verdict) -> str:
    """By which tolerance outputs count as close, where it is wider than the default; else empty."""
    found = _BY.search(prose(verdict.sentence)) if verdict.loosened else None
    return found[1] if found else LOOSENED if verdict.loosened else ""


def tone(verdict: Verdict) -> Literal["good", "bad", "open"]:
    """The colour of a verdict by name: good only where nothing is left to be explained."""
    if verdict.other_claims:
        return "bad"
    if verdict.reproduced:
        return "open" if verdict.failed_claims or verdict.caveat else "good"
    return "open" if verdict.could_not_be_told else "bad"


def explanation(verdict: Verdict) -> str:
    """What the verdict's sentence says beyond the headline, or the meaning of the rung where it says no more."""
    if verdict.accusation is not None:
        return prose(verdict.sentence).removeprefix("not reproduced: ").removeprefix(f"{verdict.accusation}: ")
    if verdict.could_not_be_told:
        return _untold(verdict)[1]
    if verdict.is_prepared_otherwise:
        return _prepared(verdict, "NOT REPRODUCED: ")[1]
    if verdict.is_another_model:
        return "a model with other weights is another model, also where these inputs do not show it"
    sentence = prose(verdict.sentence)
    if verdict.other_tensors:
        return sentence.partition("; ")[2] or sentence
    return _rest(verdict, sentence)


def _rest(verdict: Verdict, sentence: str) -> str:
    """What stands in a sentence about the outputs beside what the headline has."""
    if verdict.caveat is not None:
        sentence, found, why = sentence.rpartition(f"; {verdict.caveat}")
        sentence, why = (sentence, why.removeprefix(" (").removesuffix(")")) if found else (why, "")
        told = _plain(verdict, sentence)
        return "; ".join(part for part in (told, why) if part)
    return _plain(verdict, sentence)


def _plain(verdict: Verdict, sentence: str) -> str:
    """The same without a caveat."""
    for start in (
        "model ",
        f"reproduced, {verdict.rung.value}",
        f"not reproduced: {verdict.rung.value}",
        "not reproduced: ",
    ):
        sentence = sentence.removeprefix(start)
    if verdict.loosened and verdict.reproduced:
        sentence = _BY.sub("", sentence, count=1)
    return sentence.lstrip(":; ") or MEANINGS.get(verdict.rung, "")


def beside_why(report: Report) -> str:
    """The explanation of a report's verdict, without what `remarks` has; empty where the paragraph on why says the same."""
    sentence = report.verdict.sentence
    for remark in _remarks(report):
        sentence = sentence.replace(f"; {remark}", "", 1)
    told = explanation(report.verdict.model_copy(update={"sentence": sentence}))
    return told if report.diagnosis is None else unsaid(told, prose(report.diagnosis.paragraph))


def remarks(report: Report) -> tuple[str, ...]:
    """What is to be said of controls that came out as they should, one line each; a verdict's sentence ends with it."""
    return tuple(prose(remark) for remark in _remarks(report))


def _remarks(report: Report) -> tuple[str, ...]:
    return tuple(one.why for one in report.controls if one.outcome == "as expected" and one.why)


def idle_claims(report: Report) -> str:
    """How many claims nothing was computed for, and why not, in one line; empty where there are none, or no outputs either."""
    groups: dict[str, list[str]] = {}  # options that are missing, by reason; a blank one for each claim that needs none
    for claim in report.claims:
        if claim.verdict == "not run" and report.verdict.rung is not Rung.NOT_RUN:
            option = _ASKS_FOR_DATA.search(claim.why or "")
            why = "no data was given" if option else prose(claim.why or UNTOLD)
            groups.setdefault(why, []).append(escape(option[0]) if option else "")
    return "; ".join(_idle(why, options) for why, options in groups.items())


def is_told_idle(why: str, said: str) -> bool:
    """Whether what an idle claim needs stands in what was said before, in the words of `idle_claims`."""
    option = _ASKS_FOR_DATA.search(why)
    return option is not None and option[0] in said


def _idle(why: str, options: Sequence[str]) -> str:
    asked = some(sorted({option for option in options if option}), SHOWN_OPTIONS)
    return f"{counted(len(options), 'claim')} not run: {why}" + (f" ({asked})" if asked else "")


def _prepared(verdict: Verdict, start: str) -> tuple[str, str]:
    """What a verdict says of the preprocessing as far as it fits behind the start of a headline, and all the rest."""
    told, rest = _parted(verdict)
    room = LONGEST_HEADLINE - len(start)
    if len(told) > room:
        ends = [match.start() or match.end() for match in _CLAUSES.finditer(told)]
        end = max((end for end in ends if end <= room), default=len(told))
        told, rest = told[:end], "; ".join(part for part in (told[end:].lstrip(":;, "), rest) if part)
    return told, rest


def _parted(verdict: Verdict) -> tuple[str, str]:
    """What a verdict says of the preprocessing, and what of the model."""
    sentence = prose(verdict.sentence).removeprefix("not reproduced: ").removeprefix("could not be told: ")
    told, *rest = _OF_THE_MODEL.split(sentence, maxsplit=1)
    return told, "; ".join(rest)


def required(report: Report) -> str:
    """What the reviewer asked for: nothing is better than ``bitwise``; and a tolerance of theirs that lets less through."""
    asked = report.verdict.required
    words = asked.value if asked is Rung.BITWISE else f"{asked.value} or better"
    return words + (f", {NARROWED}" if any(output.narrowed for output in report.outputs) else "")


def integrity(report: Report) -> str:
    """What the digests and the signature prove, in the words used on every screen."""
    if report.signed_by is not None:
        return f"intact, signed, signature good: of {escape(report.signed_by)}"
    return {
        "none": "intact, UNSIGNED (nothing proves who made it)",
        "not checked": "intact, SIGNED, NOT CHECKED (nothing proves who made it: give --key)",
        "good": "intact, signed",
    }[report.signature]


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


def checks(report: Report) -> tuple[Finding, ...]:
    """The findings that no table of the report has: not the claims, and not the outputs that were compared."""
    told = {kind for kind, there in ((CLAIMS, report.claims), (OUTPUTS, report.outputs)) if there}
    return tuple(item for item in report.findings if item.kind not in told)


def is_aside(finding: Finding) -> bool:
    """Whether a reader of the first screen can leave a note to the page: nothing that they could do anything about."""
    if finding.status is not Status.NOTE or (finding.hint and finding.kind not in ASIDES):
        return False
    return finding.kind in {*ASIDES, differences.ENVIRONMENT}


def ending(verdict: Verdict) -> str:
    """What the command line ends with, and why in a few words."""
    code = verdict.exit_code
    if code == 0:
        return "0: reproduced"
    if verdict.reproduced and code == 1:
        return f"1: {counted(verdict.other_claims, 'claim')} {'differs' if verdict.other_claims == 1 else 'differ'}"
    return "1: not reproduced" if code == 1 else "3: could not be told"


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
