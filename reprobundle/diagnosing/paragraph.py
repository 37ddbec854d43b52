"""The words on top of a report that is not bitwise: what differs, where first, most likely because of what, what to try."""

from __future__ import annotations

from collections.abc import Sequence

from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.diagnosing import proposing
from reprobundle.diagnosing.candidates import Candidate, joined
from reprobundle.diagnosing.case import NEAR, Case
from reprobundle.diagnosing.diverging import Break, Divergence, name_of
from reprobundle.phrases import rounded, some
from reprobundle.report import Finding, Rung, Status

ASK = "ask whoever made the bundle to capture it again"
WRONG_WEIGHTS = (
    "The weights that were loaded are not the recorded ones ({}), so the outputs cannot be expected to agree: the weights file, the "
    "class that loads it, or a step after loading differs. Try: compare the tensors named with the source of the weights."
)
UNFIT = (
    "The weights file, or the class that it is loaded into, is not the captured one. Try: compare both with the original, or "
    f"{ASK}."
)
HIDDEN_WEIGHTS = (
    "The weights that were loaded are not the recorded ones. The outputs agree all the same, because the recorded inputs do not "
    "show the difference; others may. Try: compare the tensors named below with the source of the weights."
)
WRONG_PREPROCESSING = (
    "turns the recorded raw samples into other model inputs: its code, its fitted parts, its configuration or a library that it uses "
    "differs. Try: compare these with the original before looking at the model."
)
FAILED_PREPROCESSING = (
    "could not be run on the recorded raw samples, so what a raw sample comes to here is not known. Try: look at its error, and the "
    "line it came from, first."
)
EMPTY_PREPROCESSING = (
    "gives results that hold nothing to compare, so what a raw sample comes to here is not known. Try: ask whoever made the bundle "
    "for raw samples whose results hold numbers."
)
OTHER_FILE = "it may not be the file that was captured"


def of_computation(case: Case) -> str:
    """What differs, where first, most likely because of what, what to try."""
    parts = [_what(case), _where(case), _why(case), _try(case)]
    return " ".join(part for part in parts if part)


def of_weights(findings: Sequence[Finding]) -> str:
    """Which tensors are not the recorded ones, and where to look."""
    named = [finding.message for finding in findings if finding.status is Status.DIFFERS]
    return WRONG_WEIGHTS.format("; ".join(named))


def of_preparing(prepared: Outcome, rung: Rung) -> str:
    """Where to look when raw samples do not become the recorded inputs, and what is known of the model all the same."""
    what = {"differs": WRONG_PREPROCESSING, "failed": FAILED_PREPROCESSING}.get(prepared.state, EMPTY_PREPROCESSING)
    if rung in {Rung.BITWISE, Rung.CLOSE}:
        model_words = f"The model itself is right: on the recorded inputs it gives the recorded outputs, {rung.value}."
    else:
        model_words = "On the recorded inputs, which do not pass through it, the model's outputs differ, too."
    told, _, try_ = what.partition(" Try: ")
    return f"The preprocessing {told} {model_words} Try: {try_}"


def _what(case: Case) -> str:
    if case.is_numeric and case.seen.is_ended:
        return "The outputs agree within the tolerance, but not bit for bit."
    if case.is_numeric:
        agree = "The outputs agree within the tolerance: a numeric difference, and no sign of a fault."
        file = " The rest of the model's own file, computation included, was not compared." if case.whole_file else ""
        return agree + file
    if case.rung is Rung.CLOSE:
        return "The outputs agree within the tolerance that was given, but differ by more than rounding does."
    if not case.weights:
        return "The outputs differ; no weights could be compared."
    what = "stored tensors that were compared" if case.whole_file else "weights after load"
    return f"The outputs differ, though the {what} are the recorded ones."


def _where(case: Case) -> str:
    found = case.divergence
    if found is None:
        return ""
    if found.broken is not None:
        return _broken(found.broken, found)
    if found.unequal is not None:
        where = name_of(found.unequal)
        return f"Every module gives nearly what was recorded; the first that is not equal bit for bit is {where}."
    if found.inside is None:
        return ""
    if found.left_out:
        return "Every module that was recorded gives the recorded bits."
    return "Every module gives the recorded bits; only the outputs do not."


def _broken(broken: Break, found: Divergence) -> str:
    before = ""
    if found.inside is not None:
        before = f"; up to {name_of(found.inside)} every module gives what was recorded"
    name = name_of(broken)
    if broken.change == "numbers":
        return f"It begins in {name}, whose results are {_off(found.size)}{before}."
    how = {
        "nan": f"is {broken.found} here and was {broken.expected} at capture",
        "form": f"gives {broken.found} here and gave {broken.expected} at capture",
        "kind": f"is of class {broken.found} here and was of class {broken.expected} at capture",
        "gone": "is not called here, as it was at capture",
        "renamed": f"is not called here; {broken.found} is called in its place",
        "new": "is called here and was not at capture",
        "order": f"is not called where it was at capture; {broken.found!r} comes there" if broken.found else "comes elsewhere",
        "calls": f"is called {_times(broken.found)} here and was called {_times(broken.expected)} at capture"
        if broken.expected else "is called another number of times here than at capture",
    }[broken.change]  # fmt: skip
    return f"It begins in {name}: it {how}{before}."


def _off(size: float | None) -> str:
    """How far results are from the recorded ones."""
    if size is None:
        return "others"
    return f"{rounded(100 * size)} % off" if size < 1 else f"off by {rounded(size)} times their size"


