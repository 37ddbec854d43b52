"""The tensors of two models, compared by the digests their manifests hold: counted, and the first of them named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.components import model
from reprobundle.components.environment.differing import grading
from reprobundle.components.model import TensorEntry
from reprobundle.report import Finding, Status

KIND = model.NAME
SHOWN = 10


def differences(first: Sequence[TensorEntry], second: Sequence[TensorEntry]) -> Iterator[Finding]:
    """At most four findings: tensors with other content, of another form, and those that stand on one side only."""
    ours, theirs = ({entry.name: entry for entry in side} for side in (first, second))
    both = [name for name in ours if name in theirs]
    reshaped = [name for name in both if _form(ours[name]) != _form(theirs[name])]
    changed = [name for name in both if name not in set(reshaped) and ours[name].xxh3_128 != theirs[name].xxh3_128]
    if changed:
        verb = "differs" if len(changed) == 1 else "differ"
        values = (ours[changed[0]].xxh3_128, theirs[changed[0]].xxh3_128) if len(changed) == 1 else (None, None)
        yield _finding(f"{len(changed):,} of {len(both):,} tensors {verb}: {_names(changed)}", *values)
    if reshaped:
        forms = [f"{name!r} ({_form(ours[name])} → {_form(theirs[name])})" for name in reshaped]
        yield _finding(f"{_count(reshaped)} of another dtype or shape: {_some(forms)}")
    for only, place in (([n for n in ours if n not in theirs], 0), ([n for n in theirs if n not in ours], 1)):
        if only:
            sides = ("there", None) if place == 0 else (None, "there")
            yield _finding(f"{_count(only)} not in both: {_names(only)}", *sides)


def _form(entry: TensorEntry) -> str:
    return f"{entry.dtype} {entry.shape}"


def _count(names: Sequence[str]) -> str:
    return "1 tensor is" if len(names) == 1 else f"{len(names):,} tensors are"


def _names(names: Sequence[str]) -> str:
    return _some([repr(name) for name in names])


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN:,} more" if len(words) > SHOWN else "")


def _finding(message: str, expected: str | None = None, found: str | None = None) -> Finding:
    weight = grading.OTHER_MODEL
    return Finding(
        kind=KIND, status=Status.DIFFERS, message=message, expected=expected, found=found, grade=weight.grade, why=weight.why
    )  # fmt: skip
