"""The words on top of a report that is not bitwise: what differs, where first, most likely because of what, what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.diagnosing.candidates import Candidate
from reprobundle.diagnosing.diverging import Break, Divergence
from reprobundle.diagnosing.ranking import Cause
from reprobundle.phrases import counted, rounded
from reprobundle.report import Finding, LayerDivergence, Rung, Status

WRONG_WEIGHTS = (
    "The tensors after load are not the recorded ones ({}), so the outputs cannot be expected to agree: the weights file, the class "
    "that loads it, or a step after loading differs. Try: compare the tensors named with the source of the weights."
)
HIDDEN_WEIGHTS = (
    "The tensors after load are not the recorded ones. The outputs agree all the same, because the recorded inputs do not "
    "show the difference; others may. Try: compare the tensors named below with the source of the weights."
)
WRONG_PREPROCESSING = (
    "turns the recorded raw samples into other model inputs ({}): its code, its fitted parts, its configuration or a library that "
    "it uses differs. Look there before looking at the model."
)
FAILED_PREPROCESSING = (
    "could not be run on the recorded raw samples ({}), so what a raw sample comes to here is not known. Look at the error and the "
    "line it came from first."
)
EMPTY_PREPROCESSING = (
    "gives results that hold nothing to compare ({}), so what a raw sample comes to here is not known. Ask whoever made the bundle "
    "for raw samples whose results hold numbers."
)
OTHER_FILE = "it may not be the file that was captured"
ASK = "ask whoever made the bundle to capture it again"
NEAR = 1e-2  # of the size of what a module gives: beyond, no two machines part in one step


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that is known of outputs that are not bitwise, with right weights and right preprocessing.

    Attributes:
        rung: The rung over all outputs.
        reason: Why it is not bitwise.
        subject: How to name the bundle in a command.
        model: What the model is called: its class or factory as ``module:name``, or a name.
        weights: Whether weights were compared, and agree.
        whole_file: Whether the model's own file holds the computation, too.
        rebuilt: Whether the environment was made from the lock.
        divergence: What the modules gave; None where that is not known.
        why_not: Why it is not known.
        unsteady: Whether two runs here differ from each other.
        unsteady_there: How it was not steady at capture, in words; None where it was, or nobody looked.
        causes: Differences between the environments, the likeliest first.
        restoring: What gave the recorded outputs back.
        tried: How many settings were tried.
        unfinished: Whether the time was over before all was tried.
        wider: The vectors of the processor at capture, where this one has narrower ones.
        other_device: Whether the model ran on another kind of device than at capture.
    """

    rung: Rung
    reason: str | None
    subject: str
    model: str
    weights: bool
    whole_file: bool = False
    rebuilt: bool = True
    divergence: Divergence | None = None
    why_not: str | None = None
    unsteady: bool = False
    unsteady_there: str | None = None
    causes: Sequence[Cause] = ()
    restoring: Candidate | None = None
    tried: int = 0
    unfinished: bool = False
    wider: str | None = None
    other_device: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether all of it can be rounding."""
        return self.rung is Rung.CLOSE

    @property
    def broken(self) -> Break | None:
        """The first call that is not as recorded."""
        return None if self.divergence is None else self.divergence.broken


def of_computation(case: Case) -> str:
    """What differs, where first, most likely because of what, what to try."""
    parts = [_what(case), _where(case), _why(case), _try(case)]
    return " ".join(part for part in parts if part)


def of_weights(findings: Sequence[Finding]) -> str:
    """Which tensors are not the recorded ones, and where to look."""
    named = [finding.message for finding in findings if finding.status is Status.DIFFERS]
    return WRONG_WEIGHTS.format("; ".join(named))


def of_preparing(prepared: Outcome, rung: Rung, reason: str | None) -> str:
    """Where to look when raw samples do not become the recorded inputs, and what is known of the model all the same."""
    what = {"differs": WRONG_PREPROCESSING, "failed": FAILED_PREPROCESSING}.get(prepared.state, EMPTY_PREPROCESSING)
    if rung in {Rung.BITWISE, Rung.CLOSE}:
        model_words = f"The model itself is right: on the recorded inputs it gives the recorded outputs, {rung.value}."
    else:
        model_words = (
            f"On the recorded inputs, which do not pass through it, the model's outputs differ, too ({reason})."
        )
    return f"The preprocessing {what.format(prepared.reason)} {model_words}"


def name_of(one: LayerDivergence | Break) -> str:
    """A module as a person reads it: ``'encoder.norm' (LayerNorm)``."""
    return f"{one.module!r} ({one.kind})" if one.module else f"the model itself ({one.kind})"


def _what(case: Case) -> str:
    if case.is_numeric:
        agree = f"The outputs agree within the tolerance ({case.reason}): a numeric difference, and no sign of a fault."
        file = " The rest of the model's own file, computation included, was not compared." if case.whole_file else ""
        return agree + file
    if not case.weights:
        return f"The outputs differ ({case.reason}); no weights could be compared."
    what = "stored tensors that were compared" if case.whole_file else "weights after load"
    return f"The outputs differ ({case.reason}), though the {what} are the recorded ones."


def _where(case: Case) -> str:
    if case.divergence is None:
        return ""
    found = case.divergence
    if found.broken is not None:
        return _broken(found.broken, found)
    if found.unequal is not None:
        inside = "Every module stays inside its envelope"
        return f"{inside}; the first that is not equal bit for bit is {name_of(found.unequal)}."
    if found.inside is None:
        return ""
    if found.left_out:
        return "Every module that was recorded gives the recorded bits."
    return (
        f"Every module gives the recorded bits: the difference comes after the last of them, {name_of(found.inside)}."
    )


def _broken(broken: Break, found: Divergence) -> str:
    before = (
        "; " + f"up to {name_of(found.inside)} every module gives what was recorded" if found.inside is not None else ""
    )
    name = name_of(broken)
    if broken.change == "numbers":
        far = "" if found.size is None else f", by {rounded(100 * found.size)} % of its size"
        return f"It begins in {name}, which leaves its envelope first{far}{before}."
    how = {
        "nan": f"is {broken.found} here and was {broken.expected} at capture",
        "form": f"gives {broken.found} here and gave {broken.expected} at capture",
        "kind": f"is a {broken.found} here and was a {broken.expected} at capture",
        "gone": "is not called here, as it was at capture",
        "renamed": f"is not called here; {broken.found} is called in its place",
        "new": "is called here and was not at capture",
        "order": f"is not called where it was at capture; {broken.found!r} comes there" if broken.found else "comes elsewhere",
        "calls": f"is called {_times(broken.found)} here and was called {_times(broken.expected)} at capture"
        if broken.expected else "is called another number of times here than at capture",
    }[broken.change]  # fmt: skip
    return f"It begins in {name}: it {how}{before}."


def _times(count: str) -> str:
    return {"1": "once", "2": "twice"}.get(count, f"{count} times")


def _why(case: Case) -> str:
    if case.unsteady:
        return (
            "Two runs here, with everything as it was, differ from each other: the model itself is not deterministic."
        )
    if case.unsteady_there is not None and case.restoring is None:
        return f"At capture the model itself was found to be {case.unsteady_there}."
    if case.restoring is not None:
        words = _joined(case.restoring.words)
        return f"With {words} every output is equal bit for bit, so that is what it comes from."
    if case.other_device:
        return "The model ran on another kind of device than at capture, which adds up in its own order and precision."
    if case.broken is not None and case.broken.is_structural:
        return f"No machine does that: the source of the model, {case.model}, differs from what was captured."
    if not case.is_numeric and _is_of_source(case):
        return _of_source(case) + (f" Else because of {case.causes[0].words}." if case.causes else "")
    if case.causes:
        return f"Most likely because of {case.causes[0].words}." + _no_flag(case)
    if case.is_numeric:
        return (
            "Differences of this size come from the machine: CPU instructions, thread count, libraries, or device; see the environment."
            + _no_flag(case)
        )
    return _of_source(case) + _no_flag(case)


def _is_of_source(case: Case) -> bool:
    """Whether no rounding explains it: modules part in one step by more than any machine does, or agree throughout."""
    if case.divergence is None:
        return not any(cause.acts or cause.name == "torch" for cause in case.causes) and not case.causes
    size = case.divergence.size
    return case.divergence.broken is None or size is None or size > NEAR


def _of_source(case: Case) -> str:
    if case.whole_file:
        return (
            "The model's own file holds the computation too, with numbers that were not compared: "
            f"{OTHER_FILE}. Else the recorded outputs or the environment changed."
        )
    found = case.divergence
    if found is None:
        return "The computation itself or the recorded outputs changed."
    if found.broken is None:
        after = "" if found.inside is None else f" after {name_of(found.inside)}"
        return (
            f"Most likely the source of {case.model} does something else{after}, or the recorded outputs were changed."
        )
    between = "" if found.inside is None else f", or what the source does after {found.inside.module!r}"
    return (
        f"Most likely the options or numbers of {found.broken.module!r} in the source of {case.model} differ{between}."
    )


def _no_flag(case: Case) -> str:
    if case.wider is not None:
        return f" The processor at capture had {case.wider}; no flag gives this one wider vectors."
    if not case.tried:
        return ""
    rest = ", and there was no time for more" if case.unfinished else ""
    return f" No flag restores it: {counted(case.tried, 'setting')} {'was' if case.tried == 1 else 'were'} tried{rest}."


def _try(case: Case) -> str:
    if case.unsteady:
        return "Try another replay; if it goes on, ask whoever made the bundle for a deterministic one."
    if case.restoring is not None:
        command = case.restoring.command(case.subject)
        if command is not None:
            return f"Try: {command}"
        return f"Try, in the source, before the model runs: {'; '.join(case.restoring.statements)}"
    if not case.rebuilt and case.causes:
        return f"Try the recorded environment: reprobundle replay {case.subject} --env rebuild"
    if case.is_numeric:
        return ""
    if case.broken is not None:
        return f"Try: compare there the source under code/ with the original, or {ASK}."
    return f"Try: compare the source and the environment with the original, or {ASK}."


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
