"""This program's own wheel is packed from its folder, and is the one that its back end would build."""

from __future__ import annotations

import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from reprobundle.components.environment.locking import own_program, projects, wheels
from reprobundle.components.environment.snapshot import distributions
from reprobundle.components.environment.snapshot.distributions import Installed

pytestmark = pytest.mark.slow
SAYS_MORE = ("METADATA", "RECORD")  # of the project's README, which may have been written since it was installed


@pytest.fixture(scope="module")
def own() -> Installed:
    """This program as it is installed here."""
    found = next(one for one in distributions.survey(conda=()).found if one.name == own_program.PROGRAM)
    if found.origin != "editable" or found.folder != own_program.PACKAGE.parent:
        pytest.skip("it is not installed as editable from the folder that runs")
    return found


def _content(wheel: Path) -> dict[str, tuple[bytes, int]]:
    with zipfile.ZipFile(wheel) as archive:
        return {one.filename: (archive.read(one), one.external_attr) for one in archive.infolist()
                if not one.filename.endswith(SAYS_MORE)}  # fmt: skip


def test_it_is_what_its_back_end_builds(own: Installed, tmp_path: Path) -> None:
    """File by file, with the same modes, under the same name; nothing is left out by name of either."""
    for name in ("packed", "built", "source"):
        (tmp_path / name).mkdir()
    made = wheels.vendor(own, tmp_path / "packed", deadline=0.0)
    without = projects.build(own, tmp_path / "source" / "copy", tmp_path / "built", time.monotonic() + 300)
    (built,) = (tmp_path / "built").glob("*.whl")
    packed, expected = _content(made.wheel), _content(built)

    assert (made.wheel.name, made.without) == (built.name, ())
    assert not [path for path in without if path.startswith("reprobundle/")]
    assert {path: content for path, (content, _) in packed.items()} == {
        path: content for path, (content, _) in expected.items()
    }
    assert {path: mode >> 16 & 0o777 for path, (_, mode) in packed.items()} == {
        path: 0o755 if mode >> 16 & 0o100 else 0o644 for path, (_, mode) in expected.items()
    }


def test_two_wheels_of_it_are_the_same_bytes_and_keep_to_what_is_withheld(own: Installed, tmp_path: Path) -> None:
    """Whenever they are made; a private split that lies in the package stays out."""
    made = []
    for name, withheld in (("a", ()), ("b", ()), ("c", (own_program.PACKAGE / "demo",))):
        (tmp_path / name).mkdir()
        made.append(wheels.vendor(own, tmp_path / name, deadline=0.0, withheld=withheld).wheel)

    assert made[0].read_bytes() == made[1].read_bytes()
    assert "reprobundle/demo/__init__.py" in _content(made[0])
    assert not [path for path in _content(made[2]) if path.startswith("reprobundle/demo/")]


def test_another_folder_of_that_name_is_built_as_any_other(own: Installed, tmp_path: Path) -> None:
    """Only the folder that runs is known to be what is installed."""
    assert own_program.is_own(own)
    assert not own_program.is_own(replace(own, folder=tmp_path))
    assert not own_program.is_own(replace(own, origin="local"))
    assert not own_program.is_own(replace(own, name="other"))