def _times(count: str) -> str:
    return {"1": "once", "2": "twice"}.get(count, f"{count} times")


def _why(case: Case) -> str:
    broken = case.broken
    if case.seen.unsteady:
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
    if broken is not None and broken.is_structural:
        return f"No machine does that: the source of the model, {case.model}, differs from what was captured."
    if _may_be_untried(case):
        return f"Most likely because of {_differing(case.untried)}."
    if case.seen.is_ended or (not case.is_numeric and _is_of_source(case)):
        return _of_source(case) + _else(case)
    if case.causes:
        return f"Most likely because of {case.causes[0].words}." + _no_setting(case)
    if case.is_numeric:
        return (
            "Differences of this size come from the machine: CPU instructions, thread count, libraries, or device; see the environment."
            + _no_setting(case)
        )
    return _of_source(case) + _no_setting(case)


def _may_be_untried(case: Case) -> bool:
    """Whether a variable that was not tried is likelier than the source: not where numbers jump by more than it moves them."""
    found = case.divergence
    if not case.untried or case.other_device:
        return False
    if (
        case.is_numeric or found is None or found.broken is None or found.is_sudden
    ):  # of a jump only what is coarse is left
        return True
    return found.size is not None and found.size <= NEAR


def _differing(untried: Sequence[Candidate]) -> str:
    """The variables that are set otherwise here."""
    first, *rest = untried
    others = some([", ".join([*one.variables, *one.without]) for one in rest])
    too = f"; {others} {'differs' if len(rest) == 1 else 'differ'}, too" if rest else ""
    return f"{', '.join([*first.variables, *first.without])}: {first.why}{too}"


def _is_of_source(case: Case) -> bool:
    """Whether no rounding explains it: modules part in one step by more than any machine does, or agree throughout."""
    found = case.divergence
    if found is None:
        return not case.causes
    return found.broken is None or found.is_sudden or found.size is None or found.size > NEAR


def _of_source(case: Case) -> str:
    found = case.divergence
    if case.whole_file:
        return (
            "The model's own file holds the computation too, with numbers that were not compared: "
            f"{OTHER_FILE}. Else the recorded outputs or the environment changed."
        )
    if found is None:
        return "The computation itself or the recorded outputs changed."
    if found.broken is None:
        return _of_ending(case)
    name = found.broken.module
    start = f"Most likely the source of {case.model} makes or calls {name!r} in another way"
    if found.inside is None:
        return f"{start}."
    return f"{start}, or does something else between {found.inside.module!r} and {name!r}."


def _of_ending(case: Case) -> str:
    """Of modules that are all as recorded, and outputs that are not."""
    ending, found = case.seen.ending, case.divergence
    if ending is not None and ending.change == "added":
        as_it_was = f"At capture output {ending.output!r} was exactly what {name_of(ending.call)} gave"
        return f"{as_it_was}; here the source of {case.model} changes it afterwards."
    if ending is not None:
        as_it_is = (
            f"Here output {ending.output!r} is exactly what {name_of(ending.call)} gives, and at capture it was not"
        )
        return f"{as_it_is}: the source of {case.model} lacks a last step, or the recorded output is not what this model gave."
    last = "" if found is None or found.inside is None else f", {name_of(found.inside)},"
    return (
        f"The recorded outputs are not what this model gives, or what the source of {case.model} does after the last "
        f"module{last} differs."
    )


def _else(case: Case) -> str:
    """The likeliest difference of the environment, where it may be that all the same."""
    of_packages = [cause for cause in case.causes if not cause.is_left_by_a_rebuild]
    return f" Else because of {of_packages[0].words}." if of_packages and not case.seen.is_ended else ""


def _no_setting(case: Case) -> str:
    if case.wider is not None:
        return f" The processor at capture had {case.wider}; no setting gives this one wider vectors."
    if not case.tried:
        return ""
    rest = ", and there was no time for more" if case.unfinished else ""
    if case.tried == 1:
        return f" The one setting that was tried does not restore them{rest}."
    return f" None of the {case.tried} settings that were tried restores them{rest}."


def _try(case: Case) -> str:
    if case.seen.unsteady:
        return "Try another replay; if it goes on, ask whoever made the bundle for a deterministic one."
    command = _command(case)
    if command is not None:
        return command
    if not case.rebuilt and _may_be_of_packages(case):
        return f"Try the recorded environment: {proposing.in_recorded_environment(case.typed)}"
    if case.broken is not None and not case.is_numeric:
        return f"Try: compare that place of the source, under code/, with the original, or {ASK}."
    if case.seen.is_ended and not case.whole_file:
        return f"Try: compare the end of the source's computation, under code/, with the original, or {ASK}."
    return "" if case.is_numeric else f"Try: compare the source and the environment with the original, or {ASK}."


def _may_be_of_packages(case: Case) -> bool:
    """Whether the recorded packages may give the recorded outputs."""
    if case.seen.is_ended or case.is_sudden:
        return False
    return not all(cause.is_left_by_a_rebuild for cause in case.causes)


def _command(case: Case) -> str | None:
    """What restores the recorded outputs, or is likely to, as it is typed."""
    if case.restoring is None and not _may_be_untried(case):
        return None
    proposed = case.restoring or joined(case.untried, "")
    command = proposed.command(case.typed)
    if command is not None:
        return f"Try: {command}"
    return f"Try, in the source, before the model runs: {'; '.join(proposed.statements)}"


def _joined(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
