"""What a replay says of captured source, and what stands at the start of training."""

from __future__ import annotations

from typing import Any

from reprobundle.components import code
from reprobundle.components.interface import Site
from reprobundle.report import Status


def section(**changes: Any) -> code.Section:
    repository = code.Repository(commit="a" * 40, tree="b" * 40, branch="main", remote=None, dirty=False, shallow=False)
    values = {
        "repository": repository, "patch": None, "import_roots": (), "modules": (), "left_out": (),
        "changed_since_start": (), "main_guard": "present", **changes,
    }  # fmt: skip
    return code.Section(**values)


def test_check(tmp_path):
    """A replay of clean source names the commit."""
    findings = list(code.check(section(), Site(root=tmp_path)))

    assert [(finding.status, finding.message) for finding in findings] == [
        (Status.SAME, f"the source is that of commit {'a' * 40} of branch 'main', as plain files")
    ]


def test_check_of_doubtful_source(tmp_path):
    """A replay says what was changed, left out, unguarded or never recorded."""
    dirty = section().repository.model_copy(update={"dirty": True})
    doubtful = section(
        repository=dirty,
        patch="code/uncommitted.patch",
        changed_since_start=("a.py", "b.py", "c.py", "d.py"),
        main_guard="missing",
        left_out=(code.LeftOut(path=".env", reason="by its name it holds secrets"),),
    )
    notes = [finding.message for finding in code.check(doubtful, Site(root=tmp_path))][1:]
    unknown = list(code.check(section(repository=None), Site(root=tmp_path)))

    assert notes == [
        "tracked files differed from the commit at capture; what was changed stands in code/uncommitted.patch",
        "changed after the run began, what ran may differ: 'a.py', 'b.py', 'c.py' and 1 more",
        "the script that defines the model has no main guard: importing it trains again",
        "1 source file left out at capture",
    ]
    assert [finding.status for finding in unknown] == [Status.NOT_RUN]


def test_check_of_missing_modules(tmp_path):
    """A module that the section names and the bundle lacks is a difference."""
    modules = (code.ImportedModule(name="a", path="code/source/a.py"),)
    findings = list(code.check(section(modules=modules), Site(root=tmp_path)))

    assert [(finding.status, finding.message, finding.expected, finding.found) for finding in findings] == [
        (Status.DIFFERS, "modules that are not in the bundle: 'code/source/a.py'", "1 modules", "1 missing")
    ]
