"""The commented lines of ``claims:`` in a new ``reprobundle.yaml``: numbers that were found, for a person to take in and complete."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reprobundle.initialising.numbers import Number, Numbers
from reprobundle.initialising.places import SPLITS
from reprobundle.initialising.yaml_text import flow, text

ASKED_NUMBERS = "which numbers did it reach, on which split, told apart by which groups, e.g. sex or site? take the # away from what is so"
ASKED_GROUPS = (
    "by which column should they be told apart, e.g. sex, site, language? it shows whom the model serves worse"
)
ASKED_SPLIT = "split: which one?"
MOST_NUMBERS = 20  # that are written
EXAMPLE = Number("accuracy", 0.9, None)
OF_THE_FIRST = (
    '# entry: "evaluate:accuracy"  # what computes it again: a function, or command: "python evaluate.py …"',
    f"# {ASKED_GROUPS}",
    "# per_sample: right.npy  # one number a sample, e.g. 1 where the model was right, else 0",
    "# group: {sex: sex.npy}  # the column with its name: docs/claims.md",
)


def claims_text(numbers: Numbers | None, splits: Sequence[str]) -> str:
    """Commented lines of ``claims:`` with the numbers that were found, and with what a number by groups needs.

    Args:
        numbers: The numbers; where there are none, one stands as an example.
        splits: Names of the project's splits: no other is written as a claim's.
    """
    found = numbers.found[:MOST_NUMBERS] if numbers is not None else ()
    lines = [f"# {ASKED_NUMBERS}"]
    if numbers is not None and found:
        lines.append(f"# found in {text(numbers.file)}:")
    lines.append("# claims:")
    for place, (one, name) in enumerate(_called(found or (EXAMPLE,))):
        lines += [f"#   {line}" for line in _claim(one, name, splits)]
        lines += [f"#     {line}" for line in OF_THE_FIRST if place == 0]
    return "\n".join(lines) + "\n"


def _called(found: Sequence[Number]) -> Iterator[tuple[Number, str]]:
    """Each with an id of its own: a second one of an id is counted."""
    seen: Counter[str] = Counter()
    for one in found:
        seen[one.id] += 1
        yield one, one.id if seen[one.id] == 1 else f"{one.id}-{seen[one.id]}"


def _claim(one: Number, name: str, splits: Sequence[str]) -> Iterator[str]:
    yield f"- id: {text(name)}"
    yield f"  text: {text(one.name.replace('_', ' '))}"
    yield f"  value: {flow(one.value)}"
    yield f"  {_split(one, splits)}"


def _split(one: Number, splits: Sequence[str]) -> str:
    """The claim's split, by the project's own name for it; else the question, with the names there are."""
    meant = [name for name in splits if one.split is not None and (name == one.split or SPLITS[one.split].match(name))]
    if meant:
        return f"split: {text(meant[0])}"
    if one.split is not None:
        return f"# {ASKED_SPLIT} by its name {text(one.split)}, of which none was found"
    known = ", ".join(text(name) for name in splits)
    return f"# {ASKED_SPLIT}" + (f" known: {known}" if known else "")
