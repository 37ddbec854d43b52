"""The results as Markdown: the targets first, then every job, then growth, missing peers, machine and versions."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.results import Growth, JobFound, Results, WayFound
from benchmarks.summing import spread
from benchmarks.wording import amount_text, bytes_text, in_terms, seconds_text, spread_text, verdict_text

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"


def markdown(results: Results) -> str:
    """The whole of it, without the page around it."""
    return "\n".join(_lines(results)).rstrip() + "\n"


def write_into(page: Path, results: Results) -> None:
    """Replace what stands between the markers of a page."""
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page.name} has no {BEGIN} and {END} between which the tables would go")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(results)}\n{END}{after}", encoding="utf-8")


def _lines(results: Results) -> Iterator[str]:
    yield f"Size {results.size!r}, {results.rounds} rounds; medians, and in brackets the smallest to the largest."
    yield ""
    rows = list(_targets(results.jobs))
    if rows:
        yield "### Targets"
        yield ""
        yield from _rows(("job", "target", "found", "spread", ""), iter(rows))
    for job in results.jobs:
        yield from _job(job)
    yield from _growths(results.jobs)
    yield from _facts(results)


def _targets(jobs: Sequence[JobFound]) -> Iterator[tuple[str, ...]]:
    for job in jobs:
        for target in job.targets:
            judged = target.judged
            found = (
                (in_terms(judged.found.median, judged.terms), spread_text(judged.found, judged.terms))
                if judged
                else ("", "")
            )
            allowed = f" ({in_terms(judged.bound, judged.terms)})" if judged and judged.terms == "seconds" else ""
            yield (job.title, target.text + allowed, *found, verdict_text(judged))


def _job(job: JobFound) -> Iterator[str]:
    yield ""
    yield f"### {job.title[0].upper()}{job.title[1:]}"
    yield ""
    if job.note:
        yield f"{job.note[0].upper()}{job.note[1:]}."
        yield ""
    if job.failed:
        yield f"Not measured: {job.failed}."
    if job.ways:
        heads = ("", "timed", "seconds", "processor", "ours takes", "memory beyond", "largest process")
        yield from _rows(heads, _ways(job.ways))
    for missing in job.missing:
        yield ""
        yield f"- missing: {missing.name}: {missing.why}"


def _ways(ways: Sequence[WayFound]) -> Iterator[tuple[str, ...]]:
    ours = next((way for way in ways if way.kind == "ours"), None)
    for way in ways:
        clock, cpu = spread([turn.seconds for turn in way.turns]), statistics.median(turn.cpu for turn in way.turns)
        beyond = [turn.beyond for turn in way.turns if turn.beyond is not None]
        name = {"ours": f"**{way.name}**", "peer": way.name}.get(way.kind, f"{way.kind}: {way.name}")
        yield (
            name,
            f"{way.clock}{', once' if len(way.turns) == 1 else ''}",
            f"{seconds_text(clock.median)} ({seconds_text(clock.least)} to {seconds_text(clock.most)})",
            seconds_text(cpu),
            _compared(ours, way),
            bytes_text(statistics.median(beyond)) if beyond else "",
            _peak(way),
        )


def _compared(ours: WayFound | None, way: WayFound) -> str:
    """How many times as long the first of our ways takes, round by round."""
    if ours is None or way.kind in {"ours", "floor"}:
        return ""
    theirs = [turn.seconds for turn in way.turns]
    column = theirs * len(ours.turns) if len(theirs) == 1 else theirs
    ratio = statistics.median(mine.seconds / other for mine, other in zip(ours.turns, column, strict=False))
    return f"{ratio:.3g} ×" if way.kind == "peer" else f"{ratio:.3g} × ({1 / ratio * 100:.0f} % of the limit)"


def _peak(way: WayFound) -> str:
    peak = statistics.median(turn.peak for turn in way.turns)
    floor = max(turn.floor for turn in way.turns)
    return f"at most {bytes_text(floor)}" if peak <= floor else bytes_text(peak)


def _growths(jobs: Sequence[JobFound]) -> Iterator[str]:
    rows = [_growth(job, one) for job in jobs for one in job.growth]
    if rows:
        yield ""
        yield "### Growth"
        yield ""
        yield "Medians at 1, 2, 4 and 8 times the work, and the power of the work with which they grow."
        yield ""
        yield from _rows(("job", "work", "seconds", "power", "memory beyond", "power"), iter(rows))


def _growth(job: JobFound, growth: Growth) -> tuple[str, ...]:
    ends = f"{_amount(growth.steps[0].amount)} to {_amount(growth.steps[-1].amount)}"
    memory = [step.beyond for step in growth.steps if step.beyond is not None]
    return (
        f"{job.name}: {growth.way}",
        ends,
        ", ".join(seconds_text(step.seconds) for step in growth.steps),
        _power(growth.seconds_power),
        ", ".join(bytes_text(one) for one in memory),
        _power(growth.beyond_power),
    )


def _amount(amount: int) -> str:
    return amount_text(amount, "bytes") if amount >= 2**24 else f"{amount:,}"


def _power(power: float | None) -> str:
    return "" if power is None else f"{power:.2f}"


def _facts(results: Results) -> Iterator[str]:
    yield ""
    yield "### Machine and versions"
    yield ""
    yield from (f"- {name}: {text}" for name, text in results.machine.items())
    yield ""
    yield from _rows(("program or library", "version"), iter(results.versions.items()))


def _rows(heads: Sequence[str], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join('---' for _ in heads)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
