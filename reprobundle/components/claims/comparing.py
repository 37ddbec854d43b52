"""The groups of a claim beside those of the numbers that were computed for its samples."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.answers import Computed
from reprobundle.components.claims.numbers import group_agrees
from reprobundle.components.claims.section import Claim, GroupValue
from reprobundle.phrases import counted
from reprobundle.report import GroupResult

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

ONE_BY_COMMAND = "its command wrote one number, not one a sample"
NOT_KNOWN = "which sample is in which group is not recorded"
ONE_NUMBER = "its function gave one number, not one a sample"
OTHER_DATA = "the copy of the split is not the recorded data, so that nothing tells which sample is in which group"


@dataclass(frozen=True)
class Compared:
    """What came of a claim's groups.

    Attributes:
        results: Each group beside what was computed for it, in the claim's own order.
        why: Why they were not compared; None where they were, or there was nothing to compare them with.
    """

    results: tuple[GroupResult, ...] = ()
    why: str | None = None

    @property
    def differing(self) -> tuple[GroupResult, ...]:
        """Those that came to another number."""
        return tuple(one for one in self.results if one.verdict == "differs")


def compare_groups(
    claim: Claim, computed: Computed | None, known: Array | None, copy: Literal["same", "differs", "not checked"]
) -> Compared:
    """Compute the claim's groups anew from the numbers of its samples, and compare each by the claim's own rule.

    Args:
        claim: The claim.
        computed: What was computed for it; None: nothing.
        known: The number of each sample's group among the claim's groups, shape (n,); None: not recorded.
        copy: Whether the reviewer's copy of the split is the recorded one.
    """
    if computed is None or computed.value is None:
        return Compared(tuple(_untold(one) for one in claim.groups))
    why = _why_not(claim, computed, known, copy) if claim.groups else None
    if why is not None or known is None or computed.samples is None:
        return Compared(tuple(_untold(one) for one in claim.groups), why)
    found = _means(computed.samples, known, len(claim.groups))
    return Compared(tuple(_result(claim, one, got) for one, got in zip(claim.groups, found, strict=True)))


def _why_not(claim: Claim, computed: Computed, known: Array | None, copy: str) -> str | None:
    if known is None:
        return NOT_KNOWN
    if computed.samples is None:
        return ONE_BY_COMMAND if claim.command else ONE_NUMBER
    if copy == "differs":
        return OTHER_DATA
    if len(computed.samples) != len(known):
        gave = f"its {'command wrote' if claim.command else 'function gave'} {counted(len(computed.samples), 'number')}"
        return f"{gave}, the groups of {counted(len(known), 'sample')} are recorded"
    return None


def _means(samples: Array, known: Array, groups: int) -> list[float | None]:
    """The mean of each group, exactly rounded; None of one without a sample."""
    import numpy as np

    order = np.argsort(known, kind="stable")
    ends = np.searchsorted(known[order], np.arange(groups + 1)).tolist()
    ordered = samples[order].tolist()
    parts = [ordered[start:end] for start, end in itertools.pairwise(ends)]
    return [math.fsum(part) / len(part) if part else None for part in parts]


def _result(claim: Claim, group: GroupValue, got: float | None) -> GroupResult:
    if got is None:
        return _untold(group)
    verdict: Literal["agrees", "differs"] = "agrees" if group_agrees(claim, group.value, got) else "differs"
    return GroupResult(name=group.name, claimed=group.value, got=got, verdict=verdict, count=group.count)


def _untold(group: GroupValue) -> GroupResult:
    return GroupResult(name=group.name, claimed=group.value, verdict="not run", count=group.count)
