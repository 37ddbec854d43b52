"""A report of a hundred thousand parts lists those that matter."""

from __future__ import annotations

from reprobundle.report import Finding, OutputComparison, Rung, Status
from reprobundle.report.bounds import findings_within, outputs_within


def output(name: str, rung: Rung) -> OutputComparison:
    """An output that reached a rung."""
    return OutputComparison(name=name, rung=rung, dtype="F32", shape=(1,))


def finding(kind: str, message: str, status: Status = Status.SAME) -> Finding:
    """What one check came to."""
    return Finding(kind=kind, status=status, message=message)


def test_the_weakest_outputs_are_listed_in_their_own_order() -> None:
    """What agrees is left out first."""
    compared = [
        output("a", Rung.BITWISE), output("b", Rung.DIFFERENT), output("c", Rung.BITWISE), output("d", Rung.NOT_RUN)
    ]  # fmt: skip

    assert [one.name for one in outputs_within(compared, 3)] == ["a", "b", "d"]
    assert outputs_within(compared) == tuple(compared)


def test_findings_are_bounded_by_kind() -> None:
    """One kind takes no room from another; what agrees is left out first, and how much is told."""
    findings = [finding("outputs", "1"), finding("outputs", "2", Status.DIFFERS), finding("code", "3")]
    findings += [finding("outputs", "4"), finding("outputs", "5", Status.NOT_RUN)]

    assert [one.message for one in findings_within(findings, 2)] == [
        "2", "3", "5", "2 more findings of this kind are not listed"
    ]  # fmt: skip
    assert findings_within(findings[:2], 1)[-1].message == "1 more finding of this kind is not listed"
    assert findings_within(findings) == tuple(findings)
