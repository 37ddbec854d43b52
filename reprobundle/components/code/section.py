"""The records of the code section and of ``code/git.json``."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle.records import Record
from reprobundle.store.digests import BundlePath

Commit = Annotated[str, pydantic.Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$", description="git object id, hex")]
MainGuard = Literal["present", "missing", "not a script"]


class Repository(Record):
    """The git repository the source came from.

    Attributes:
        commit: The commit checked out.
        tree: The tree of that commit: equal for equal content, whatever the history.
        branch: The branch checked out; None when HEAD is detached.
        remote: Host and path of the remote, without protocol, user, password or query; None when there is none.
        dirty: Whether tracked files differed from the commit.
        shallow: Whether the clone holds only a part of the history.
    """

    commit: Commit
    tree: Commit
    branch: str | None
    remote: str | None
    dirty: bool
    shallow: bool


class Submodule(Record):
    """A repository inside the repository, whose files were copied too.

    Attributes:
        path: Where, relative to the outermost repository.
        commit: The commit checked out there; None when it could not be read.
        remote: Host and path of its remote.
    """

    path: str
    commit: Commit | None
    remote: str | None


class GitFile(Record):
    """``code/git.json``: what a person needs to get the same source from git.

    Attributes:
        repository: The repository.
        submodules: The repositories inside it.
        steps: The commands, in order.
    """

    repository: Repository
    submodules: tuple[Submodule, ...]
    steps: tuple[str, ...]


class ImportedModule(Record):
    """A module of the person's own that was loaded when the capture was made.

    Attributes:
        name: The name by which it is imported.
        path: Its file in the bundle.
    """

    name: str
    path: BundlePath


class LeftOut(Record):
    """A source file that is not in the bundle.

    Attributes:
        path: Relative to ``code/source``; bytes that are no text are escaped.
        reason: Why.
    """

    path: str
    reason: str


class Section(Record):
    """The source that ran.

    Attributes:
        repository: The git repository; None when there was none to read.
        patch: What tracked files have on top of the commit, for ``git apply``; None when nothing.
        import_roots: Folders of the bundle to put on the import path, in order, after the installed packages.
        modules: The person's own modules that were loaded, sorted by name.
        left_out: Source files that are not in the bundle, sorted by path.
        changed_since_start: Files changed after the process, or the training, began; what ran may differ.
        main_guard: Whether the script that was run can be imported without training again; ``not a script`` when
            nothing that a replay needs lives in it.
    """

    repository: Repository | None
    patch: BundlePath | None
    import_roots: tuple[BundlePath, ...]
    modules: tuple[ImportedModule, ...]
    left_out: tuple[LeftOut, ...]
    changed_since_start: tuple[str, ...]
    main_guard: MainGuard
