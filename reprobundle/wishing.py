"""Reading what a reviewer asks for: what cannot apply, or names nothing, is refused before any work is done."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from reprobundle import hosting
from reprobundle.components.environment.rebuilding.places import Options, python_of
from reprobundle.errors import UsageError

WORDS = get_args(hosting.Environment)
BUILT = frozenset({"rebuild", "portable"})
SCHEMES = frozenset({"http", "https", "file"})


def read_wish(
    env: str | os.PathLike[str], packages: Options, *, sync: bool, timeout: float, say: Callable[[str], None]
) -> hosting.Wish:
    """The environment that is asked for, with all that decides how it is made.

    Args:
        env: A word or a path, as in `replay`.
        packages: Where packages may come from.
        sync: Whether to make the environment of the named Python agree with the lock first.
        timeout: Seconds the model may run.
        say: Called with each line of progress.

    Raises:
        UsageError: It names nothing, or an option does not apply to it.
    """
    wanted = read_env(env)
    if sync and not isinstance(wanted, Path):
        raise UsageError(
            f"sync: is for the path of a Python, found env {wanted!r}",
            hint="name it: --env PATH --sync; an environment that is rebuilt holds what the lock names anyway",
        )
    _refuse_idle(wanted, packages, sync=sync)
    _refuse_bad_places(packages)
    return hosting.Wish(env=wanted, sync=sync, packages=packages, timeout=timeout, say=say)


def read_env(env: str | os.PathLike[str]) -> hosting.Environment | Path:
    """One of the words, or the Python that is named, by its own path or by that of its environment.

    Raises:
        UsageError: It is neither; the hint says what is there instead.
    """
    word = next((word for word in WORDS if word == env), None)
    if word is not None:
        return word  # type: ignore[no-any-return]  # one of the literals
    place = Path(env)
    program = python_of(place) if place.is_dir() else place
    if not program.is_file() or not os.access(program, os.X_OK):
        expected = ", ".join(repr(word) for word in WORDS)
        message = f"env: expected {expected} or the path of a Python, found {os.fspath(env)!r}"
        raise UsageError(message, hint=_instead(place))
    return program.absolute()


def _instead(place: Path) -> str:
    near = difflib.get_close_matches(str(place), WORDS, n=1)
    if place.is_dir():
        return f"that folder is no virtual environment: it has no {python_of(Path()).as_posix()}"
    if place.exists():
        return "that file is no program; the Python of a virtual environment is its bin/python"
    return f"did you mean {near[0]!r}?" if near else "there is nothing at that path"


def _refuse_idle(wanted: hosting.Environment | Path, packages: Options, *, sync: bool) -> None:
    """Make sure that every option has something to do.

    Raises:
        UsageError: One has not.
    """
    if wanted in BUILT:
        return
    idle = {"allow_build": packages.allow_build, "install_python": packages.install_python}
    if not sync:
        idle |= {"index_urls": bool(packages.index_urls), "find_links": bool(packages.find_links)}
    name = next((name for name, given in idle.items() if given), None)
    if name is not None:
        hint = "nothing is installed into an environment that is used as it is"
        raise UsageError(
            f"{name}: is for env 'rebuild' or 'portable', found {str(wanted)!r}", hint=None if sync else hint
        )


def _refuse_bad_places(packages: Options) -> None:
    """Make sure that packages can come from where they are said to come from.

    Raises:
        UsageError: A folder is not there, an index has no address, or is not to be asked.
    """
    for folder in packages.find_links:
        if not folder.is_dir():
            raise UsageError(f"find_links: no folder {str(folder)!r}", hint="give a folder that holds wheels")
    for number, url in enumerate(packages.index_urls, start=1):
        if url.partition("://")[0].lower() not in SCHEMES and not Path(url).is_dir():
            # it may hold a password, so it is not shown
            what = "an address that begins with https:// or http://, or a folder"
            raise UsageError(f"index_urls: expected {what}, found something else at place {number}")
    if packages.offline and packages.index_urls:
        raise UsageError(
            "offline: no index is asked, yet index_urls names one", hint="--find-links names a folder with wheels"
        )
