"""What a reviewer is told of the wheels that a bundle brings along."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from reprobundle.components import environment
from reprobundle.components.environment.differing.vendored import MAX_LISTING_BYTES, check_vendored
from reprobundle.components.environment.section import (
    Distribution,
    Edited,
    Interpreter,
    LockFacts,
    Origin,
    OriginKind,
    Platform,
    Section,
)
from reprobundle.components.interface import Site
from reprobundle.report import Finding, Status

PLAIN = ("thing/__init__.py", "thing/weights.pth", "thing/sitecustomize.py", "thing-1.0.dist-info/METADATA")


def section(origin: OriginKind | None = "local", *, wheels: int = 1) -> Section:
    """A recorded environment whose bundle brings a wheel of thing 1.0."""
    distributions = () if origin is None else (
        Distribution(name="thing", version="1.0", origin=Origin(kind=origin), imported=False),
    )  # fmt: skip
    return Section(
        interpreter=Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
        platform=Platform(system="Linux", machine="x86_64", libc=None),
        distributions=distributions,
        numerics={},
        lock=LockFacts(hashes="complete", why=None, by="uv"),
        wheels=("environment/wheels/thing-1.0-py3-none-any.whl",)[:wheels],
    )


def place(root: Path) -> Path:
    """Where the wheel lies in the bundle."""
    (root / "environment" / "wheels").mkdir(parents=True, exist_ok=True)
    return root / "environment" / "wheels" / "thing-1.0-py3-none-any.whl"


def check(root: Path, names: tuple[str, ...], recorded: Section | None = None) -> list[Finding]:
    """The findings on a wheel of empty files."""
    with zipfile.ZipFile(place(root), "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return list(check_vendored(recorded or section(), root))


def test_each_wheel_of_the_bundle_is_a_note(tmp_path: Path) -> None:
    """No index vouches for it, so the person reads its name and version, whether or not anything was run."""
    found = check(tmp_path, PLAIN)
    told = list(environment.check(section(), Site(root=tmp_path)))

    assert found == [
        Finding(
            kind="environment",
            status=Status.NOTE,
            message="thing 1.0 comes from the bundle itself as a wheel, not from an index",
        )
    ]
    assert told[0] == found[0]
    assert not list(check_vendored(section(wheels=0), tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "evil.pth",
        "./evil.pth",
        "sitecustomize.py",
        "usercustomize/__init__.py",
        "sitecustomize.cpython-311-x86_64-linux-gnu.so",
        "thing-1.0.data/purelib/evil.pth",
        "thing-1.0.data/platlib/sitecustomize.py",
        "thing-1.0.data/data/lib/python3.11/site-packages/evil.pth",
    ],
)
def test_what_runs_whenever_python_starts_is_named(tmp_path: Path, name: str) -> None:
    """Such a file takes over the worker before a line of the model runs."""
    (found,) = check(tmp_path, (*PLAIN, name))

    assert found.message.endswith(f"an index; files in it that run at every start of its Python: {name!r}")


@pytest.mark.parametrize(
    "name", ["thing-1.0.data/scripts/python", "thing-1.0.data/data/bin/python", "thing-1.0.data/data/pyvenv.cfg"]
)
def test_programs_are_named(tmp_path: Path, name: str) -> None:
    """They land beside the environment's Python and may take its place."""
    (found,) = check(tmp_path, (*PLAIN, name))

    assert found.message.endswith(f"an index; files in it that are programs of its environment: {name!r}")


def test_many_files_are_counted(tmp_path: Path) -> None:
    """A wheel cannot fill the screen."""
    (found,) = check(tmp_path, tuple(f"{number}.pth" for number in range(8)))

    assert found.message.endswith("'0.pth', '1.pth', '2.pth', '3.pth', '4.pth' and 3 more")


