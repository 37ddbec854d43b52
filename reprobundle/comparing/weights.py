"""The weights of two models: which layers changed, and by how much.

Where both bundles hold them as safetensors the files themselves are compared, tensor by tensor and piece by piece; else the
digests of the manifests are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reprobundle.changes import LayerChange, TensorChange, WeightsFinding
from reprobundle.comparing import layers, weight_files
from reprobundle.comparing.measuring import Sums, has_numbers, is_inexact
from reprobundle.comparing.pairs import Roots
from reprobundle.comparing.side_by_side import SideBySide
from reprobundle.components import model
from reprobundle.components.environment.differing import grading
from reprobundle.components.model import TensorEntry
from reprobundle.manifest import Manifest
from reprobundle.phrases import some
from reprobundle.report import Finding, Grade, Status

KIND = model.NAME
SHOWN = 10
TOLD_ELSEWHERE = frozenset({"tensors", "buffers", "files", "buffers_file", "index", "aliases"})  # fields of the section
LAID_OUT = "every tensor is the same, in other files"
Entries = Mapping[str, TensorEntry]


def differences(a: Manifest, b: Manifest, roots: Roots | None = None) -> Iterator[Finding]:
    """A few findings: tensors with other content, of another form, and those that stand on one side only.

    Args:
        a: The first manifest.
        b: The second.
        roots: The folders of both bundles, verified; None: only the digests of the sections are compared.

    Raises:
        RefusedInputError: The weights' files are not what a section says of them.
    """
    first, second = a.model, b.model
    yield from _ties(first.aliases, second.aliases)
    if roots is None or _are_one(a, b):
        yield from by_digests(weight_files.entries(first), weight_files.entries(second))
        return
    with weight_files.opened(roots[0], first) as ours, weight_files.opened(roots[1], second) as theirs:
        if ours is None or theirs is None:
            yield from by_digests(weight_files.entries(first), weight_files.entries(second))
        else:
            yield from by_content(first, second, SideBySide(ours, theirs))


def _are_one(a: Manifest, b: Manifest) -> bool:
    """Whether the same tensors lie in the same files, byte for byte: nothing is left to be looked into."""
    if weight_files.entries(a.model) != weight_files.entries(b.model) or a.model.aliases != b.model.aliases:
        return False
    ours, theirs = (
        {entry for entry in manifest.files if entry.path in {*manifest.model.files, manifest.model.buffers_file}}
        for manifest in (a, b)
    )
    return ours == theirs


def by_digests(first: Sequence[TensorEntry], second: Sequence[TensorEntry]) -> Iterator[Finding]:
    """What the manifests alone can tell."""
    ours, theirs = ({entry.name: entry for entry in side} for side in (first, second))
    both = [name for name in ours if name in theirs]
    changed = [n for n in both if _form(ours[n]) == _form(theirs[n]) and ours[n].xxh3_128 != theirs[n].xxh3_128]
    if changed:
        verb = "differs" if len(changed) == 1 else "differ"
        values = (ours[changed[0]].xxh3_128, theirs[changed[0]].xxh3_128) if len(changed) == 1 else (None, None)
        yield _finding(f"{len(changed):,} of {len(both):,} tensors {verb}: {_names(changed)}", *values)
    yield from _of_another_form(ours, theirs)


def _ties(first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Finding]:
    """Names that are another name of a tensor on one side, and of none or of another one on the other."""
    told = [
        f"{name!r} ({_tie(first.get(name))} → {_tie(second.get(name))})"
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]
    if told:
        names = "1 name is" if len(told) == 1 else f"{len(told):,} names are"
        yield _finding(f"{names} tied to another tensor: {some(told, SHOWN)}")


def _tie(kept: str | None) -> str:
    return "its own" if kept is None else repr(kept)


def by_content(first: model.Section, second: model.Section, both_sides: SideBySide) -> Iterator[Finding]:
    """What the files themselves tell: measured by layer."""
    tied = {name for name, kept in first.aliases.items() if second.aliases.get(name) == kept}
    sides = [{e.name: e for e in weight_files.entries(one) if e.name not in tied} for one in (first, second)]
    both = [name for name in sides[0] if name in sides[1]]
    equal = {name for name in both if both_sides.are_equal(name)}
    changed = [name for name in both if name not in equal]
    if changed:
        yield _measured(sides[0], sides[1], changed, both_sides)
    yield from _of_another_form(*sides)
    yield from _misstated(sides[0], sides[1], equal)
    if not changed and len(both) == len(sides[0]) == len(sides[1]) and first.files != second.files:
        yield _laid_out(first, second)


def _measured(first: Entries, second: Entries, changed: Sequence[str], both_sides: SideBySide) -> WeightsFinding:
    both = [name for name in first if name in second]
    wanted, found = set(changed), list[LayerChange]()
    grouped = layers.by_layer(dict.fromkeys([*first, *second]))
    for layer, names in grouped.items():
        if wanted.intersection(names):
            found.append(_layer(layer, names, wanted, both_sides))
    found.sort(key=_by_change)
    touched = {layer.name for layer in found}
    untouched = layers.untouched([layer for layer in grouped if layer not in touched], touched)
    verb = "differs" if len(changed) == 1 else "differ"
    message = f"{len(changed):,} of {len(both):,} tensors {verb}, in {len(found):,} of {len(grouped):,} layers"
    weight = grading.OTHER_MODEL
    return WeightsFinding(
        kind=KIND, status=Status.DIFFERS, message=message, grade=weight.grade, why=weight.why,
        layers=tuple(found), unchanged=untouched,
    )  # fmt: skip


def _layer(layer: str, names: Sequence[str], changed: set[str], both_sides: SideBySide) -> LayerChange:
    """One layer; its unchanged tensors are read too, for what they add to its norm."""
    changes, sums = list[TensorChange](), Sums()
    for name in names:
        if not both_sides.has_both(name):
            continue
        change, own = both_sides.measure(name)
        if is_inexact(both_sides.ours.places[name].dtype):
            sums += own
        if name in changed:
            changes.append(change)
    told = has_numbers(sums, changes)
    largest = [change.max_absolute for change in changes if change.max_absolute is not None]
    return LayerChange(
        name=layer,
        tensors=len(names),
        relative_l2=sums.relative if told else None,
        cosine=sums.cosine if told else None,
        max_absolute=max(largest, default=None),
        changes=tuple(sorted(changes, key=_by_change)),
    )


def _by_change(one: LayerChange | TensorChange) -> tuple[bool, float, float, str]:
    """Most changed first; what has no relative change, because it was zero or has another shape, before all."""
    relative = one.relative_l2
    return relative is not None, -(relative or 0.0), -(one.max_absolute or 0.0), one.name


def _of_another_form(ours: Entries, theirs: Entries) -> Iterator[Finding]:
    reshaped = [name for name in ours if name in theirs and _form(ours[name]) != _form(theirs[name])]
    if reshaped:
        forms = [f"{name!r} ({_form(ours[name])} → {_form(theirs[name])})" for name in reshaped]
        yield _finding(f"{_count(reshaped)} of another dtype or shape: {some(forms, SHOWN)}")
    for only, place in (([n for n in ours if n not in theirs], 0), ([n for n in theirs if n not in ours], 1)):
        if only:
            sides = ("there", None) if place == 0 else (None, "there")
            yield _finding(f"{_count(only)} not in both: {_names(only)}", *sides)


def _misstated(ours: Entries, theirs: Entries, equal: set[str]) -> Iterator[Finding]:
    wrong = [name for name in ours if name in equal and ours[name].xxh3_128 != theirs[name].xxh3_128]
    if wrong:
        message = f"{_count(wrong)} the same in both files, but the manifests give two digests: {_names(wrong)}"
        yield Finding(
            kind=KIND, status=Status.DIFFERS, message=message, grade=Grade.LOW, why="the record of one bundle is wrong"
        )


def _laid_out(first: model.Section, second: model.Section) -> Finding:
    return Finding(
        kind=KIND, status=Status.DIFFERS, message=LAID_OUT, expected=some(first.files), found=some(second.files),
        grade=Grade.LOW, why="how weights are spread over files changes no number",
    )  # fmt: skip


def _form(entry: TensorEntry) -> str:
    return f"{entry.dtype} {entry.shape}"


def _count(names: Sequence[str]) -> str:
    return "1 tensor is" if len(names) == 1 else f"{len(names):,} tensors are"


def _names(names: Sequence[str]) -> str:
    return some([repr(name) for name in names], SHOWN)


def _finding(message: str, expected: str | None = None, found: str | None = None) -> Finding:
    weight = grading.OTHER_MODEL
    return Finding(
        kind=KIND, status=Status.DIFFERS, message=message, expected=expected, found=found, grade=weight.grade, why=weight.why
    )  # fmt: skip
