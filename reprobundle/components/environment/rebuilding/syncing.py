"""Making an existing environment of the reviewer's agree with the lock, with pip-sync: the one use of it.

pip-sync starts the environment's own Python outside the walls, and so whatever packages in it run at every start: those of
the last sync at the next one, and at every use of that environment. What comes from an index was chosen by the bundle's
author, too. So there is no sync behind walls: it is for bundles one has reason to trust.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.lock import write_lock
from reprobundle.components.environment.rebuilding import failures
from reprobundle.components.environment.rebuilding.places import Options, Wanted
from reprobundle.components.environment.rebuilding.wanted import read_wanted
from reprobundle.components.environment.section import Section
from reprobundle.errors import UnavailableError
from reprobundle.sandbox import Sandbox

NOT_INHERITED = frozenset({"PIP_REQUIRE_VIRTUALENV", "PIP_DRY_RUN", "PIP_TARGET", "PIP_PREFIX"})


def sync(
    section: Section, bundle: Path, python: Path, *, sandbox: Sandbox, options: Options, say: Callable[[str], None]
) -> None:
    """Install what the lock pins, remove what it does not name.

    Args:
        section: The recorded environment.
        bundle: The verified view of the bundle.
        python: The environment's Python; pip must be installed in it.
        sandbox: The walls the model will run behind; only without any is a sync done.
        options: Where packages may come from.
        say: Called with a line of progress.

    Raises:
        UnavailableError: A wheel is not to be had, or there are walls.
        RefusedInputError: The lock breaks a rule, or an archive does not match its hash.
        ProcessError: pip-sync failed in another way.
    """
    wanted = read_wanted(section, bundle, portable=False)
    if sandbox.kind != "none":
        message = "a sync lets what the bundle's author chose run outside the walls, whenever that environment is used"
        raise UnavailableError(message, hint="replay with --env rebuild, or accept the risk: --sandbox none")
    say(f"syncing {str(python)!r} with {len(wanted.pins)} locked packages")
    with tempfile.TemporaryDirectory(prefix="reprobundle-") as folder:
        finished = _run(wanted, python, Path(folder), options)
    if finished.code != 0:
        raise failures.explain(finished.text, f"syncing {len(wanted.pins)} packages", finished.code)


def _run(wanted: Wanted, python: Path, folder: Path, options: Options) -> process.Finished:
    lock = folder / "requirements.txt"
    lock.write_bytes(write_lock(wanted.pins))
    command: list[str | Path] = [sys.executable, "-m", "piptools", "sync", "--quiet", "--no-config"]
    command += ["--python-executable", python, "--pip-args", shlex.join(_pip_arguments(wanted, options))]
    links = [*options.find_links, *sorted({wheel.parent for wheel in wanted.own.values()})]
    command += [option for place in links for option in ("--find-links", str(place.absolute()))]
    command += [option for url in options.index_urls[:1] for option in ("--index-url", url)]
    more = (*options.index_urls[1:], *(() if options.offline else sorted(set(wanted.hints.values()))))
    command += [option for url in more for option in ("--extra-index-url", url)]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return process.run([*command, lock], env=environment, cwd=folder, timeout=options.timeout)


def _pip_arguments(wanted: Wanted, options: Options) -> list[str]:
    arguments = ["--no-deps", "--only-binary", ":all:", "--no-compile"]
    arguments += ["--require-hashes"] if wanted.hashed else []
    return [*arguments, *(["--no-index"] if options.offline else [])]