def test_a_wheel_of_something_from_an_index_is_told_apart(tmp_path: Path) -> None:
    """It may be honest, where no index offers a wheel that fits, and may be a forged torch: both are said."""
    (found,) = check(tmp_path, PLAIN, section("index"))

    assert found.status is Status.NOTE
    assert found.message == (
        "thing 1.0 comes from the bundle itself as a wheel, not from an index, though it is recorded as installed from one"
    )
    assert found.hint == (
        "a capture packs such an install where no index offers a wheel that fits, or when it is asked to pack all; "
        "nothing proves that it was so"
    )


def test_a_wheel_of_what_was_edited_says_so(tmp_path: Path) -> None:
    """What ran at capture is not what an index offers under the same version."""
    recorded = section("index")
    edited = recorded.distributions[0].model_copy(update={"edited": Edited(count=2, paths=("thing/a.py",))})
    (found,) = check(tmp_path, PLAIN, recorded.model_copy(update={"distributions": (edited,)}))

    assert found.message == (
        "thing 1.0 comes from the bundle itself as a wheel, not from an index: 2 of its files had been changed since it "
        "was installed"
    )


def test_many_wheels_share_one_note(tmp_path: Path) -> None:
    """A bundle that brings everything along is one line, but a wheel with a program in it is still told by itself."""
    names = [f"thing{number}" for number in range(7)]
    recorded = section().model_copy(
        update={
            "distributions": tuple(
                Distribution(name=name, version="1.0", origin=Origin(kind="index"), imported=True) for name in names
            ),
            "wheels": tuple(f"environment/wheels/{name}-1.0-py3-none-any.whl" for name in names),
        }
    )
    for name in names:
        with zipfile.ZipFile(place(tmp_path).with_name(f"{name}-1.0-py3-none-any.whl"), "w") as archive:
            archive.writestr("evil.pth" if name == "thing6" else "plain.py", b"")
    alone, together = check_vendored(recorded, tmp_path)

    assert alone.message.startswith("thing6 1.0 comes from the bundle itself")
    assert together.message == (
        "6 distributions come from the bundle itself as wheels, not from an index: thing0 1.0, thing1 1.0, thing2 1.0, "
        "thing3 1.0, thing4 1.0 and 1 more"
    )


def test_a_wheel_of_what_was_not_there_differs(tmp_path: Path) -> None:
    """No capture makes a wheel of what was not installed."""
    found = check(tmp_path, PLAIN, section(None))

    assert [one.status for one in found] == [Status.DIFFERS, Status.NOTE]
    assert found[0].message == "the bundle brings a wheel of thing 1.0, which the recorded environment does not name"


def test_a_broken_archive_is_said(tmp_path: Path) -> None:
    """It ends nothing and hides nothing."""
    place(tmp_path).write_bytes(b"no archive")
    (found,) = check_vendored(section(), tmp_path)

    assert found.message.endswith("not from an index; its list of files cannot be read")


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x05\x06" + b"\0" * 8 + (MAX_LISTING_BYTES + 1).to_bytes(4, "little") + b"\0" * 6,
        b"PK\x06\x07" + b"\0" * 16,
    ],
)
def test_a_list_of_files_that_would_fill_the_memory_is_not_read(tmp_path: Path, content: bytes) -> None:
    """Any record near the end that claims a huge list is believed, whichever one a reader would take."""
    with zipfile.ZipFile(place(tmp_path), "w") as archive:
        archive.writestr("thing.py", content)
    (found,) = check_vendored(section(), tmp_path)

    assert found.message.endswith("not from an index; its list of files cannot be read")


def test_wheels_that_were_not_installed_are_not_said_to_have_run(tmp_path: Path) -> None:
    """In an environment that was there before, its own copy ran."""
    check(tmp_path, PLAIN)
    (note, *_) = environment.check(section(), Site(root=tmp_path, own_wheels=False))

    assert note.message == (
        "the bundle has a wheel of thing 1.0 itself, which was not used: the environment was there before"
    )
