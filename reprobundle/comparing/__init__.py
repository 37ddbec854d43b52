"""Story 3: two bundles, kind by kind: what differs between what was captured.

Both are verified first, so that what is compared are the files themselves and not what a manifest says of them. A kind
agrees when its section does and every file that belongs to it has the same bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reprobundle.bundle import verify
from reprobundle.comparing import cards, files, notes, seeds, splits, weights
from reprobundle.comparing import claims as claims_of_both
from reprobundle.comparing.files import HOW_REBUILT
from reprobundle.comparing.pairs import Roots
from reprobundle.comparing.values import walk
from reprobundle.components import claims, data, documentation, environment, hyperparameters
from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.environment.differing.side_by_side import FIELDS, compare_environments
from reprobundle.exports import archives
from reprobundle.hosting import silent
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted
from reprobundle.private_folders import private_folder
from reprobundle.report import Finding, Grade, Status

__all__ = ["compare", "compare_manifests"]

HEADER = "bundle"
OWN_DIGEST = "manifest_xxh3_128"  # differs whenever anything does, and says no more
MODEL_GRADES = {  # by the first word of the place in the section
    "framework": Judgement(Grade.HIGH, "another version of what computes the model"),
    "device": grading.OTHER_DEVICE,
    "parameters": grading.OTHER_MODEL,
    "loader": grading.OTHER_MODEL,
    "entry": grading.OTHER_CODE,
    "init": grading.OTHER_MODEL,
}


def compare(
    a: str | os.PathLike[str], b: str | os.PathLike[str], *, say: Callable[[str], None] = silent
) -> tuple[Finding, ...]:
    """Compare two bundles.

    Args:
        a: Folder of the first, whose values are called expected; or an archive of it.
        b: Folder of the second, whose values are called found; or an archive of it. Archives are unpacked into a temporary
            folder.
        say: Called with each line of progress.

    Returns:
        One finding for each value that differs, and for each kind that agrees; kinds in the manifest's own order. What
        changes numbers carries a grade.

    Raises:
        RefusedInputError: One of them is no bundle or differs from its manifest.
    """
    with private_folder() as folders:
        first, second = (verify(archives.unfolded(Path(given), folders, say)) for given in (a, b))
        return compare_manifests(first.manifest, second.manifest, roots=(first.path, second.path))


def compare_manifests(a: Manifest, b: Manifest, *, roots: Roots | None = None) -> tuple[Finding, ...]:
    """Compare what two manifests list.

    Args:
        a: The first.
        b: The second.
        roots: The folders of both bundles, where files that differ are looked into; None: no file is looked at.
    """
    first, second = a.model_dump(mode="json"), b.model_dump(mode="json")
    del first[OWN_DIGEST], second[OWN_DIGEST]
    plain = [key for key, value in first.items() if not isinstance(value, dict | list)]
    header = [finding for key in plain for finding in walk(HEADER, key, first[key], second[key])]
    found = header or [_agrees(HEADER, "name and version agree")]
    owned = files.by_kind(a, b)
    for kind in (key for key in first if key not in plain):
        values = [] if kind == files.KIND else list(_section(kind, a, b, (first[kind], second[kind]), roots))
        content = list(files.differences(kind, owned.get(kind, ()), values, roots))
        found += [*values, *content] or [_agrees(kind, _sameness(kind, len(owned.get(kind, ()))))]
    return tuple(found)


def _section(kind: str, a: Manifest, b: Manifest, values: tuple[Any, Any], roots: Roots | None) -> Iterator[Finding]:
    """The differences of one section, as plain values, the files beside it left out."""
    first, second = values
    if kind == environment.NAME:
        devices = frozenset({a.model.device, b.model.device})
        yield from compare_environments(a.environment, b.environment, devices=devices)
        rest = (_without(part, {*FIELDS, "wheels"}) for part in (first, second))
        yield from (_graded(finding, HOW_REBUILT) for finding in walk(kind, "", *rest))
    elif kind == weights.KIND:
        rest = (_without(part, weights.TOLD_ELSEWHERE) for part in (first, second))
        for finding in walk(kind, "", *rest):
            yield _graded(finding, MODEL_GRADES.get(finding.message.replace(".", " ").split()[0]))
        yield from weights.differences(a, b, roots)
    elif kind == data.NAME:
        yield from splits.differences(a.data, b.data, roots)
    elif kind == hyperparameters.NAME:
        yield from seeds.in_one_line(walk(kind, "", first, second))
    elif kind == documentation.NAME:
        yield from cards.differences(a, b, roots)
    elif kind == claims.NAME:
        yield from claims_of_both.differences(a.claims, b.claims)
    elif kind == notes.KIND:
        yield from notes.differences(a.notes, b.notes)
    else:
        yield from walk(kind, "", first, second)


def _graded(finding: Finding, weight: Judgement | None) -> Finding:
    return finding if weight is None else finding.model_copy(update={"grade": weight.grade, "why": weight.why})


def _without(section: dict[str, Any], keys: frozenset[str] | set[str]) -> dict[str, Any]:
    return {key: value for key, value in section.items() if key not in keys}


def _agrees(kind: str, message: str) -> Finding:
    return Finding(kind=kind, status=Status.SAME, message=message)


def _sameness(kind: str, count: int) -> str:
    own = counted(count, "file")
    if kind == files.KIND:
        return f"all {own} that no section names agree" if count else "there are no other files"
    return f"agrees, with the bytes of its {own}" if count else "agrees"
