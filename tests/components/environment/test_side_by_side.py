"""Two recorded environments beside each other."""

from __future__ import annotations

from typing import Any

from reprobundle.components.environment.differing.side_by_side import compare_environments
from reprobundle.components.environment.section import (
    CondaPackage,
    Distribution,
    Edited,
    Interpreter,
    Origin,
    Platform,
    Section,
)
from reprobundle.report import Grade

TORCH = Distribution(name="torch", version="2.13.0+cpu", origin=Origin(kind="index"), imported=True)
PLAIN = Distribution(name="plain", version="1.0", origin=Origin(kind="vcs", commit="a" * 40), imported=True)


def section(**changed: Any) -> Section:
    """A small environment; parts given by name replace its own."""
    parts: dict[str, Any] = {
        "interpreter": Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
        "platform": Platform(system="Linux", machine="x86_64", libc="glibc 2.36"),
        "distributions": (PLAIN, TORCH),
        "numerics": {"torch.version": "2.13.0+cpu", "torch.threads": 2, "variables": {}},
        "lock": None,
    }
    return Section(**{**parts, **changed})


def told(first: Section, second: Section) -> list[tuple[Grade | None, str, str | None, str | None]]:
    """Every difference of two models that were captured on the processor."""
    found = compare_environments(first, second, devices=frozenset({"cpu"}))
    return [(one.grade, one.message, one.expected, one.found) for one in found]


def test_equal_environments_have_no_difference() -> None:
    """Nothing is made up."""
    assert told(section(), section()) == []


def test_one_difference_is_told_once() -> None:
    """Another torch is one line, though a fact of the process says the same."""
    newer = TORCH.model_copy(update={"version": "2.13.0+cu128"})
    other = section(distributions=(PLAIN, newer), numerics={"torch.version": "2.13.0+cu128", "torch.threads": 2})

    assert told(section(), other) == [(Grade.HIGH, "torch is another build", "2.13.0+cpu", "2.13.0+cu128")]


def test_the_same_version_from_elsewhere_differs() -> None:
    """A commit, an archive or an edit makes other code under the same version."""
    other = PLAIN.model_copy(
        update={"origin": Origin(kind="vcs", commit="b" * 40), "edited": Edited(count=2, paths=("a",))}
    )

    assert told(section(), section(distributions=(other, TORCH))) == [
        (Grade.LOW, "plain comes from elsewhere", f"vcs {'a' * 40}", f"vcs {'b' * 40}, 2 files changed since")
    ]


def test_what_stands_on_one_side_only_is_told_both_ways() -> None:
    """Which of the two has it is in the values."""
    without = section(
        distributions=(PLAIN,), numerics={"torch.threads": 2, "torch.version": "2.13.0+cpu", "variables": {}}
    )

    assert told(section(), without) == [(Grade.HIGH, "torch is not in both", "2.13.0+cpu", "not there")]
    assert told(without, section()) == [(Grade.HIGH, "torch is not in both", "not there", "2.13.0+cpu")]


def test_interpreter_and_system_are_graded_with_the_facts() -> None:
    """They stand in the section, and weigh as facts do."""
    other = section(
        interpreter=Interpreter(implementation="pypy", version="3.11.7", build="main", cache_tag="pypy311"),
        platform=Platform(system="Linux", machine="aarch64", libc="glibc 2.36"),
    )

    assert told(section(), other) == [
        (Grade.HIGH, "python.implementation differs", "cpython", "pypy"),
        (Grade.HIGH, "system.machine differs", "x86_64", "aarch64"),
    ]


def test_records_of_two_versions_of_this_program_differ_by_one_line() -> None:
    """A fact that only one of them knew to record is no difference between the environments."""
    richer = section(
        numerics={"torch.version": "2.13.0+cpu", "torch.threads": 2, "cpu.flags": "avx2", "numpy.simd": "x"}
    )

    assert told(section(), richer) == [
        (Grade.LOW, "the records hold not the same facts", "none more", "2 more: cpu.flags, numpy.simd")
    ]


def test_conda_packages_are_compared() -> None:
    """They bring libraries that no distribution names; one environment against none is a single line."""
    mkl = CondaPackage(name="mkl", version="2024.0", build="h1", channel="conda-forge")
    first, second = section(conda=(mkl,)), section(conda=(mkl.model_copy(update={"build": "h2"}),))

    assert told(first, second) == [(Grade.MEDIUM, "conda package mkl differs", "2024.0 h1", "2024.0 h2")]
    assert told(first, section()) == [(Grade.LOW, "the conda environment differs", "1 package", "none")]


def test_an_edit_on_one_side_is_called_so() -> None:
    """Both came from the same place; only what happened to the files since differs."""
    edited = PLAIN.model_copy(update={"edited": Edited(count=1, paths=("a",))})
    exact = f"vcs {'a' * 40}"

    assert told(section(), section(distributions=(edited, TORCH))) == [
        (Grade.LOW, "plain was edited", exact, f"{exact}, 1 file changed since")
    ]


def test_what_numpy_says_of_instructions_is_left_out_where_numpy_is_another() -> None:
    """Another release may only call them by other names."""
    one, other = (
        Distribution(name="numpy", version=version, origin=Origin(kind="index"), imported=True)
        for version in ("1.26.4", "2.4.6")
    )
    sides = [section(distributions=(part,), numerics={"numpy.simd": part.version}) for part in (one, other)]

    assert told(*sides) == [(Grade.MEDIUM, "numpy has another version", "1.26.4", "2.4.6")]
