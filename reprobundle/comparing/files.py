"""The files of two bundles, each under the kind it belongs to, compared by their digests and, where that helps, inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from reprobundle import tensors
from reprobundle.changes import TextFinding
from reprobundle.comparing import cards, measured, texts, vendored
from reprobundle.comparing.pairs import Pair, Roots
from reprobundle.comparing.values import NOT_IN_BOTH
from reprobundle.components import (
    code,
    data,
    documentation,
    environment,
    hyperparameters,
    model,
    outputs,
    preprocessing,
)
from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.hyperparameters import generators, states
from reprobundle.components.outputs.section import CALIBRATION, SKETCHES
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, Grade, Status
from reprobundle.store import FileEntry, inside

if TYPE_CHECKING:
    import numpy as np

KIND = "files"
VIEWS = "views"
SHOWN = 10
MAX_LOOKED_INTO = 2**30  # bytes of a file of tensors; a larger one is only said to differ
HOMES = {
    "environment/": environment.NAME,
    "code/": code.NAME,
    "data/": data.NAME,
    "preprocessing/": preprocessing.NAME,
    "replay/": outputs.NAME,
    "documentation/": documentation.NAME,
}
IMPORTABLE = ("code/source/", "code/outside/")
WHEEL = ".whl"
NOT_LOADED = Judgement(Grade.MEDIUM, "it was not imported at capture, but code may read it")
NOT_TOLD = "one bundle brings it; whether the other one's is the same cannot be told"
IN_WORDS = {  # files whose numbers mean nothing one by one
    generators.FILE: "the random generators stood elsewhere",
    states.TENSORS: "the states to continue the training from differ",
    states.STRUCTURE: "the states to continue the training from differ in their structure or plain values",
}
HOW_REBUILT = Judgement(Grade.LOW, "it decides how to rebuild, not how numbers are computed")


def by_kind(a: Manifest, b: Manifest) -> dict[str, list[Pair]]:
    """Every path of two bundles, sorted, under the kind it belongs to; ``files`` holds what belongs to none."""
    ours, theirs = ({entry.path: entry for entry in manifest.files} for manifest in (a, b))
    modules = frozenset(module.path for manifest in (a, b) for module in manifest.code.modules)
    found: dict[str, list[Pair]] = {}
    for path in sorted({*ours, *theirs}):
        repeats = _repeated(path, a) or _repeated(path, b)
        pair = Pair(
            path,
            ours.get(path),
            theirs.get(path),
            repeats,
            _weight(path, modules, in_both=path in ours and path in theirs),
        )
        found.setdefault(_kind(path, a if path in ours else b), []).append(pair)
    return found


def differences(kind: str, pairs: Sequence[Pair], values: Sequence[Finding], roots: Roots | None) -> Iterator[Finding]:
    """One finding for each file of a kind whose bytes differ, at most ten and a count of the rest.

    Args:
        kind: The kind.
        pairs: Its files.
        values: The differences of its section; a file that only repeats one of them is left out.
        roots: The folders of both bundles; None: no file is looked at.
    """
    changed = [pair for pair in pairs if pair.differs and not _is_repeated(pair, values)]
    brought = vendored.only_brought(changed, roots)
    yield from vendored.told(kind, brought)
    changed = [pair for pair in changed if pair not in brought]
    room = texts.SHOWN_LINES
    for pair in changed[:SHOWN]:
        found = _of_text(kind, pair, roots, room) or _finding(kind, pair, roots)
        room -= len(found.lines) if isinstance(found, TextFinding) else 0
        yield _graded(found, pair.weight)
    if len(changed) > SHOWN:
        rest = changed[SHOWN:]
        more = Finding(kind=kind, status=Status.DIFFERS, message=f"and {len(rest):,} more of its files")
        yield min((_graded(more, pair.weight) for pair in rest), key=lambda item: grading.most_first(item.grade))


def _kind(path: str, manifest: Manifest) -> str:
    if path in manifest.views:
        return VIEWS
    if path in manifest.preprocessing.files:
        return preprocessing.NAME
    if path in _of_training(manifest):
        return hyperparameters.NAME
    if path in _of_model(manifest) or path == manifest.model.configuration:
        return model.NAME
    return next((kind for home, kind in HOMES.items() if path.startswith(home)), KIND)


def _repeated(path: str, manifest: Manifest) -> str | None:
    """What the section calls the content of the file: the manifest holds the digests of splits and tensors, too."""
    if path in _of_model(manifest) and path.endswith((".safetensors", ".index.json")):
        return "tensor"
    if path == manifest.documentation.path:
        return cards.FIELD
    splits = manifest.data.splits
    return next((repr(split.name) for split in splits if path in {split.listing, split.parts, split.statistics}), None)


def _of_model(manifest: Manifest) -> tuple[str | None, ...]:
    """The files of the weights."""
    return (*manifest.model.files, manifest.model.index, manifest.model.buffers_file)


def _of_training(manifest: Manifest) -> tuple[str | None, ...]:
    """The files of random generators and of states to continue from."""
    section = manifest.hyperparameters
    kept = (section.resuming.structure, section.resuming.tensors) if section.resuming else ()
    return (section.generators.file if section.generators else None, *kept)


def _is_repeated(pair: Pair, values: Sequence[Finding]) -> bool:
    return pair.repeats is not None and any(pair.repeats in finding.message for finding in values)


def _graded(finding: Finding, weight: Judgement | None) -> Finding:
    return finding if weight is None else finding.model_copy(update={"grade": weight.grade, "why": weight.why})


def _weight(path: str, modules: frozenset[str], *, in_both: bool) -> Judgement | None:
    """What another content of a file weighs, where that can be told by its place."""
    if path in modules:
        return grading.OTHER_CODE
    if path.startswith(IMPORTABLE):
        return NOT_LOADED
    if not path.startswith("environment/"):
        return None
    if not path.endswith(WHEEL):
        return HOW_REBUILT
    name = canonicalize_name(path.rpartition("/")[2].partition("-")[0])
    return Judgement(grading.of_distribution(str(name)).grade, grading.OTHER_BYTES if in_both else NOT_TOLD)


def _finding(kind: str, pair: Pair, roots: Roots | None) -> Finding:
    expected, found = (None if entry is None else _text(entry) for entry in (pair.first, pair.second))
    message = (
        f"{pair.path} {NOT_IN_BOTH}" if expected is None or found is None else f"{pair.path}: {_what(pair, roots)}"
    )
    return Finding(kind=kind, status=Status.DIFFERS, message=message, expected=expected, found=found)


def _of_text(kind: str, pair: Pair, roots: Roots | None, room: int) -> TextFinding | None:
    """The changed lines of a file of the source; None for what is no text in both bundles."""
    if kind != code.NAME or roots is None or pair.first is None or pair.second is None:
        return None
    changed = texts.changed(inside(roots[0], pair.path), inside(roots[1], pair.path), room)
    if changed is None:
        return None
    plain = _finding(kind, pair, None).model_copy(update={"message": f"{pair.path}: {changed.words}"})
    return TextFinding(**plain.model_dump(), lines=changed.lines, left_out=changed.left_out)


def _text(entry: FileEntry) -> str:
    return f"{counted(entry.size, 'byte')}, {entry.xxh3_128}"


def _what(pair: Pair, roots: Roots | None) -> str:
    """What differs inside, where both files are at hand and hold tensors."""
    entries = [entry for entry in (pair.first, pair.second) if entry is not None]
    words = IN_WORDS.get(pair.path)
    if roots is not None and pair.path in {CALIBRATION, SKETCHES}:
        return measured.in_words(pair.path, roots) or "content differs"
    if roots is None or not pair.path.endswith(".safetensors") or any(e.size > MAX_LOOKED_INTO for e in entries):
        return words or "content differs"
    ours, theirs = (tensors.read_arrays(inside(root, pair.path)) for root in roots)
    names = [name for name in dict.fromkeys([*ours, *theirs]) if not _is_same(ours.get(name), theirs.get(name))]
    if not names:
        return "content differs, though every tensor in it is the same"
    if words is not None:
        return f"{words}: {some([repr(name) for name in names], SHOWN)}"
    told = [f"{name!r} ({_how(name, ours, theirs)})" for name in names[:SHOWN]]
    verb = "differs" if len(names) == 1 else "differ"
    return f"{len(names)} of {len({*ours, *theirs})} tensors {verb}: {some([*told, *names[SHOWN:]], SHOWN)}"


def _is_same(one: np.ndarray[Any, Any] | None, other: np.ndarray[Any, Any] | None) -> bool:
    if one is None or other is None:
        return False
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def _how(name: str, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    from reprobundle import comparison

    if name not in ours or name not in theirs:
        return NOT_IN_BOTH
    compared = comparison.compare(name, ours[name], theirs[name])
    if compared.max_absolute is not None:
        return f"by at most {compared.max_absolute:.3g}"
    return compared.reason or "other bits"
