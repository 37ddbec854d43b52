"""The numbers of a paper beside those computed here, as rows: claimed, got, verdict. Every text is escaped already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.phrases import counted, printed, shortest
from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import ClaimResult, GroupResult

GROUP_HEADER = ("group", "claimed", "got", "verdict", "samples")
SHOWN_GROUPS = 50
HEADER = ("claim", "claimed", "got", "verdict", "how compared")
NOT_COMPUTED = "-"
MOST_DECIMALS = 15
VERDICTS = ("differs", "failed", "not run", "agrees")
TONES = {"agrees": "good", "differs": "bad", "failed": "open", "not run": "open"}
_DATA = {
    "same": "the recorded data",
    "differs": "NOT the recorded data",
    "not checked": "data not compared with the record",
}


@dataclass(frozen=True)
class GroupLine:
    """One group of a claim as a row.

    Attributes:
        name: The group.
        claimed: Its number of the paper.
        got: The number computed here, or a dash.
        verdict: Whether they agree.
        count: How many samples it has.
        tone: Colour of the verdict by name.
    """

    name: str
    claimed: str
    got: str
    verdict: str
    count: str
    tone: str


@dataclass(frozen=True)
class Line:
    """One claim as a row.

    Attributes:
        id: Its id.
        claimed: The number of the paper.
        got: The number computed here, or a dash.
        verdict: Whether they agree.
        rule: How they were compared.
        text: What the number says, and of which data.
        why: The reason for anything but ``agrees``; empty for none.
        tone: Colour of the verdict by name.
        by: How many of its groups agree and how many do not, and why where they were not compared; empty without groups.
        groups: The first of its groups, those that differ before the others.
        more_groups: How many more there are.
    """

    id: str
    claimed: str
    got: str
    verdict: str
    rule: str
    text: str
    why: str
    tone: str
    by: str = ""
    groups: tuple[GroupLine, ...] = ()
    more_groups: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's cells, as `HEADER` names them."""
        return self.id, self.claimed, self.got, self.verdict, self.rule

    @property
    def note(self) -> str:
        """Text and reason in one sentence."""
        return "; ".join(part for part in (self.text, self.why) if part)


def heading(results: Sequence[ClaimResult]) -> str:
    """The title of the table, which already says how many agree."""
    found = Counter[str](result.verdict for result in results)
    return "Claims: " + ", ".join(f"{found[verdict]:,} {_verb(verdict, found[verdict])}" for verdict in VERDICTS
                                  if found[verdict])  # fmt: skip


def _verb(verdict: str, number: int) -> str:
    return {"agrees": "agree", "differs": "differ"}.get(verdict, verdict) if number != 1 else verdict


def met(results: Sequence[ClaimResult]) -> str:
    """How many claims were computed and agree, with the numbers of the first; empty where none was, or one does not agree."""
    computed = [result for result in results if result.verdict != "not run"]
    if not computed or any(result.verdict != "agrees" for result in computed):
        return ""
    claimed, got = numbers(computed[0])
    shown = f"{escape(repr(computed[0].id), limit=60)} claimed {claimed}, got {got}"
    if len(computed) == 1:
        return f"1 claim computed, and it agrees: {shown}"
    return f"{counted(len(computed), 'claim')} computed, and all agree, such as {shown}"


def lines(results: Sequence[ClaimResult]) -> tuple[Line, ...]:
    """The rows, in the bundle's own order."""
    return tuple(_line(result) for result in results)


def unmet(results: Sequence[ClaimResult]) -> tuple[Line, ...]:
    """The rows that do not agree, those that differ first; without those that nothing computes."""
    open_ = lines([result for result in results if result.verdict != "agrees" and result.computable])
    return tuple(sorted(open_, key=lambda row: VERDICTS.index(row.verdict)))


def weightiest(rows: Sequence[Line], limit: int) -> tuple[Line, ...]:
    """The rows in their own order, or those that do not agree first where there are more than the limit."""
    if len(rows) <= limit:
        return tuple(rows)
    return tuple(sorted(rows, key=lambda row: VERDICTS.index(row.verdict))[:limit])


def _line(result: ClaimResult) -> Line:
    claimed, got = numbers(result)
    return Line(
        id=escape(result.id),
        claimed=claimed,
        got=got,
        verdict=result.verdict,
        rule=prose(result.rule),
        text=prose(result.text) + _measured_on(result),
        why=prose(result.why or ""),
        tone=TONES[result.verdict],
        by=_by_group(result),
        groups=tuple(_group(one, result.decimals) for one in _worst_first(result.groups)[:SHOWN_GROUPS]),
        more_groups=max(len(result.groups) - SHOWN_GROUPS, 0),
    )


def _worst_first(groups: Sequence[GroupResult]) -> list[GroupResult]:
    """The groups in their own order, or those that differ first where there are more than are shown."""
    if len(groups) <= SHOWN_GROUPS:
        return list(groups)
    return sorted(groups, key=lambda group: VERDICTS.index(group.verdict))


def _by_group(result: ClaimResult) -> str:
    """Such as ``by 'sex': 1 group differs, 3 agree``."""
    if not result.groups:
        return ""
    found = Counter[str](group.verdict for group in result.groups)
    column = f"by {escape(repr(result.group), limit=60)}" if result.group else "by group"
    told = [(verdict, found[verdict]) for verdict in VERDICTS if found[verdict]]
    first, *rest = (f"{_verb(verdict, number)}" for verdict, number in told)
    words = [f"{counted(told[0][1], 'group')} {first}"]
    words += [f"{number:,} {verb}" for verb, (_, number) in zip(rest, told[1:], strict=True)]
    why = f": {prose(result.groups_why)}" if result.groups_why else ""
    return f"{column}: {', '.join(words)}{why}"


def _group(group: GroupResult, decimals: int | None) -> GroupLine:
    claimed, got = _pair(group.claimed, group.got, decimals, least=6)
    return GroupLine(
        name=escape(group.name, limit=100),
        claimed=claimed,
        got=got,
        verdict=group.verdict,
        count=NOT_COMPUTED if group.count is None else f"{group.count:,}",
        tone=TONES[group.verdict],
    )


def _measured_on(result: ClaimResult) -> str:
    if result.split is None:
        return ""
    if result.split_guessed:
        return f" (split {escape(repr(result.split))}, as the text says)"
    return f" (split {escape(repr(result.split))}" + (f", {_DATA[result.data]})" if result.got is not None else ")")


def numbers(result: ClaimResult) -> tuple[str, str]:
    """Both numbers as text: with the decimals that were claimed, and as few more digits as tell them apart."""
    return _pair(result.claimed, result.got, result.decimals, least=10)


def _pair(stated: float, computed: float | None, decimals: int | None, *, least: int) -> tuple[str, str]:
    if computed is None:
        return _padded(printed(stated, least), decimals), NOT_COMPUTED
    for digits in (6, 10, 17):
        claimed, got = printed(stated, max(digits, least)), printed(computed, digits)
        if claimed != got or shortest(stated) == shortest(computed):
            break
    return _padded(claimed, decimals), _padded(got, decimals)


def _padded(text: str, decimals: int | None) -> str:
    """A number with at least so many digits after the point."""
    whole, _, digits = text.partition(".")
    if not decimals or not whole.lstrip("-").isdecimal() or "e" in digits or len(digits) >= decimals:
        return text
    return f"{whole}.{digits:0<{min(decimals, MOST_DECIMALS)}}"
