"""What a person does about secrets that were met: where each stands tells what takes it out of there."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal

from reprobundle.phrases import some
from reprobundle.secrecy.section import AS_COMMITTED, CUT_OUT, PATCH, Leak, pattern

NOTEBOOK = ".ipynb"
VALUES = "manifest.json/"
NOTES = "manifest.json/notes/"  # of the program itself: they repeat what stands elsewhere
CARD = "documentation/"
WHEELS = "wheels/"
TABLES = frozenset({".csv", ".tsv", ".tab", ".psv", ".jsonl", ".ndjson"})
TEXTS = frozenset({".md", ".rst", ".txt", ".tex", ".html", ".bib", ".log", ".adoc"})
MADE = frozenset(
    {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".whl", ".npy", ".npz", ".pkl", ".pickle", ".pt", ".pth", ".joblib"}
    | {
        ".safetensors",
        ".onnx",
        ".h5",
        ".hdf5",
        ".parquet",
        ".feather",
        ".db",
        ".sqlite",
        ".pdf",
        ".png",
        ".jpg",
        ".bin",
    }
)  # no person edits these
SHOWN = 3
CLEARING = "jupyter nbconvert --clear-output --inplace"
REVOKE = "revoke what others may have seen"
GIT_KEEPS = "revoke it, as git's history keeps it"

Kind = Literal["file", "notebook", "name", "value", "card", "package", "note", "commit", "table", "text", "made"]


def advice(leaks: Iterable[Leak]) -> str:
    """How to get rid of secrets, in one line that ends with revoking them; none of it is a way to let them through.

    Args:
        leaks: What was met.
    """
    found = _by_kind(leaks)
    if len(found) > 1:
        found.pop("note", None)
    steps = [_STEPS[kind](list(paths)) for kind, paths in found.items()]
    return "; ".join([*steps, GIT_KEEPS if "commit" in found else REVOKE])


def allowed_by(leaks: Sequence[Leak]) -> str:
    """What lets them through where they are none, as Python has it: ``allow=['hub-token:a.py']``."""
    given = list(dict.fromkeys(repr(pattern(leak.rule, leak.path)) for leak in leaks))
    return f"allow=[{', '.join(given)}]"


def to_tell(leaks: Iterable[Leak]) -> list[Leak]:
    """What a person is told of: a note that only repeats what stands elsewhere is nothing that anybody can edit."""
    leaks = list(leaks)
    return [leak for leak in leaks if not leak.path.startswith(NOTES)] or leaks


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
    if path.startswith(NOTES):
        return "note"
    if path.startswith(VALUES):
        return "value"
    if path.startswith(CARD):
        return "card"
    if path.startswith(WHEELS):
        return "package"
    return _kind_of_file(PurePosixPath(path).suffix.lower())


def _kind_of_file(ending: str) -> Kind:
    if ending in TABLES:
        return "table"
    if ending in TEXTS:
        return "text"
    if ending in MADE:
        return "made"
    return "notebook" if ending == NOTEBOOK else "file"


def _of_files(paths: Sequence[str]) -> str:
    return (
        f"take it out of {some(paths, SHOWN)}, read it from a variable (os.environ) where it is needed, and commit that"
    )


def _of_tables(paths: Sequence[str]) -> str:
    return f"drop the column or the rows that have it from {some(paths, SHOWN)}, and commit that"


def _of_texts(paths: Sequence[str]) -> str:
    return f"take it out of {some(paths, SHOWN)}, and commit that"


def _of_made(paths: Sequence[str]) -> str:
    return f"make {some(paths, SHOWN)} anew without it, and commit that"


def _of_notes(_paths: Sequence[str]) -> str:
    return "a note of the capture repeats it: take it out of what the note is about"


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
    "table": _of_tables,
    "text": _of_texts,
    "made": _of_made,
    "notebook": _of_notebooks,
    "name": _of_names,
    "value": _of_values,
    "card": _of_cards,
    "package": _of_packages,
    "note": _of_notes,
    "commit": _of_commits,
}
