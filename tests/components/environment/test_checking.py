"""Recorded and found environments side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from reprobundle.answers import Answer
from reprobundle.components import environment
from reprobundle.components.environment.differing.checking import check_numerics, check_platform
from reprobundle.components.environment.section import (
    Distribution,
    Interpreter,
    LockFacts,
    Origin,
    Platform,
    Section,
)
from reprobundle.components.interface import Site
from reprobundle.records import Json, from_bytes, to_bytes
from reprobundle.report import Grade, Status

FACTS: dict[str, Json] = {"torch.threads": 2, "cpu.model": "A", "variables": {"OMP_NUM_THREADS": "2"}}


def section(*, locked: bool = True) -> Section:
    """A small recorded environment."""
    return Section(
        interpreter=Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
        platform=Platform(system="Linux", machine="x86_64", libc="glibc 2.36"),
        distributions=(),
        numerics=FACTS,
        lock=LockFacts(hashes="complete", why=None, by="uv") if locked else None,
    )


def site(tmp_path: Path, distributions: dict[str, str], facts: dict[str, Json]) -> Site:
    """A verified view with a lock of two pins, and a worker's answer."""
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "requirements.txt").write_bytes(b"alpha==1.0\nbeta==2.0+cpu\n")
    return Site(root=tmp_path, answer=answer(distributions, facts))


def answer(distributions: dict[str, str], facts: dict[str, Json]) -> Answer:
    """What a worker on the processor left behind."""
    return Answer(
        stage="done", error=None, outputs=None, arrays={}, transformed=None, nesting=None, digests={}, device=None, facts=facts,
        distributions=distributions, log="",
    )  # fmt: skip


def test_agreement_is_one_finding_each(tmp_path: Path) -> None:
    """Where all agrees, the person reads two lines."""
    found = list(environment.check(section(), site(tmp_path, {"Alpha": "1.0", "beta": "2.0+cpu"}, FACTS)))

    assert [finding.message for finding in found] == [
        "all 2 locked distributions are installed as locked",
        "all 3 facts that change numbers are as recorded",
    ]
    assert {finding.status for finding in found} == {Status.SAME}


def test_every_difference_is_a_finding_with_both_sides(tmp_path: Path) -> None:
    """Missing, other version (its local label counts), more than locked: each is named."""
    found = list(environment.check(section(), site(tmp_path, {"beta": "2.0", "gamma": "1"}, FACTS)))
    told = [(one.status, one.message, one.expected, one.found) for one in found]

    assert told[:3] == [
        (Status.DIFFERS, "alpha is not installed", "1.0", "not there"),
        (Status.DIFFERS, "beta is another build", "2.0+cpu", "2.0"),
        (Status.NOTE, "1 distribution is installed that the lock does not name: gamma", None, None),
    ]
    assert [one.grade for one in found[:3]] == [Grade.LOW, Grade.LOW, None]


def test_what_weighs_most_comes_first(tmp_path: Path) -> None:
    """Distributions and facts stand in one order, by what they can do to the numbers, each with its reason."""
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "requirements.txt").write_bytes(b"alpha==1.0\ntorch==2.13.0+cpu\nnumpy==2.3.5\n")
    recorded = section().model_copy(update={"numerics": {**FACTS, "torch.version": "2.13.0+cpu", "numpy.blas": "A"}})
    facts: dict[str, Json] = {
        "torch.threads": 4,
        "cpu.model": "B",
        "variables": {"OMP_NUM_THREADS": "2"},
        "torch.version": "2.12.0",
        "numpy.blas": "B",
    }
    here = Site(root=tmp_path, answer=answer({"alpha": "2", "torch": "2.12.0", "numpy": "2.3.5"}, facts))

    assert [(one.grade, one.message) for one in environment.check(recorded, here)] == [
        (Grade.HIGH, "torch has another version"),
        (Grade.HIGH, "torch.threads differs"),
        (Grade.MEDIUM, "numpy.blas differs"),
        (Grade.LOW, "alpha has another version"),
        (Grade.LOW, "cpu.model differs"),
    ]


def test_what_was_not_imported_had_no_say(tmp_path: Path) -> None:
    """Another version of a library that lay idle at capture weighs little, and many of them are one line when missing."""
    idle = [f"idle{number}" for number in range(8)]
    names = ["transformers", *idle]
    recorded = section().model_copy(
        update={
            "distributions": tuple(
                Distribution(name=name, version="1", origin=Origin(kind="index"), imported=False) for name in names
            )
        }
    )
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "requirements.txt").write_text("".join(f"{name}==1\n" for name in names))
    found = list(environment.check(recorded, Site(root=tmp_path, answer=answer({"transformers": "2"}, FACTS))))

    assert [(one.grade, one.message, one.why) for one in found[:2]] == [
        (
            Grade.LOW,
            "8 distributions that weigh little are not installed: idle0, idle1, idle2, idle3, idle4, …",
            "it was not imported at capture",
        ),
        (Grade.LOW, "transformers has another version", "it was not imported at capture"),
    ]


