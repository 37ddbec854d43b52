"""Comparing what the worker made of the raw samples with what was recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reprobundle import tensors
from reprobundle.components.interface import Site, differs, not_run, same
from reprobundle.components.preprocessing.section import NAME, Section
from reprobundle.report import Finding, OutputComparison, Rung, Status
from reprobundle.store import inside

CHAIN = "its results are the model's recorded inputs: raw sample, input and output are one chain"
OTHER_NESTING = "preprocessed: the nesting or a plain value of the result differs from the record"


@dataclass(frozen=True)
class Outcome:
    """What a replay of the preprocessing came to.

    Attributes:
        state: ``none``: there is nothing to compare; ``agrees``, bitwise or close; ``differs``; ``failed``: it was not run to
            its end.
        reason: Why it does not agree, in words; None where it does.
    """

    state: Literal["none", "agrees", "differs", "failed"]
    reason: str | None = None


def compare(section: Section, site: Site) -> tuple[OutputComparison, ...]:
    """Compare every recorded result with what the worker produced; empty when there is nothing to compare."""
    from reprobundle import comparison

    if section.pairs is None or site.answer is None or site.answer.transformed is None:
        return ()
    recorded = tensors.read_arrays(inside(site.root, section.pairs.expected.file))
    produced = site.answer.transformed
    compared = [comparison.compare(name, array, produced.get(name)) for name, array in recorded.items()]
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
    if section.pairs is not None and section.pairs.feeds_model:
        yield same(NAME, CHAIN)


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
    """Whether the preprocessing gives the recorded model inputs again."""
    if not section.can_run or site.answer is None:
        return Outcome("none")
    if site.answer.transformed is None:
        why = site.answer.transform_error
        return Outcome("none") if why is None else Outcome("failed", why)
    worst = [result for result in compare(section, site) if result.rung is Rung.DIFFERENT]
    if worst:
        return Outcome("differs", f"{worst[0].name!r}: {worst[0].reason}")
    if _nests_otherwise(section, site):
        return Outcome("differs", "the nesting or a plain value of its result is another one")
    compared = any(finding.status is Status.SAME for finding in findings(section, site) if finding.message != CHAIN)
    return Outcome("agrees" if compared else "none")


def _nests_otherwise(section: Section, site: Site) -> bool:
    assert site.answer is not None  # asked before
    return section.pairs is not None and section.pairs.expected.structure != site.answer.nesting


def _why_not(section: Section, site: Site) -> str | None:
    if section.pairs is None:
        return "no pairs of raw samples and model inputs are recorded"
    if not section.can_run:
        return "the function has no name by which it can be found again"
    if site.answer is None:
        return "nothing was run"
    if site.answer.transformed is None:
        return site.answer.transform_error or site.answer.error or "the worker did not run the function"
    return None


def _where(site: Site) -> str | None:
    at = None if site.answer is None else site.answer.transform_at
    return None if at is None else f"it came from {at.words}"
