"""The peers that keep files in a repository: dvc, git, git-lfs, datalad. A new repository before each turn, by hard links."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks.environments import system_program
from benchmarks.files import link_all, remove
from benchmarks.job import Bed, Missing, Way, attempt

DATA = "data"
NOBODY = {
    "GIT_AUTHOR_NAME": "nobody",
    "GIT_AUTHOR_EMAIL": "nobody@example.org",
    "GIT_COMMITTER_NAME": "nobody",
    "GIT_COMMITTER_EMAIL": "nobody@example.org",
    "GIT_CONFIG_NOSYSTEM": "1",
    "DVC_NO_ANALYTICS": "1",
}


def adding(bed: Bed, source: Path, *, only: tuple[str, ...]) -> Iterator[Way | Missing]:
    """What each needs to take the files of a folder in for the first time.

    Args:
        bed: Where it is done.
        source: The files.
        only: Which take part.
    """
    makers = {"dvc add": _dvc, "git add": _git, "git-lfs add": _git_lfs, "datalad save": _datalad}
    for name in only:
        yield attempt(name, makers[name], bed, source)


def variables(bed: Bed, *folders: Path) -> Mapping[str, str]:
    """Nobody's settings, and programs of these folders first."""
    path = os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")])
    return {**NOBODY, "HOME": str(bed.folder), "PATH": path}


def dvc_repository(bed: Bed, root: Path, source: Path, dvc: Path) -> None:
    """A new repository of dvc that links in place of copying, with an empty state."""
    remove(root)
    link_all(source, root / DATA)
    call(["git", "init", "-q"], root, bed)
    call([str(dvc), "init", "-q"], root, bed)
    call([str(dvc), "config", "core.site_cache_dir", str(root / "site")], root, bed)
    call([str(dvc), "config", "cache.type", "hardlink,copy"], root, bed)


def call(command: list[str], cwd: Path, bed: Bed, *folders: Path) -> None:
    """A command that must succeed."""
    environment = {**os.environ, **variables(bed, *folders)}
    subprocess.run(command, cwd=cwd, env=environment, check=True, capture_output=True)


def _dvc(bed: Bed, source: Path) -> Way:
    dvc, root = bed.peers.program("dvc", "dvc"), bed.folder / "of-dvc"
    return _way(bed, "dvc add", root, (str(dvc), "add", "-q", DATA), lambda: dvc_repository(bed, root, source, dvc))


def _git(bed: Bed, source: Path) -> Way:
    git, root = system_program("git"), bed.folder / "of-git"

    def before() -> None:
        link_all(source, root / DATA)
        call([str(git), "init", "-q"], root, bed)

    return _way(bed, "git add", root, (str(git), "-c", "core.looseCompression=0", "add", DATA), before)


def _git_lfs(bed: Bed, source: Path) -> Way:
    git, lfs, root = system_program("git"), system_program("git-lfs"), bed.folder / "of-git-lfs"

    def before() -> None:
        link_all(source, root / DATA)
        call([str(git), "init", "-q"], root, bed)
        call([str(lfs), "install", "--local", "--skip-smudge"], root, bed)
        call([str(lfs), "track", "*.bin"], root, bed)

    return _way(bed, "git-lfs add", root, (str(git), "add", DATA), before)


def _datalad(bed: Bed, source: Path) -> Way:
    datalad, root = bed.peers.program("datalad", "datalad"), bed.folder / "of-datalad"

    def before() -> None:
        call([str(datalad), "create", str(root)], bed.folder, bed, datalad.parent)
        link_all(source, root / DATA)

    command = (str(datalad), "--on-failure", "stop", "save", "-J", "2", DATA)
    return _way(bed, "datalad save", root, command, before, datalad.parent)


def _way(bed: Bed, name: str, root: Path, command: tuple[str, ...], before: Callable[[], None], *folders: Path) -> Way:
    return Way(
        name=name,
        command=command,
        cwd=root,
        variables=variables(bed, *folders),
        before=before,
        after=lambda: remove(root),
        once=True,
    )
