"""Claims at a replay: what is to be computed for them, and what came of it beside what is claimed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from reprobundle.answers import Computed
from reprobundle.components.claims.numbers import agrees, is_loose, rule_of
from reprobundle.components.claims.section import NAME, Claim, Section
from reprobundle.components.interface import Site, differs, not_run, same
from reprobundle.report import ClaimResult, Finding, Status

NO_CODE = "no function or command that computes it is recorded"
NOT_COMPUTED = "it was not computed"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A claim that can be computed, without what is claimed.

    Attributes:
        id: The claim's id.
        entry: Function that computes it; None where a command does.
        command: Program and arguments that compute it; empty where a function does.
        data: Absolute path of the reviewer's copy of its split; None where it names none.
    """

    id: str
    entry: str | None
    command: tuple[str, ...]
    data: Path | None


def wanted(section: Section, data: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """The claims that can be computed with what the reviewer gave.

    Args:
        section: What is claimed.
        data: The reviewer's own copies of splits, by split name.
    """
    return tuple(
        Wanted(id=claim.id, entry=claim.entry, command=claim.command, data=_place(claim, data))
        for claim in section.claims
        if _why_not(claim, data) is None
    )


def results(section: Section, site: Site, copies: Mapping[str, Status] | None = None) -> tuple[ClaimResult, ...]:
    """Every claim beside what was computed for it.

    Args:
        section: What is claimed.
        site: What the worker computed, and the reviewer's copies.
        copies: For splits that were compared with the record, what it came to.
    """
    computed = site.answer.claims if site.answer is not None else {}
    return tuple(_result(claim, computed.get(claim.id), site.data, copies or {}) for claim in section.claims)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """One finding a claim."""
    for result in results(section, site):
        subject = f"claim {result.id!r}"
        if result.verdict == "agrees":
            yield same(NAME, f"{subject}: claimed {result.claimed:.6g}, got {result.got:.6g}, {result.rule}")
        elif result.verdict == "differs":
            message = f"{subject}: claimed {result.claimed:.6g}, got {result.got:.6g}, not the same {result.rule}"
            yield differs(NAME, message, expected=f"{result.claimed!r}", found=f"{result.got!r}")
        else:
            word = "failed" if result.verdict == "failed" else "not computed"
            yield not_run(NAME, f"{subject}: claimed {result.claimed:.6g}, {word}: {result.why}")


def _result(
    claim: Claim, computed: Computed | None, data: Mapping[str, Any], copies: Mapping[str, Status]
) -> ClaimResult:
    why = _why_not(claim, data)
    verdict: Literal["agrees", "differs", "not run", "failed"] = "not run"
    if why is None and computed is None:
        why = NOT_COMPUTED
    elif computed is not None and computed.value is None:
        verdict, why = "failed", computed.error or "it gave no number"
    elif computed is not None and computed.value is not None:
        verdict, why = ("agrees", None) if agrees(claim, computed.value) else ("differs", _apart(claim, computed.value))
    return ClaimResult(
        id=claim.id,
        text=claim.text,
        claimed=claim.value,
        got=computed.value if computed is not None else None,
        verdict=verdict,
        rule=rule_of(claim),
        split=claim.split,
        data=_of_copy(claim, copies),
        loose=is_loose(claim),
        why=why,
        seconds=computed.seconds if computed is not None else None,
        decimals=claim.decimals,
        computable=claim.entry is not None or bool(claim.command),
    )


def _apart(claim: Claim, got: float) -> str:
    return f"they lie {abs(got - claim.value):.3g} apart, expected them to agree {rule_of(claim)}"


def _of_copy(claim: Claim, copies: Mapping[str, Status]) -> Literal["same", "differs", "not checked"]:
    status = copies.get(claim.split or "")
    if status is Status.SAME:
        return "same"
    return "differs" if status is Status.DIFFERS else "not checked"


def _why_not(claim: Claim, data: Mapping[str, Any]) -> str | None:
    """Why a claim cannot be computed, or None."""
    if claim.entry is None and not claim.command:
        return NO_CODE
    if claim.split is None:
        return None
    if claim.split not in data:
        return f"needs the data: --data {claim.split}=PATH"
    if _place(claim, data) is None:
        return f"the copy of split {claim.split!r} is no file or folder of this machine, and only such a one can be passed on"
    return None


def _place(claim: Claim, data: Mapping[str, Any]) -> Path | None:
    """Where the reviewer's copy lies, links resolved; None for a URL, a pattern or an object."""
    given = data.get(claim.split) if claim.split is not None else None
    if not isinstance(given, str | os.PathLike):
        return None
    place = Path(os.path.realpath(os.fsdecode(given)))
    return place if place.exists() else None
