"""The project's git repository, read through GitPython and never changed.

Nothing here needs a network or writes into the repository: optional locks are off, no file monitor is started, no
protocol is allowed. What cannot be read comes back as `Absent`, with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from reprobundle.components.code.remotes import holds_credential, public_address
from reprobundle.components.code.section import Repository, Submodule

MAX_NESTED = 16

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_LITERAL_PATHSPECS": "0",
}
_REDIRECTIONS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")
_LINK, _GITLINK = b"120000", b"160000"


@dataclass(frozen=True)
class Absent:
    """Why there is no repository to read.

    Attributes:
        reason: In a few words, to follow a colon.
        hint: The way out, if there is one.
    """

    reason: str
    hint: str | None = None


@dataclass(frozen=True)
class Checkout:
    """A repository with its working tree.

    Attributes:
        root: The working tree's top folder, links resolved.
        facts: What is recorded of it.
        submodules: The repositories inside it, sorted by path.
        tracked: Path of every tracked file, submodules' included, relative to the root, sorted; bytes that are no
            text stand as surrogates.
        missing: Paths of submodules that are not checked out.
        cut: Where a remote's address holds a credential, which is not recorded: its name, of submodules after the path.
    """

    root: Path
    facts: Repository
    submodules: tuple[Submodule, ...]
    tracked: tuple[str, ...]
    missing: tuple[str, ...]
    cut: tuple[str, ...] = ()


def read(folder: Path) -> Checkout | Absent:
    """The repository around a folder, or why there is none to read."""
    set_here = [name for name in _REDIRECTIONS if name in os.environ]
    if set_here:
        return Absent(f"the variable {set_here[0]} is set and could name another one", f"unset {set_here[0]}")
    git = load()
    try:
        return _read(folder)
    except git.GitCommandNotFound:
        return Absent("git is not there", "install git, or put it on PATH")
    except git.GitCommandError as error:
        return _absent(str(error.stderr))


def load() -> ModuleType:
    """GitPython, imported so that a missing git is found by the first command and not by the import."""
    before = os.environ.get("GIT_PYTHON_REFRESH")
    os.environ["GIT_PYTHON_REFRESH"] = "quiet"
    try:
        import git
    finally:
        if before is None:
            del os.environ["GIT_PYTHON_REFRESH"]
        else:
            os.environ["GIT_PYTHON_REFRESH"] = before
    return git


def command(folder: Path, *arguments: str) -> bytes:
    """What a git command prints, run in a folder.

    Raises:
        GitCommandError: It failed.
        GitCommandNotFound: There is no git.
    """
    output = (
        load()
        .Git(folder)
        .execute(argv(arguments), env=_ENVIRONMENT, stdout_as_string=False, strip_newline_in_stdout=False)
    )
    assert isinstance(output, bytes)  # what stdout_as_string=False gives
    return output


def argv(arguments: Sequence[str]) -> list[str]:
    """The whole command line, with what must hold for each call."""
    return ["git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]


def _read(folder: Path) -> Checkout | Absent:
    root = Path(os.fsdecode(_line(folder, "rev-parse", "--show-toplevel"))).resolve()
    if not _line_or_nothing(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        return Absent("the git repository has no commit yet", "git add and git commit, then capture again")
    tracked: set[str] = set()
    submodules: dict[str, Submodule] = {}
    missing: set[str] = set()
    for path, nested in _walk(root, "", 0):
        if nested is None:
            tracked.add(path)
        elif nested.commit is None:
            missing.add(path)
        else:
            submodules[path] = nested
    nested_sorted = tuple(submodules[path] for path in sorted(submodules))
    cut = _with_credentials(root, [path for path in submodules if submodules[path].commit])
    return Checkout(root, _facts(root), nested_sorted, tuple(sorted(tracked)), tuple(sorted(missing)), cut)


def _with_credentials(root: Path, nested: Sequence[str]) -> tuple[str, ...]:
    """Which remotes that are recorded have a password or a token in their address."""
    found = []
    for path in ("", *sorted(nested)):
        name, url = _remote_as_it_is(root / path)
        if holds_credential(url):
            found.append(f"{path}: {name}" if path else name)
    return tuple(found)


def _facts(root: Path) -> Repository:
    status = command(root, "status", "--porcelain=v1", "-z", "--untracked-files=no", "--ignore-submodules=none")
    return Repository(
        commit=_text(root, "rev-parse", "--verify", "HEAD^{commit}"),
        tree=_text(root, "rev-parse", "--verify", "HEAD^{tree}"),
        branch=_line_or_nothing(root, "symbolic-ref", "--quiet", "--short", "HEAD") or None,
        remote=_remote(root),
        dirty=bool(status),
        shallow=_text(root, "rev-parse", "--is-shallow-repository") == "true",
    )


def _remote(root: Path) -> str | None:
    _, url = _remote_as_it_is(root)
    return public_address(url)


def _remote_as_it_is(root: Path) -> tuple[str, str]:
    """The name and the address of the remote that is recorded; empty where there is none."""
    names = command(root, "remote").decode("utf-8", "replace").split()
    if not names:
        return "", ""
    name = "origin" if "origin" in names else names[0]
    return name, _line_or_nothing(root, "config", "--get", f"remote.{name}.url")


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, Submodule | None]]:
    for record in command(folder, "ls-files", "-z", "--stage").split(b"\0"):
        if not record:
            continue
        about, _, name = record.partition(b"\t")
        path = prefix + os.fsdecode(name)
        if about.startswith(_GITLINK):
            yield from _nested(folder / os.fsdecode(name), path, depth + 1)
        else:
            yield path, None


def _nested(folder: Path, path: str, depth: int) -> Iterator[tuple[str, Submodule | None]]:
    commit = None
    if depth <= MAX_NESTED and os.path.lexists(folder / ".git") and not folder.is_symlink():
        commit = _line_or_nothing(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") or None
    remote = _remote(folder) if commit else None
    yield path, Submodule(path=printable(path), commit=commit, remote=remote)
    if commit:
        yield from _walk(folder, path + "/", depth)


def printable(path: str) -> str:
    r"""A path as text that any document can hold: bytes that are no text become ``\udcff``."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _line(folder: Path, *arguments: str) -> bytes:
    return command(folder, *arguments).rstrip(b"\r\n")


def _text(folder: Path, *arguments: str) -> str:
    return _line(folder, *arguments).decode("utf-8", "replace")


def _line_or_nothing(folder: Path, *arguments: str) -> str:
    try:
        return _text(folder, *arguments)
    except load().GitCommandError as error:
        if error.status == 1:  # git's way to say: there is no such thing
            return ""
        raise


def _absent(trouble: str) -> Absent:
    if "dubious ownership" in trouble:
        hint = "own the folder, or allow it: git config --global --add safe.directory FOLDER"
        return Absent("git refuses it, because the folder belongs to another user", hint)
    if "not a git repository" in trouble or "must be run in a work tree" in trouble:
        return Absent(
            "the project lies in no git repository", "git init, git add, git commit: then the commit is known"
        )
    return Absent("git could not read it", "see what 'git status' says in the project's folder")
