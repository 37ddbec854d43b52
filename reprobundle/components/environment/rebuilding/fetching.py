"""Getting the locked wheels: with this program's pip and the reviewer's own configuration, running no bundle code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from reprobundle import process
from reprobundle.components.environment.lock import Pin, is_wheel_of, write_lock
from reprobundle.components.environment.rebuilding import failures, kept_wheels
from reprobundle.components.environment.rebuilding.downloading import download_command
from reprobundle.components.environment.rebuilding.places import Task
from reprobundle.components.environment.rebuilding.sources import build_wheels
from reprobundle.components.environment.rebuilding.watching import told, watch, wheels_below
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError

NOT_INHERITED = frozenset({"PIP_REQUIRE_VIRTUALENV", "PIP_REQUIRE_HASHES", "PIP_DRY_RUN", "PIP_TARGET", "PIP_PREFIX"})
ASK_SECONDS = 60.0
AT_ONCE = 4
LEAST_SHARE = 8
NOT_FETCHED = "Could not fetch URL"
FEW_RETRIES = {"PIP_RETRIES": "1"}


def fetch(task: Task) -> tuple[Pin, ...]:
    """Put the wheel of every pin that an index has to offer into the task's folder of wheels.

    What a known local label names comes first: where nobody offers it, little was fetched in vain.

    Returns:
        The pins whose wheel was built from source because none is offered; only where the reviewer allows it.

    Raises:
        UnavailableError: No index was reached, or none offers a pin.
        RefusedInputError: An archive does not match its hash, or is another build than the pin.
        ProcessError: pip failed in another way, or ran out of time.
    """
    house, wanted = task.place.house, task.wanted
    missing = kept_wheels.take(wanted.from_index, house, task.interpreter)
    labelled = tuple(one for one in missing if one.name in wanted.hints)
    others = tuple(one for one in missing if one.name not in wanted.hints)
    if labelled:
        _fetch_labelled(task, labelled)
    built = _download_or_build(task, others) if others else ()
    if wanted.closed:
        check_house(wanted.from_index, house)
    kept_wheels.keep([one for one in missing if one not in built], house, task.interpreter)
    return built


def _download_or_build(task: Task, pins: Sequence[Pin]) -> tuple[Pin, ...]:
    """Everything as wheels; else, where it is allowed, what is not offered as a wheel from source, and the rest again."""
    left, sources = list(pins), []
    while left:
        try:
            _download(task, left)
            break
        except failures.NotOfferedError as error:
            missing = next((one for one in left if _means(error.requirement, one)), None)
            if missing is None or not task.options.allow_build or task.options.offline:
                raise
            left.remove(missing)
            sources.append(missing)
    if sources:
        build_wheels(task, sources, _where(task, ()), _variables(task.place.scratch))
    return tuple(sources)


def _means(requirement: str, one: Pin) -> bool:
    name, _, version = requirement.partition("==")
    return canonicalize_name(name) == one.name and version == one.version


def _fetch_labelled(task: Task, pins: Sequence[Pin]) -> None:
    """From the reviewer's own indexes, or else from the public ones of these builds too."""
    try:
        _download(task, pins)
    except UnavailableError as error:
        if task.options.offline or failures.is_final(error):
            raise
        addresses = sorted({task.wanted.hints[one.name] for one in pins})
        task.say(f"looking for {', '.join(one.name for one in pins)} at the public index of its build too")
        try:
            _download(task, pins, addresses, FEW_RETRIES)
        except UnavailableError as second:
            raise error from second  # what the reviewer can change is their own configuration


def _download(
    task: Task, pins: Sequence[Pin], more: Sequence[str] = (), extra: Mapping[str, str] | None = None
) -> None:
    place, options = task.place, task.options
    place.scratch.mkdir(exist_ok=True)
    parts = _parts(pins) if task.wanted.closed else (tuple(pins),)
    commands = [_command(task, part, place.scratch / f"fetch-{number}.txt", more) for number, part in enumerate(parts)]
    every = process.run_together(
        commands,
        env={**_variables(place.scratch), **(extra or {})},
        cwd=place.house,
        timeout=options.timeout,
        watch=watch(task.say, lambda: _described(task, place.scratch)),
    )
    for withdrawn in sorted({pin for finished in every for pin in failures.yanked(finished.text)}):
        task.say(f"{withdrawn} was withdrawn by its authors since it was locked")
    failed = next((finished for finished in every if finished.code != 0), None)
    if failed is not None:
        failures.note(failed, place)
        reasons = _asked_again(task, failures.unknown(failed.text), more)
        raise failures.explain(failed.text + reasons, f"fetching {len(pins)} packages", failed.code)


def _parts(pins: Sequence[Pin]) -> tuple[tuple[Pin, ...], ...]:
    """Shares for several pips side by side: one alone waits for the index most of its time, and reads pages the rest."""
    count = min(AT_ONCE, len(pins) // LEAST_SHARE + 1)
    return tuple(tuple(pins[number::count]) for number in range(count))


def _command(task: Task, pins: Sequence[Pin], lock: Path, more: Sequence[str]) -> list[str | Path]:
    lock.write_bytes(write_lock(pins))
    command = [*download_command(task.interpreter.python), "--dest", task.place.house, "--requirement", lock]
    command += ["--no-deps"] if task.wanted.closed else []
    command += ["--require-hashes"] if pins[0].hashes else []
    return [*command, *_where(task, more), *(["--no-index"] if task.options.offline else [])]


def _asked_again(task: Task, unknown: str | None, more: Sequence[str]) -> str:
    """Why an index did not offer a pin: pip tells only when it is asked to tell everything."""
    if unknown is None or task.options.offline:
        return ""
    command = [*download_command(task.interpreter.python), "-vv", "--no-deps"]
    command += ["--dest", task.place.scratch, *_where(task, more), unknown]
    environment = _variables(task.place.scratch)
    try:
        text = process.run(command, env=environment, cwd=task.place.scratch, timeout=ASK_SECONDS).text
    except ProcessError:
        return ""
    return "\n" + "\n".join(line for line in text.splitlines() if NOT_FETCHED in line)


def _described(task: Task, scratch: Path) -> str:
    """Wheels come into pip's temporary folder first, and into the house all at once."""
    under_way, had = wheels_below(scratch), wheels_below(task.place.house)
    total = len(task.wanted.from_index) if task.wanted.closed else None
    return told("fetched", max(under_way[0], had[0]), total, max(under_way[1], had[1]))


def _where(task: Task, more: Sequence[str]) -> list[str]:
    urls = task.options.index_urls
    options = [option for url in urls[:1] for option in ("--index-url", url)]
    options += [option for url in (*urls[1:], *more) for option in ("--extra-index-url", url)]
    links = task.options.find_links
    return options + [option for folder in links for option in ("--find-links", str(folder.absolute()))]


def _variables(scratch: Path) -> dict[str, str]:
    """The reviewer's own, with what would change the answer left out."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return {**inherited, "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "TMPDIR": str(scratch)}


def check_house(pins: Sequence[Pin], house: Path) -> None:
    """Make sure that every pin has its wheel, of exactly its version and label.

    Raises:
        RefusedInputError: One has none.
    """
    files = sorted(place.name for place in house.iterdir())
    for one in pins:
        if not any(is_wheel_of(file, one.name, one.version) for file in files):
            near = [file for file in files if file.lower().replace("_", "-").startswith(f"{one.name}-")]
            found = repr(near[0]) if near else "nothing"
            raise RefusedInputError(f"{one.requirement}: expected a wheel of exactly this build, found {found}")
