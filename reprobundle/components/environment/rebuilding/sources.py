"""Building what is offered as source only: fetched without running it, built inside the walls without a network.

What the build needs (its back end) is fetched as wheels by the names that the archive gives, with the reviewer's own
settings; a build that turns out to need more fails, and says so. Only ever done when the reviewer asked for it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from reprobundle import process
from reprobundle.components.environment.installers import pip_folder, pip_runner
from reprobundle.components.environment.lock import Pin, is_wheel_of, write_lock
from reprobundle.components.environment.rebuilding import failures
from reprobundle.components.environment.rebuilding.downloading import download_command
from reprobundle.components.environment.rebuilding.places import Task
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError

FETCHING = Path(__file__).with_name("fetching_source.py")
NEEDS = Path(__file__).with_name("source_needs.py")
ASK_SECONDS = 120.0
MAX_NEEDS = 100
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?"
_VERSIONS = r"(?:~=|==|!=|<=|>=|<|>)[0-9A-Za-z][0-9A-Za-z.!+*_-]{0,127}"
_NEED = re.compile(rf"{_NAME}(?:\[{_NAME}(?:,{_NAME}){{0,20}}\])?(?:{_VERSIONS}(?:,{_VERSIONS}){{0,20}})?")
SETTINGS = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "SOURCE_DATE_EPOCH": "315532800",
    "PYTHONHASHSEED": "0",
}


def build_wheels(task: Task, pins: Sequence[Pin], options: Sequence[str], variables: dict[str, str]) -> None:
    """Put a wheel of every pin, built from its source archive, into the task's folder of wheels.

    Args:
        task: The environment that is built.
        pins: What no index offers as a wheel that fits.
        options: pip's options that name the reviewer's indexes.
        variables: The environment of whatever asks an index.

    Raises:
        UnavailableError: There is no source archive either, or none with a hash of the lock.
        RefusedInputError: What a build needs is named by an address, or built to something else than the pin.
        ProcessError: A build failed.
    """
    folder, back_ends, made = (task.place.scratch / name for name in ("sources", "back-ends", "built"))
    for place in (folder, back_ends, made):
        place.mkdir(parents=True, exist_ok=True)
    archives = [_fetch(task, one, folder, options, variables) for one in pins]
    _fetch_back_ends(task, _needs(task, archives), back_ends, options, variables)
    built = []
    for one, archive in zip(pins, archives, strict=True):
        task.say(f"building {one.requirement} from its source, inside the sandbox")
        built.append(_build(task, one, archive, back_ends, made / one.name))
    for wheel in built:
        wheel.rename(task.place.house / wheel.name)


def _fetch(task: Task, one: Pin, folder: Path, options: Sequence[str], variables: dict[str, str]) -> Path:
    arguments: list[str | Path] = [one.name, one.version, folder, ",".join(one.hashes), *options]
    finished = process.run(
        [sys.executable, FETCHING, *arguments], env=variables, cwd=folder, timeout=task.options.timeout
    )
    if finished.code != 0:
        failures.note(finished, task.place)
        if failures.unknown(finished.text):
            which = "source archive with a hash of the lock" if one.hashes else "source archive"
            raise UnavailableError(
                f"{one.requirement}: neither a wheel that fits this machine nor a {which} is offered",
                hint=failures.OWN_WAY_OUT,
            )
        raise failures.explain(finished.text, f"fetching the source of {one.requirement}", finished.code)
    name = finished.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if not _is_source_of(name, one) or not (folder / name).is_file():
        raise RefusedInputError(f"{one.requirement}: expected its source archive, found {name[:200]!r}")
    return folder / name


def _is_source_of(name: str, one: Pin) -> bool:
    try:
        found, version = parse_sdist_filename(name)
    except InvalidSdistFilename:
        return False
    return str(found) == one.name and str(version) == one.version


def _needs(task: Task, archives: Sequence[Path]) -> list[str]:
    """What the archives say their builds need, read where a hostile archive can do no harm."""
    python = task.interpreter.python
    finished = task.sandbox.run(
        [python, "-I", "-B", NEEDS, pip_folder(), *archives],
        reads=[NEEDS, pip_folder(), *archives, *task.interpreter.folders],
        writes=(),
        env={},
        timeout=ASK_SECONDS,
    )
    try:
        told = json.loads(finished.required("reading a source archive").stdout)
    except (ValueError, ProcessError) as error:
        raise RefusedInputError(
            "a source archive does not say what its build needs in a form that can be read"
        ) from error
    if not isinstance(told, list) or len(told) > MAX_NEEDS:
        raise RefusedInputError(f"a source archive names more than {MAX_NEEDS} distributions that its build needs")
    return [_plain(str(need)) for need in told]


def _plain(need: str) -> str:
    """A requirement in the one form that is passed on: a name, extras, versions; nothing that has another meaning to pip.

    Raises:
        RefusedInputError: It is of another form, such as an address.
    """
    if not _NEED.fullmatch(need):
        raise RefusedInputError(f"a build needs {need[:200]!r}: expected a name and versions")
    return need


def _fetch_back_ends(
    task: Task, needs: Sequence[str], house: Path, options: Sequence[str], variables: dict[str, str]
) -> None:
    if not needs:
        return
    wanted = house.with_name("back-ends.txt")
    wanted.write_text("".join(f"{need}\n" for need in needs), encoding="utf-8")
    finished = process.run(
        [*download_command(task.interpreter.python), "--dest", house, "--requirement", wanted, *options],
        env=variables,
        cwd=house,
        timeout=task.options.timeout,
    )
    if finished.code != 0:
        failures.note(finished, task.place)
        raise failures.explain(finished.text, f"fetching what builds need ({', '.join(needs)})", finished.code)


def _build(task: Task, one: Pin, archive: Path, back_ends: Path, made: Path) -> Path:
    lock, work = (task.place.scratch / name for name in ("build.txt", "work"))
    lock.write_bytes(write_lock([one]))
    for folder in (made, work):
        folder.mkdir(exist_ok=True)
    command: list[str | Path] = [*pip_runner(task.interpreter.python), "wheel", "--no-cache-dir", "--no-deps"]
    command += [
        "--no-index",
        "--find-links",
        archive.parent,
        "--find-links",
        back_ends,
        "--find-links",
        task.place.house,
    ]
    command += ["--no-binary", one.name, "--wheel-dir", made, *(["--require-hashes"] if one.hashes else [])]
    finished = task.sandbox.run(
        [*command, "--requirement", lock],
        reads=[pip_folder(), archive.parent, back_ends, task.place.house, lock, *task.interpreter.folders],
        writes=[made, work],
        env={**SETTINGS, "TMPDIR": str(work), "HOME": str(work)},
        timeout=task.options.timeout,
        cwd=work,
    )
    if finished.code != 0:
        failures.note(finished, task.place)
        raise failures.explain(finished.text, f"building {one.requirement}", finished.code)
    return _built(one, made)


def _built(one: Pin, made: Path) -> Path:
    """The wheel that a build left; whatever else it left, a link above all, is not touched.

    Raises:
        RefusedInputError: There is none of exactly this pin.
    """
    with os.scandir(made) as found:
        names = sorted(entry.name for entry in found if entry.is_file(follow_symlinks=False))
    name = next((name for name in names if is_wheel_of(name, one.name, one.version)), None)
    if name is None:
        raise RefusedInputError(f"{one.requirement}: its source was built to another distribution or version")
    return made / name
