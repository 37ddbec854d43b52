"""What a person does about secrets that were met: where each stands tells what takes it out of there."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from reprobundle.phrases import some
from reprobundle.secrecy.section import AS_COMMITTED, CUT_OUT, PATCH, Leak, pattern

NOTEBOOK = ".ipynb"
VALUES = "manifest.json/"
CARD = "documentation/"
WHEELS = "wheels/"
SHOWN = 3
CLEARING = "jupyter nbconvert --clear-output --inplace"
REVOKE = "revoke what others may have seen"
GIT_KEEPS = "revoke it, as git's history keeps it"

Kind = Literal["file", "notebook", "name", "value", "card", "package", "commit"]


def advice(leaks: Iterable[Leak]) -> str:
    """How to get rid of secrets, in one line that ends with revoking them; none of it is a way to let them through.

    Args:
        leaks: What was met.
    """
    found = _by_kind(leaks)
    steps = [_STEPS[kind](list(paths)) for kind, paths in found.items()]
    return "; ".join([*steps, GIT_KEEPS if "commit" in found else REVOKE])


def allowed_by(leaks: Sequence[Leak]) -> str:
    """What lets them through where they are none, as Python has it: ``allow=['hub-token:a.py']``."""
    given = list(dict.fromkeys(repr(pattern(leak.rule, leak.path)) for leak in leaks))
    return f"allow=[{', '.join(given)}]"


def clearing(paths: Iterable[str]) -> str:
    """The command that clears the outputs of notebooks; paths that hold a secret themselves are not repeated."""
    named = [shlex.quote(path) for path in dict.fromkeys(paths) if CUT_OUT not in path]
    return " ".join([CLEARING, *(named[:SHOWN] if len(named) <= SHOWN else ["FILES"])])


def _by_kind(leaks: Iterable[Leak]) -> dict[Kind, dict[str, None]]:
    """The paths of each kind, in the order of the steps; what the last commit has is told as that alone."""
    leaks = tuple(leaks)
    committed = {leak.path.removesuffix(AS_COMMITTED) for leak in leaks if leak.path.endswith(AS_COMMITTED)}
    found: dict[Kind, dict[str, None]] = {}
    for leak in leaks:
        path = leak.path.removesuffix(AS_COMMITTED)
        found.setdefault("commit" if path in committed else _kind(path), {})[path] = None
    return {kind: found[kind] for kind in _STEPS if kind in found}


def _kind(path: str) -> Kind:
    if path == PATCH:
        return "commit"
    if CUT_OUT in path:
        return "name"
    if path.startswith(VALUES):
        return "value"
    if path.startswith(CARD):
        return "card"
    if path.startswith(WHEELS):
        return "package"
    return "notebook" if path.endswith(NOTEBOOK) else "file"


def _of_files(paths: Sequence[str]) -> str:
    return (
        f"take it out of {some(paths, SHOWN)}, read it from a variable (os.environ) where it is needed, and commit that"
    )


def _of_notebooks(paths: Sequence[str]) -> str:
    return f"clear the outputs that show it: {clearing(paths)}; where a cell itself has it, take it out; commit that"


def _of_names(paths: Sequence[str]) -> str:
    return f"give {some(paths, SHOWN)} another name"


def _of_values(paths: Sequence[str]) -> str:
    named = [path.removeprefix(VALUES).replace("/values/", "/", 1) for path in paths]
    return f"do not hand it over as {some(named, SHOWN)}"


def _of_cards(_paths: Sequence[str]) -> str:
    return "take it out of the documentation that you give"


def _of_packages(paths: Sequence[str]) -> str:
    packages = dict.fromkeys(path.removeprefix(WHEELS).partition("/")[0] for path in paths)
    return f"take it out of the source of {some(list(packages), SHOWN)}, and install that again"


def _of_commits(paths: Sequence[str]) -> str:
    """A line that is gone, or that was changed: the difference to the commit tells it."""
    if PATCH in paths:
        return "the last commit has it, so the patch tells it: take it out, and commit that"
    named = " ".join(shlex.quote(path) for path in paths) if len(paths) <= SHOWN else "FILES"
    notebooks = [path for path in paths if path.endswith(NOTEBOOK)]
    outputs = f" (out of outputs: {clearing(notebooks)})" if notebooks else ""
    return (
        f"the last commit has it in {some(paths, SHOWN)}, so the patch would tell it: take it out{outputs}, commit that "
        f"(git commit {named}), and capture again"
    )


_STEPS: Mapping[Kind, Callable[[Sequence[str]], str]] = {
    "file": _of_files,
    "notebook": _of_notebooks,
    "name": _of_names,
    "value": _of_values,
    "card": _of_cards,
    "package": _of_packages,
    "commit": _of_commits,
}
