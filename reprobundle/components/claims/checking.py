"""Claims at a replay: what is to be computed for them, and what came of it beside what is claimed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.answers import Computed
from reprobundle.components.claims import members
from reprobundle.components.claims.comparing import Compared, compare_groups
from reprobundle.components.claims.numbers import agrees, is_loose, rule_of
from reprobundle.components.claims.section import NAME, Claim, Section
from reprobundle.components.interface import Site, differs, not_run, same
from reprobundle.phrases import counted, printed, some
from reprobundle.report import ClaimResult, Finding, Status

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SHOWN_GROUPS = 3
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
        each: Whether the numbers of its samples are wanted, too, as which group each is in is known, or to be recorded.
    """

    id: str
    entry: str | None
    command: tuple[str, ...]
    data: Path | None
    each: bool = False


def wanted(section: Section, data: Mapping[str, Any], each: Collection[str] = ()) -> tuple[Wanted, ...]:
    """The claims that can be computed with what the reviewer gave.

    Args:
        section: What is claimed.
        data: The reviewer's own copies of splits, by split name.
        each: Ids of claims whose functions are asked for the numbers of their samples in any case.
    """
    return tuple(
        Wanted(
            id=claim.id,
            entry=claim.entry,
            command=claim.command,
            data=_place(claim, data),
            each=claim.entry is not None and (claim.id in each or (section.members is not None and bool(claim.groups))),
        )
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
    known = members.read(section, site.root) if any(one.value is not None for one in computed.values()) else {}
    told = copies if copies is not None else site.copies
    return tuple(
        _result(claim, computed.get(claim.id), site.data, told, known.get(claim.id)) for claim in section.claims
    )


def check(section: Section, site: Site) -> Iterator[Finding]:
    """One finding a claim."""
    for result in results(section, site):
        subject = f"claim {result.id!r}"
        if result.verdict == "agrees":
            yield same(NAME, f"{subject}: claimed {printed(result.claimed)}, got {_number(result.got)}, {result.rule}")
        elif result.verdict == "differs":
            rule = result.rule if _parted(result) is None else f"{result.rule}: {_parted(result)}"
            message = f"{subject}: claimed {printed(result.claimed)}, got {_number(result.got)}, not the same {rule}"
            yield differs(NAME, message, expected=f"{result.claimed!r}", found=f"{result.got!r}")
        else:
            word = "failed" if result.verdict == "failed" else "not computed"
            yield not_run(NAME, f"{subject}: claimed {printed(result.claimed)}, {word}: {result.why}")


def _result(
    claim: Claim,
    computed: Computed | None,
    data: Mapping[str, Any],
    copies: Mapping[str, Status],
    known: Array | None,
) -> ClaimResult:
    why = _why_not(claim, data)
    verdict: Literal["agrees", "differs", "not run", "failed"] = "not run"
    if why is None and computed is None:
        why = NOT_COMPUTED
    elif computed is not None and computed.value is None:
        verdict, why = "failed", computed.error or "it gave no number"
    elif computed is not None and computed.value is not None:
        verdict, why = ("agrees", None) if agrees(claim, computed.value) else ("differs", _apart(claim, computed.value))
    copy = _of_copy(claim, copies)
    groups = compare_groups(claim, computed, known, copy)
    if groups.differing and verdict in {"agrees", "differs"}:
        verdict, why = "differs", "; ".join(filter(None, [why, _groups_apart(groups)]))
    return ClaimResult(
        id=claim.id,
        text=claim.text,
        claimed=claim.value,
        got=computed.value if computed is not None else None,
        verdict=verdict,
        rule=rule_of(claim),
        split=claim.split,
        split_guessed=claim.split_guessed,
        data=copy,
        loose=is_loose(claim),
        why=why,
        seconds=computed.seconds if computed is not None else None,
        decimals=claim.decimals,
        computable=claim.entry is not None or bool(claim.command),
        group=claim.group,
        groups=groups.results,
        groups_why=groups.why,
    )


def _groups_apart(groups: Compared) -> str:
    """How many groups differ, and the first few of them with both numbers."""
    told = [f"{one.name!r} (claimed {printed(one.claimed)}, got {_number(one.got)})" for one in groups.differing]
    verb = "differs" if len(told) == 1 else "differ"
    return f"{len(told):,} of {counted(len(groups.results), 'group')} {verb}: {some(told, SHOWN_GROUPS)}"


def _parted(result: ClaimResult) -> str | None:
    """The groups that differ, in words, where there are any."""
    found = Compared(results=result.groups)
    return _groups_apart(found) if found.differing else None


def _number(got: float | None) -> str:
    return "nothing" if got is None else printed(got)


def _apart(claim: Claim, got: float) -> str:
    return f"they lie {abs(got - claim.value):.3g} apart, expected them to agree {rule_of(claim)}"


def _of_copy(claim: Claim, copies: Mapping[str, Status]) -> Literal["same", "differs", "not checked"]:
    status = copies.get(claim.needs or "")
    if status is Status.SAME:
        return "same"
    return "differs" if status is Status.DIFFERS else "not checked"


def _why_not(claim: Claim, data: Mapping[str, Any]) -> str | None:
    """Why a claim cannot be computed, or None."""
    if claim.entry is None and not claim.command:
        return NO_CODE
    if claim.needs is None:
        return None
    if claim.needs not in data:
        return f"needs the data: --data {claim.needs}=PATH"
    if _place(claim, data) is None:
        return f"the copy of split {claim.needs!r} is no file or folder of this machine, and only such a one can be passed on"
    return None


def _place(claim: Claim, data: Mapping[str, Any]) -> Path | None:
    """Where the reviewer's copy lies, links resolved; None for a URL, a pattern or an object."""
    given = data.get(claim.needs) if claim.needs is not None else None
    if not isinstance(given, str | os.PathLike):
        return None
    place = Path(os.path.realpath(os.fsdecode(given)))
    return place if place.exists() else None
