"""What the bundle itself says is missing or false: source, values and splits left out, claims that came out otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from reprobundle.components.claims import differing, failure
from reprobundle.components.code.data_files import REASON as PRIVATE_DATA
from reprobundle.components.code.section import LeftOut
from reprobundle.linting.lints import CARD_HOME, Level, Lint
from reprobundle.linting.rules import in_manifest
from reprobundle.linting.subject import Subject
from reprobundle.manifest import Manifest
from reprobundle.phrases import some
from reprobundle.secrecy import Leak

PROGRAM = frozenset(
    """
    .py .pyi .pyx .ipynb .r .rmd .jl .m .sh .bash .ps1 .c .cc .cpp .cu .cuh .h .hpp .f90 .java .kt .scala .go .rs .js .ts .lua
    .pl .swift
    """.split()  # noqa: SIM905  thirty quotes would hide them
)
SETTINGS = frozenset({".yaml", ".yml", ".toml", ".ini", ".cfg", ".gin"})
SETTINGS_BY_NAME = re.compile(
    r"(.*[._-])?(config|conf|params|parameters|hparams|hyperparameters|settings|args)([._-].*)?\.json"
)
ASIDE = frozenset(
    {"test", "tests", "doc", "docs", "example", "examples", "benchmark", "benchmarks"}
)  # no training needs them
TEST = re.compile(r"test_.*\.py|.*_test\.py|conftest\.py")
MOST = 200  # of one kind that are told one by one
REFUSED = "every replay will say "  # as `rehearsing` begins its note
AGAIN = "mend what is named, and capture again"
WITHOUT = (
    "read it from the environment, revoke it, and capture again; a false alarm is let through at capture by "
    "--allow RULE:PATH"
)


def gaps(subject: Subject) -> Iterator[Lint]:
    """Everything that the bundle says of itself and a reader should not have to search for."""
    manifest = subject.manifest
    if manifest is None:
        return
    yield from _source(manifest)
    yield from _withheld(manifest)
    yield from _data(manifest)
    yield from _found_false(manifest)


def _source(manifest: Manifest) -> Iterator[Lint]:
    for number, left in enumerate(manifest.code.left_out[:MOST]):
        level = _level(left)
        if level is not None:
            message = f"{left.path!r} is not in the bundle: it {left.reason}"
            hint = WITHOUT if "secret" in left.reason else AGAIN
            yield in_manifest("code-left-out", f"code.left_out[{number}]", message, hint=hint, level=level)
    repository = manifest.code.repository
    if repository is not None and repository.dirty and manifest.code.patch is None:
        message = f"the source differs from commit {repository.commit[:12]}, and no patch says in what"
        yield in_manifest("code-patch", "code.patch", message, hint="commit the changes, and capture again")


def _level(left: LeftOut) -> Level | None:
    """How grave it is that a file is missing; None where it was meant to stay out."""
    path = PurePosixPath(left.path)
    if left.reason.startswith(PRIVATE_DATA):
        return None
    ran = path.suffix.casefold() in PROGRAM or "submodule" in left.reason or _is_settings(path)
    return "error" if ran and not _is_aside(path) else "warning"


def _is_settings(path: PurePosixPath) -> bool:
    """Whether it is a configuration, without which a program does not run as it ran; what is hidden is of tools."""
    name = path.name.casefold()
    hidden = any(part.startswith(".") for part in path.parts)
    return not hidden and (path.suffix.casefold() in SETTINGS or SETTINGS_BY_NAME.fullmatch(name) is not None)


def _is_aside(path: PurePosixPath) -> bool:
    """Whether no training needs it: a test, by its folder or its name, a page, an example."""
    return bool(ASIDE & {part.casefold() for part in path.parts[:-1]}) or TEST.fullmatch(path.name) is not None


def _withheld(manifest: Manifest) -> Iterator[Lint]:
    """Secrets that were left out of anything but source and card, where a mark now stands."""
    told = {left.path for left in manifest.code.left_out}
    leaks = manifest.secrecy.left_out if manifest.secrecy is not None else ()
    for leak in leaks[:MOST]:
        if leak.path not in told and not leak.path.startswith(CARD_HOME) and not _is_of_card(leak):
            where = leak.path if leak.line is None else f"{leak.path}, line {leak.line}"
            message = f"{where}: a secret was left out ({leak.rule})"
            yield in_manifest("left-out", "secrecy.left_out", message, hint=WITHOUT, level="warning")


def _is_of_card(leak: Leak) -> bool:
    return leak.path.startswith("manifest.json/documentation")


def _data(manifest: Manifest) -> Iterator[Lint]:
    if manifest.data.left_out:
        names = some([*map(repr, manifest.data.left_out)])
        message = f"{'a data split is' if len(manifest.data.left_out) == 1 else 'data splits are'} left out: {names}"
        hint = "reprobundle show BUNDLE notes says why"
        yield in_manifest("data-left-out", "data.left_out", message, hint=hint)


def _found_false(manifest: Manifest) -> Iterator[Lint]:
    """What capture tried, and found to be otherwise."""
    for number, claim in enumerate(manifest.claims.claims):
        for words in differing(claim):
            message = f"the number {claim.id!r} is false: {words}"
            hint = "correct the number or what computes it, and capture again"
            yield in_manifest("claim-differs", f"claims.claims[{number}]", message, hint=hint)
        failed = failure(claim)
        if failed is not None:
            message = f"the number {claim.id!r} could not be computed: {failed}"
            hint = "reprobundle show BUNDLE notes says why; mend it, and capture again"
            yield in_manifest("claim-failed", f"claims.claims[{number}]", message, hint=hint)
    for number, note in enumerate(manifest.notes):
        if note.kind == "outputs" and note.message.startswith(REFUSED):
            yield in_manifest("replay-refused", f"notes[{number}]", note.message, hint=note.hint)
