"""What a person should know of the captured source, at capture and at replay."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.code.data_files import REASON
from reprobundle.components.code.modules import shadowed
from reprobundle.components.code.project import Project
from reprobundle.components.code.repository import Absent, Checkout, printable
from reprobundle.components.code.section import Section
from reprobundle.components.interface import Site, Stage, differs, not_run, same
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, Status
from reprobundle.store import inside

SHOWN = 3
CUT = "holds a password or a token: it was cut, and is not in the bundle"
CUT_HINT = (
    "revoke it, as every log and process list that shows the address has it; git remote set-url takes it out, and "
    "git credential keeps it"
)


def notes(project: Project, section: Section, stage: Stage) -> None:
    """Say what is missing or doubtful in what was captured."""
    if isinstance(project.checkout, Absent):
        message = f"no commit recorded, only the modules that were loaded: {project.checkout.reason}"
        stage.note("code", message, hint=project.checkout.hint)
    if isinstance(project.checkout, Checkout):
        for remote in project.checkout.cut:
            stage.note("secrets", f"the address of git's remote {printable(remote)!r} {CUT}", hint=CUT_HINT)
    others = [left for left in section.left_out if not left.reason.startswith(REASON)]  # those have a note of their own
    if others:
        shown = [f"{left.path!r} {left.reason}" for left in others]
        message = f"{counted(len(shown), 'source file')} left out: {some(shown, SHOWN)}"
        stage.note("code", message, hint="the section 'code' lists every one under left_out")
    for local in project.loaded:
        if local.root is None:
            message = (
                f"module {local.name!r} was loaded from {local.file.name!r}: no import finds it there by that name"
            )
            stage.note("code", message, hint="give the file the module's name and import it by it")
    for name in shadowed(module.name for module in section.modules):
        message = f"module {name!r} has the name of an installed or standard module, which a replay finds first"
        stage.note("code", message, hint="rename it")


def findings(section: Section, site: Site) -> Iterator[Finding]:
    """What a replay can say of the source without running it."""
    absent = [module.path for module in section.modules if not inside(site.root, module.path).is_file()]
    if absent:
        message = f"modules that are not in the bundle: {some([*map(repr, absent)], SHOWN)}"
        yield differs("code", message, expected=f"{len(section.modules)} modules", found=f"{len(absent)} missing")
    if section.repository is None:
        yield not_run("code", "the commit was not recorded: there was no git repository to read at capture")
    elif not absent:
        of_branch = f" of branch {section.repository.branch!r}" if section.repository.branch else ""
        yield same("code", f"the source is that of commit {section.repository.commit}{of_branch}, as plain files")
    if section.repository is not None and section.repository.dirty:
        where = f"; what was changed stands in {section.patch}" if section.patch else ""
        yield _note(f"tracked files differed from the commit at capture{where}")
    if section.changed_since_start:
        changed = [*map(repr, section.changed_since_start)]
        yield _note(f"changed after the run began, what ran may differ: {some(changed, SHOWN)}")
    if section.main_guard == "missing":
        yield _note("the script that defines the model has no main guard: importing it trains again")
    if section.left_out:
        yield _note(f"{counted(len(section.left_out), 'source file')} left out at capture")


def _note(message: str) -> Finding:
    return Finding(kind="code", status=Status.NOTE, message=message)
