"""Groups that tell of single persons: by what they are called, or because hardly anybody is in one.

A group's name and number stand in the manifest and in the card, which everybody reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reprobundle.components.claims.naming import MISSING
from reprobundle.components.claims.section import Claim
from reprobundle.phrases import counted, some
from reprobundle.secrecy import privacy

FEWEST = 5  # samples in which one person can hide
LEAST_GROUPS = 3  # so that a yes and a no of few samples are none
RENAME = "group by something coarser, or give the groups other names: everybody who reads the bundle reads them"
COARSER = "group by something coarser"
_OF_ONE = re.compile(
    r"(?:^|_)(?:(?:user|patient|person|subject|participant|customer|client|student|employee|member|account|respondent)"
    r"_?(?:id|ids|name|names|number|no)|(?:user|patient|participant|respondent)s?|(?:first|last|full|sur)_?names?|user_?names?"
    r"|e_?mails?|ssn|iban|passport|phone_?numbers?|ip_?address(?:es)?)$"
)


@dataclass(frozen=True)
class Remark:
    """What of a claim's groups tells of single persons.

    Attributes:
        words: In one sentence, without the claim's name and without what it is about.
        hint: The way out.
    """

    words: str
    hint: str


def remarks(claim: Claim, names: dict[str, str]) -> Iterator[Remark]:
    """All that tells of single persons in a claim's groups.

    Args:
        claim: The claim.
        names: Names of this person and machine with their kinds, as `privacy.own_names` gives them.
    """
    texts = [claim.group or "", *(one.name for one in claim.groups)]
    found = [(place, trace.kind) for place, text in enumerate(texts) for trace in privacy.traces(text, "", names)]
    for kind in sorted({kind for _, kind in found}):
        places = sorted({place for place, of in found if of == kind})
        shown = some(["the column" if place == 0 else f"group {place}" for place in places])
        yield Remark(f"the name of {shown} holds {_with_article(kind)}", RENAME)
    if claim.groups and claim.group is not None and _is_of_one(claim.group):
        yield Remark(f"it is grouped by {claim.group!r:.80}, which tells one person from another", RENAME)
    few = _few(claim)
    if few:
        of = counted(len(claim.groups), "group")
        yield Remark(
            f"{few:,} of its {of} have fewer than {FEWEST} samples: that tells single persons' results", COARSER
        )


def _is_of_one(column: str) -> bool:
    return _OF_ONE.search(re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", column).lower()) is not None


def _few(claim: Claim) -> int:
    """How many groups are small, where most are; else none."""
    counts = [one.count for one in claim.groups if one.count is not None and one.name != MISSING]
    small = sum(0 < count < FEWEST for count in counts)
    return small if len(counts) >= LEAST_GROUPS and 2 * small > len(counts) else 0


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"
