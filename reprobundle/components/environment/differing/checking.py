"""What is installed and set where a replay ran, beside what was recorded: each difference with its grade and reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.existing import check_files, check_unbundled
from reprobundle.components.environment.differing.facts import (
    NOT_THERE,
    compare_facts,
    facts_of_one,
    flat,
    graded,
    spelt,
    unseen,
)
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.environment.lock import read_lock
from reprobundle.components.environment.section import LOCK_PATH, NAME, Platform, Section
from reprobundle.components.environment.snapshot import surroundings
from reprobundle.components.interface import Site, not_run, same
from reprobundle.phrases import counted
from reprobundle.records import Json
from reprobundle.report import Finding, Grade, Status
from reprobundle.store import inside

SHOWN_NAMES = 5
ACCELERATOR = "an accelerator"
CPU = grading.CPU
ON_CPU = frozenset({CPU})


def check_environment(section: Section, site: Site) -> Iterator[Finding]:
    """Every difference between capture and replay, those that change numbers most first, then what agrees.

    Raises:
        RefusedInputError: The lock breaks its grammar.
    """
    answer = site.answer
    assert answer is not None  # asked before: without an answer there is nothing to compare
    devices = frozenset({answer.device or CPU, *([ACCELERATOR] if site.other_device else [])})
    versions = list(check_distributions(section, site.root, answer.distributions))
    facts = list(check_numerics(section.numerics, answer.facts, devices=devices))
    told_once = without_versions(facts, versions)
    around = check_platform(section.platform, surroundings.system())
    looked = None if site.looked is None else site.looked()
    files = [] if site.packages is None else list(check_files(section, site.root, site.packages, looked))
    unbundled = check_unbundled(section, rebuilt=site.packages is None)
    yield from sorted([*check_device(site), *unbundled, *versions, *files, *told_once, *around], key=_place)


def check_device(site: Site) -> Iterator[Finding]:
    """A finding where the model ran on the processor though it was captured on an accelerator."""
    if site.other_device:
        yield graded("the kind of device differs", grading.OTHER_DEVICE, expected=ACCELERATOR, found=CPU)


def check_distributions(section: Section, root: Path, found: Mapping[str, str] | None) -> Iterator[Finding]:
    """One finding for each locked distribution that is missing or of another version, or one that all agree.

    Args:
        section: The recorded environment.
        root: The verified view, where the lock is.
        found: Version by name of what is installed where the worker ran; None where it did not come so far.

    Raises:
        RefusedInputError: The lock breaks its grammar.
    """
    recorded, word = _recorded(section, root)
    if not recorded or found is None:
        missing = "the worker reported none" if recorded else "the bundle names none"
        yield not_run(NAME, f"distributions were not compared: {missing}")
        return
    here = {str(canonicalize_name(name)): version for name, version in found.items()}
    idle = frozenset(one.name for one in section.distributions if not one.imported)
    differences = list(compare_versions(recorded, here, idle=idle))
    yield from differences or [same(NAME, f"all {len(recorded)} {word} distributions are installed as {word}")]
    yield from _more(sorted(set(here) - set(recorded)))


def compare_versions(
    recorded: Mapping[str, str], here: Mapping[str, str], *, idle: frozenset[str] = frozenset()
) -> Iterator[Finding]:
    """One finding for each recorded distribution that is missing or of another version; those without a say share one.

    Args:
        recorded: Version by normalised name, as locks spell it.
        here: The same of the other side, as found.
        idle: Names that were not imported at capture.
    """
    missing = [name for name in sorted(recorded) if name not in here]
    quiet = [name for name in missing if grading.of_distribution(name, imported=name not in idle).grade is Grade.LOW]
    for name in missing:
        if name not in quiet:
            weight = grading.of_distribution(name, imported=name not in idle)
            yield graded(f"{name} is not installed", weight, expected=recorded[name], found=NOT_THERE)
    yield from _quietly_missing(quiet, recorded, idle)
    for name in sorted(recorded.keys() & here.keys()):
        if spelt(name, here[name]) != recorded[name]:
            yield _other_version(name, recorded[name], here[name], imported=name not in idle)


def check_numerics(
    recorded: Mapping[str, Json], found: Mapping[str, Json], *, devices: frozenset[str] = ON_CPU
) -> Iterator[Finding]:
    """One finding for each fact that differs, those that change numbers most first, or one that all agree.

    Args:
        recorded: The facts of the capture.
        found: The facts of the worker.
        devices: The kinds of device that the model ran on, at capture and here.
    """
    if not found:
        yield not_run(NAME, "facts that change numbers were not compared: the worker reported none")
        return
    before, here = flat(recorded), flat(found)
    differences = sorted(compare_facts(before, here, devices=devices), key=_place)
    yield from differences
    if not differences:
        yield same(NAME, f"all {len(before.keys() & here.keys())} facts that change numbers are as recorded")
    if left := _untold(before, here):
        yield Finding(kind=NAME, status=Status.NOTE, message=left)
    unknown = facts_of_one(here, before)
    if unknown:
        words = "fact that changes numbers is" if len(unknown) == 1 else "facts that change numbers are"
        message = f"{len(unknown)} {words} told here and not recorded: {some(unknown)}"
        yield Finding(kind=NAME, status=Status.NOTE, message=message)


def without_versions(facts: Iterable[Finding], versions: Iterable[Finding]) -> list[Finding]:
    """The findings on facts, without those that only repeat the version of a distribution that has a finding."""
    changed = {finding.message.partition(" ")[0] for finding in versions if finding.grade is not None}
    return [one for one in facts if grading.distribution_of(one.message.partition(" ")[0]) not in changed]


def check_platform(recorded: Platform, here: Platform) -> Iterator[Finding]:
    """One finding for what differs of the system around the process and is no fact of the process itself."""
    if recorded.distribution is None and recorded.container is None:
        return  # an earlier version of this program looked at neither
    pairs = {
        "system.distribution": (recorded.distribution, here.distribution),
        "container": (recorded.container, here.container),
    }
    for name, (before, now) in pairs.items():
        if before != now:
            weight = grading.of_fact(name, devices=ON_CPU)
            yield graded(f"{name} differs", weight, expected=before or "none", found=now or "none")


def _recorded(section: Section, root: Path) -> tuple[dict[str, str], str]:
    """Version by name: of the lock, or of what was installed where nothing could be locked; and the word for it."""
    if section.lock is None:
        return {one.name: spelt(one.name, one.version) for one in section.distributions}, "recorded"
    pins = read_lock(inside(root, LOCK_PATH).read_bytes(), name=LOCK_PATH)
    return {one.name: one.version for one in pins}, "locked"


def _other_version(name: str, recorded: str, found: str, *, imported: bool) -> Finding:
    weight = grading.of_distribution(name, imported=imported)
    if grading.is_same_release(recorded, found):
        why = weight.why if weight == grading.NOT_IMPORTED else grading.OTHER_BUILD
        return graded(f"{name} is another build", Judgement(weight.grade, why), expected=recorded, found=found)
    return graded(f"{name} has another version", weight, expected=recorded, found=found)


def _quietly_missing(names: list[str], recorded: Mapping[str, str], idle: frozenset[str]) -> Iterator[Finding]:
    """What weighs little and is missing: each by itself where there are few, else all in one."""
    if len(names) <= SHOWN_NAMES:
        for name in names:
            weight = grading.of_distribution(name, imported=name not in idle)
            yield graded(f"{name} is not installed", weight, expected=recorded[name], found=NOT_THERE)
        return
    weight = grading.NOT_IMPORTED if idle.issuperset(names) else grading.NOT_KNOWN
    message = f"{len(names)} distributions that weigh little are not installed: {some(names)}"
    yield graded(message, weight, expected="there", found=NOT_THERE)


def _more(names: list[str]) -> Iterator[Finding]:
    """What is installed beside the record: graded where libraries use it unasked, the rest counted in one note."""
    weights = {name: grading.of_extra(name) for name in names}
    for name, weight in weights.items():
        if weight is not None:
            yield graded(f"{name} is installed, which was not recorded", weight, expected=NOT_THERE, found="there")
    rest = [name for name, weight in weights.items() if weight is None]
    if rest:
        are = "is" if len(rest) == 1 else "are"
        message = f"{counted(len(rest), 'distribution')} {are} installed that the lock does not name: {some(rest)}"
        yield Finding(kind=NAME, status=Status.NOTE, message=message)


def _untold(before: Mapping[str, Json], here: Mapping[str, Json]) -> str:
    """How many recorded facts had nothing beside them; empty where all had."""
    left = unseen(before, here)
    if not left:
        return ""
    facts = "1 recorded fact was" if len(left) == 1 else f"{len(left)} recorded facts were"
    return f"{facts} not compared, as the library was not loaded here: {some(left)}"


def some(names: Iterable[str]) -> str:
    """The first few names, and whether there are more."""
    listed = list(names)
    return ", ".join(listed[:SHOWN_NAMES]) + (", …" if len(listed) > SHOWN_NAMES else "")


def _place(finding: Finding) -> int:
    return grading.most_first(finding.grade)