def test_what_libraries_use_unasked_is_graded(tmp_path: Path) -> None:
    """A distribution that was not there can still change the way: others take it where they find it."""
    found = list(
        environment.check(section(), site(tmp_path, {"Alpha": "1.0", "beta": "2.0+cpu", "xformers": "1"}, FACTS))
    )

    assert (found[0].message, found[0].grade, found[0].why) == (
        "xformers is installed, which was not recorded",
        Grade.MEDIUM,
        "libraries use it where they find it",
    )


def test_another_kind_of_device_is_said(tmp_path: Path) -> None:
    """A model of an accelerator that ran on the processor is the first of all differences."""
    here = replace(site(tmp_path, {"Alpha": "1.0", "beta": "2.0+cpu"}, FACTS), other_device=True)
    first = next(environment.check(section(), here))

    assert (first.message, first.grade, first.expected, first.found) == (
        "the kind of device differs",
        Grade.HIGH,
        "an accelerator",
        "cpu",
    )


def test_facts_of_an_accelerator_weigh_little_without_one() -> None:
    """A setting of CUDA cannot change what the processor computed; threads cannot change what a GPU did."""
    recorded: dict[str, Json] = {"cudnn.allow_tf32": True, "torch.threads": 2}
    here: dict[str, Json] = {"cudnn.allow_tf32": False, "torch.threads": 4}
    on_cpu, on_gpu = (
        {one.message: one.grade for one in check_numerics(recorded, here, devices=frozenset({device}))}
        for device in ("cpu", "cuda")
    )

    assert on_cpu == {"cudnn.allow_tf32 differs": Grade.LOW, "torch.threads differs": Grade.HIGH}
    assert on_gpu == {"cudnn.allow_tf32 differs": Grade.HIGH, "torch.threads differs": Grade.LOW}


def test_the_patch_of_python_weighs_little() -> None:
    """Another minor version is another standard library, a patch release hardly one."""
    grades = [
        next(check_numerics({"python.version": "3.11.7"}, {"python.version": version})).grade
        for version in ("3.11.9", "3.12.1")
    ]

    assert grades == [Grade.LOW, Grade.MEDIUM]


def test_the_system_around_is_compared() -> None:
    """Distribution and container are no facts of the worker; a record without them says nothing."""
    recorded = Platform(system="Linux", machine="x86_64", libc=None, distribution="Debian 12", container="docker")
    here = Platform(system="Linux", machine="x86_64", libc=None, distribution="Debian 13")
    silent = Platform(system="Linux", machine="x86_64", libc=None)

    assert [(one.message, one.expected, one.found, one.grade) for one in check_platform(recorded, here)] == [
        ("system.distribution differs", "Debian 12", "Debian 13", Grade.LOW),
        ("container differs", "docker", "none", Grade.LOW),
    ]
    assert not list(check_platform(silent, here))


def test_facts_that_change_numbers_most_come_first() -> None:
    """Differences are ordered by how much they change numbers; a fact that is gone differs, one never recorded is told."""
    found = list(check_numerics(FACTS, {"torch.threads": 4, "cpu.model": "B", "variables": {}, "numpy.version": "2"}))

    assert [(one.message, one.expected, one.found) for one in found] == [
        ("torch.threads differs", "2", "4"),
        ("variables.OMP_NUM_THREADS differs", "2", "not there"),
        ("cpu.model differs", "A", "B"),
        ("1 fact that changes numbers is told here and not recorded: numpy.version", None, None),
    ]


def test_what_was_not_looked_at_says_why(tmp_path: Path) -> None:
    """No answer, no lock or an empty report is not run, never the same."""
    nothing = list(environment.check(section(), Site(root=tmp_path)))
    unlocked = list(environment.check(section(locked=False), site(tmp_path, {}, {})))

    assert [one.message for one in nothing] == ["environment was not compared: nothing was run"]
    assert {one.status for one in [*nothing, *unlocked]} == {Status.NOT_RUN}


def test_the_section_survives_its_document() -> None:
    """What is written into the manifest is read back as the same value."""
    assert from_bytes(Section, to_bytes(section()), name="section") == section()


def test_recorded_facts_that_nothing_stood_beside_are_counted(tmp_path: Path) -> None:
    """Those that show lists and a replay does not compare are named."""
    recorded = section().model_copy(update={"numerics": {**FACTS, "pandas.version": "2", "triton.version": "3"}})
    found = list(environment.check(recorded, site(tmp_path, {"alpha": "1.0", "beta": "2.0+cpu"}, FACTS)))

    assert [(one.status.value, one.message) for one in found[-2:]] == [
        ("same", "all 3 facts that change numbers are as recorded"),
        (
            "note",
            "2 recorded facts were not compared, as the library was not loaded here: pandas.version, triton.version",
        ),
    ]


def test_a_worker_that_finds_nothing_installed_is_compared(tmp_path: Path) -> None:
    """An empty environment is why nothing ran; one that reported nothing is not known."""
    here = site(tmp_path, {}, {})
    silent = replace(here, answer=replace(here.answer, distributions=None))

    assert [one.message for one in environment.check(section(), here)][:2] == [
        "alpha is not installed", "beta is not installed"
    ]  # fmt: skip
    assert "distributions were not compared: the worker reported none" in [
        one.message for one in environment.check(section(), silent)
    ]
