"""Comparing what the worker made of the raw samples with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reprobundle import tensors
from reprobundle.components.interface import Site, differs, not_run, same
from reprobundle.components.preprocessing import chaining
from reprobundle.components.preprocessing.section import NAME, Section
from reprobundle.report import Finding, OutputComparison, Rung
from reprobundle.store import inside

OTHER_NESTING = "preprocessed: the nesting or a plain value of the result differs from the record"
NOT_RUN = "the worker did not run the function"
NO_NAME = "the function has no name by which it can be found again"
NO_PAIRS = "no pairs of raw samples and model inputs are recorded"


@dataclass(frozen=True)
class Outcome:
    """What a replay of the preprocessing came to.

    Attributes:
        state: ``none``: there is nothing that could be made again; ``agrees``, bitwise or close; ``differs``; ``failed``: it was
            not run to its end; ``not compared``: it is recorded, but its results hold nothing that can be compared.
        reason: Why it does not agree, in words; None where it does, and where nothing is recorded.
    """

    state: Literal["none", "agrees", "differs", "failed", "not compared"]
    reason: str | None = None


def compare(section: Section, site: Site) -> tuple[OutputComparison, ...]:
    """Compare every recorded result with what the worker produced; empty when there is nothing to compare.

    NaN is a value here: data lacks some, and a model may well take them.
    """
    from reprobundle import comparison

    if section.pairs is None or site.answer is None or site.answer.transformed is None:
        return ()
    recorded = tensors.read_arrays(inside(site.root, section.pairs.expected.file))
    produced = site.answer.transformed
    compared = [
        comparison.compare(name, array, produced.get(name), nan_is_a_value=True) for name, array in recorded.items()
    ]
    return (*compared, *(comparison.unexpected(name, produced[name]) for name in produced if name not in recorded))


def findings(section: Section, site: Site) -> Iterator[Finding]:
    """One finding for each tensor that the preprocessing makes of the raw samples."""
    reason = _why_not(section, site)
    if reason is not None:
        yield not_run(NAME, f"preprocessing was not compared: {reason}", hint=_where(site))
        return
    compared = compare(section, site)
    if _nests_otherwise(section, site):
        yield differs(NAME, OTHER_NESTING, expected="as recorded", found="something else")
    elif not compared:
        yield same(NAME, "preprocessed: every plain value as recorded")
    for result in compared:
        yield _finding(result)
    yield from chaining.findings(section, site, agrees=outcome(section, site).state == "agrees")


def _finding(result: OutputComparison) -> Finding:
    subject = f"preprocessed {result.name!r}: {result.rung.value}"
    message = subject + (f": {result.reason}" if result.reason else "")
    if result.rung in {Rung.BITWISE, Rung.CLOSE}:
        return same(NAME, message)
    if result.rung is Rung.NOT_RUN:
        return not_run(NAME, message)
    expected, found = result.expected or "as recorded", result.found or "something else"
    return differs(NAME, message, expected=expected, found=found)


def outcome(section: Section, site: Site) -> Outcome:
    """Whether the preprocessing gives the recorded model inputs again; what is recorded is never passed over in silence."""
    if section.pairs is None or site.answer is None:
        return Outcome("none")
    if not section.can_run:
        return Outcome("none", NO_NAME)
    if site.answer.transformed is not None:
        return _compared(section, site)
    if site.answer.transform_error is not None:
        return Outcome("failed", site.answer.transform_error)
    return Outcome("none") if site.answer.error is not None else Outcome("not compared", NOT_RUN)


def _compared(section: Section, site: Site) -> Outcome:
    compared = compare(section, site)
    worst = [result for result in compared if result.rung is Rung.DIFFERENT]
    if worst:
        return Outcome("differs", f"{worst[0].name!r}: {worst[0].reason}")
    if _nests_otherwise(section, site):
        return Outcome("differs", "the nesting or a plain value of its result is another one")
    if chaining.is_broken(section, site):
        return Outcome("differs", chaining.BROKEN)
    left = _left(compared)
    return Outcome("agrees") if left is None else Outcome("not compared", f"{left.name!r}: {left.reason}")


def _left(compared: tuple[OutputComparison, ...]) -> OutputComparison | None:
    """A result of which nothing was compared; one without an element counts only where there is no other."""
    left = [result for result in compared if result.rung is Rung.NOT_RUN]
    filled = [result for result in left if result.count > 0]
    return next(iter(filled if len(left) < len(compared) else left), None)


def _nests_otherwise(section: Section, site: Site) -> bool:
    assert site.answer is not None  # asked before
    return section.pairs is not None and section.pairs.expected.structure != site.answer.nesting


def _why_not(section: Section, site: Site) -> str | None:
    if section.pairs is None:
        return NO_PAIRS
    if not section.can_run:
        return NO_NAME
    if site.answer is None:
        return "nothing was run"
    if site.answer.transformed is None:
        return site.answer.transform_error or site.answer.error or NOT_RUN
    return None


def _where(site: Site) -> str | None:
    at = None if site.answer is None else site.answer.transform_at
    return None if at is None else f"it came from {at.words}"
