"""The numbers of a paper beside those computed here, as rows: claimed, got, verdict. Every text is escaped already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import ClaimResult

HEADER = ("claim", "claimed", "got", "verdict", "how compared")
NOT_COMPUTED = "-"
VERDICTS = ("differs", "failed", "not run", "agrees")
TONES = {"agrees": "good", "differs": "bad", "failed": "open", "not run": "open"}
_DATA = {
    "same": "on a copy that is the recorded one",
    "differs": "on a copy that is NOT the recorded one",
    "not checked": "on a copy that was not compared with the record",
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
    """Both numbers as text: as few digits as tell them apart."""
    if result.got is None:
        return f"{result.claimed:.10g}", NOT_COMPUTED
    for digits in (6, 10, 17):
        claimed, got = f"{result.claimed:.{max(digits, 10)}g}", f"{result.got:.{digits}g}"
        if claimed != got or result.claimed == result.got:
            break
    return claimed, got
