"""The numbers of a paper beside those computed here, as rows: claimed, got, verdict. Every text is escaped already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import ClaimResult

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
    """

    id: str
    claimed: str
    got: str
    verdict: str
    rule: str
    text: str
    why: str
    tone: str

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
    )


def _measured_on(result: ClaimResult) -> str:
    if result.split is None:
        return ""
    return f" (split {escape(repr(result.split))}" + (f", {_DATA[result.data]})" if result.got is not None else ")")


def numbers(result: ClaimResult) -> tuple[str, str]:
    """Both numbers as text: with the decimals that were claimed, and as few more digits as tell them apart."""
    if result.got is None:
        return _padded(f"{result.claimed:.10g}", result.decimals), NOT_COMPUTED
    for digits in (6, 10, 17):
        claimed, got = f"{result.claimed:.{max(digits, 10)}g}", f"{result.got:.{digits}g}"
        if claimed != got or result.claimed == result.got:
            break
    return _padded(claimed, result.decimals), _padded(got, result.decimals)


def _padded(text: str, decimals: int | None) -> str:
    """A number with at least so many digits after the point."""
    whole, _, digits = text.partition(".")
    if not decimals or not whole.lstrip("-").isdecimal() or "e" in digits or len(digits) >= decimals:
        return text
    return f"{whole}.{digits:0<{min(decimals, MOST_DECIMALS)}}"
