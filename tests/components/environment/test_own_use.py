"""What this program alone loaded has no say about the model, and what anybody else uses has."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from reprobundle.components.environment.snapshot.distributions import installed
from reprobundle.components.environment.snapshot.own_use import without_own_use


def add(site: Path, name: str, monkeypatch: pytest.MonkeyPatch, *, requires: str = "") -> ModuleType:
    """Install a distribution of one module, and load that."""
    metadata = site / f"{name}-1.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{name}.py").write_text("")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{requires}")
    (metadata / "RECORD").write_text(f"{name}.py,,\n{metadata.name}/METADATA,,\n{metadata.name}/RECORD,,\n")
    module = ModuleType(name)
    module.__file__ = str(site / f"{name}.py")
    monkeypatch.setitem(sys.modules, name, module)
    return module


@pytest.fixture
def needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ModuleType]:
    """A site folder with a stand-in of this program, what it needs, what that needs; and the first of these modules."""
    site = tmp_path.resolve() / "site-packages"
    wants = "Requires-Dist: own_first>=1\nRequires-Dist: only_extra; extra == 'more'\n"
    add(site, "reprobundle_", monkeypatch)
    (site / "reprobundle_-1.dist-info" / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: reprobundle\nVersion: 1\n{wants}"
    )
    first = add(site, "own_first", monkeypatch, requires="Requires-Dist: own_second\n")
    second = add(site, "own_second", monkeypatch)
    vars(first)["second"] = second
    add(site, "only_extra", monkeypatch)
    return site, first


def imported(site: Path) -> set[str]:
    """Names of what counts as imported."""
    found = without_own_use(installed([str(site)]))
    return {one.name for one in found if one.imported} - {"reprobundle"}


def test_what_this_program_alone_loaded_is_not_imported(needed: tuple[Path, ModuleType]) -> None:
    """What it needs, and what that needs, counts only where others use it; an extra is the person's own wish."""
    site, _ = needed

    assert imported(site) == {"only-extra"}


def test_what_another_module_holds_is_imported(
    needed: tuple[Path, ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class of it is enough, and what it uses itself is used as well."""
    site, first = needed
    theirs = ModuleType("theirs")
    vars(theirs)["Thing"] = type("Thing", (), {"__module__": first.__name__})
    monkeypatch.setitem(sys.modules, "theirs", theirs)

    assert imported(site) == {"only-extra", "own-first", "own-second"}


@pytest.mark.parametrize("line", ["    import os, own_second.part as part", "from own_second import part"])
def test_what_ones_own_source_names_is_imported(
    needed: tuple[Path, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    """An import inside a function leaves nothing in its module, so the source is asked."""
    site, _ = needed
    theirs = ModuleType("theirs")
    theirs.__file__ = str(tmp_path / "theirs.py")
    Path(theirs.__file__).write_text(f"def late():\n{line}\n")
    monkeypatch.setitem(sys.modules, "theirs", theirs)

    assert imported(site) == {"only-extra", "own-second"}
