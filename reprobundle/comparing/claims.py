"""The claims of two bundles, a line each: what the one says and the other does not, or what parts in both."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.comparing.values import ABSENT, walk
from reprobundle.components import claims
from reprobundle.components.claims import Claim, Section
from reprobundle.phrases import counted, printed, some
from reprobundle.report import Finding, Status

SHOWN = 4
LONGEST = 100  # characters of a claim's text


def differences(a: Section, b: Section) -> Iterator[Finding]:
    """One finding for each claim that is not the same, and for what else the sections say; claims in words.

    Args:
        a: The first bundle's.
        b: The second's.
    """
    ours, theirs = ({claim.id: claim for claim in section.claims} for section in (a, b))
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if one is None or other is None:
            yield _finding(f"claim {name!r} is not in both", one, other)
        elif one != other:
            yield _finding(f"claim {name!r} differs in {some(_parting(one, other), SHOWN)}", one, other)
    common = [name for name in ours if name in theirs]
    if common != [name for name in theirs if name in ours]:
        yield Finding(
            kind=claims.NAME, status=Status.DIFFERS, message="the claims stand in another order",
            expected=some(common, SHOWN), found=some([name for name in theirs if name in ours], SHOWN),
        )  # fmt: skip
    yield from walk(claims.NAME, "", *(section.model_dump(mode="json", exclude={"claims"}) for section in (a, b)))


def _finding(message: str, one: Claim | None, other: Claim | None) -> Finding:
    expected, found = (None if claim is None else _told(claim) for claim in (one, other))
    return Finding(kind=claims.NAME, status=Status.DIFFERS, message=message, expected=expected, found=found)


def _told(claim: Claim) -> str:
    """Such as ``acc: accuracy 0.97 on test, 16 groups``."""
    text = claim.text if len(claim.text) <= LONGEST else claim.text[: LONGEST - 1] + "…"
    split = f" on {claim.split}" if claim.split else ""
    groups = f", {counted(len(claim.groups), 'group')}" if claim.groups else ""
    return f"{claim.id}: {text} {printed(claim.value)}{split}{groups}"


def _parting(one: Claim, other: Claim) -> list[str]:
    """What parts of two claims of one id are not the same, each with both values; groups counted."""
    first, second = (claim.model_dump(mode="json", exclude={"groups"}) for claim in (one, other))
    told = [
        f"{item.message.removesuffix(' differs')} ({item.expected} → {item.found})"
        for item in walk(claims.NAME, "", first, second)
    ]
    return [*told, *_of_groups(one, other)]


def _of_groups(one: Claim, other: Claim) -> Iterator[str]:
    ours, theirs = ({group.name: group for group in claim.groups} for claim in (one, other))
    names = dict.fromkeys([*ours, *theirs])
    others = [name for name in names if ours.get(name, ABSENT) != theirs.get(name, ABSENT)]
    if others:
        yield f"{len(others):,} of {counted(len(names), 'group')}"
    elif list(ours) != list(theirs):
        yield "the order of its groups"
