"""The steps of capturing code: each copies one kind of source into the bundle."""

from __future__ import annotations

from pathlib import Path

from reprobundle.components.code import notebook as notebooks
from reprobundle.components.code import patch as patches
from reprobundle.components.code.data_files import DataFiles
from reprobundle.components.code.guard import missing_guard
from reprobundle.components.code.modules import main_script, search_path
from reprobundle.components.code.objects import executed_cells, names_in_main
from reprobundle.components.code.packing import MAX_SOURCE_BYTES, Packer
from reprobundle.components.code.project import SOURCE, Project
from reprobundle.components.code.repository import Checkout
from reprobundle.components.code.salts import Salts
from reprobundle.components.code.section import GitFile, ImportedModule, MainGuard
from reprobundle.components.interface import Source, Stage
from reprobundle.entries import NOTEBOOK_MODULE, main_file
from reprobundle.records import to_bytes

MAX_TRACKED_FILES = 20_000
MAX_TRACKED_BYTES = 2 * 2**30
GIT_FILE = "code/git.json"
PATCH_FILE = "code/uncommitted.patch"
NOTEBOOK_FILE = f"{SOURCE}/{NOTEBOOK_MODULE}.py"
NOTEBOOK_TITLE = '"""What the notebook defined and its model needs, written by capture."""\n\n'
GUARD_HINT = (
    "put the training code into 'def main():' and end the file with the lines "
    "'if __name__ == \"__main__\":' and '    main()'; or move the model's class to a module of its own"
)


def notebook(source: Source, packer: Packer, stage: Stage) -> None:
    """Write what a notebook defined and the model needs as a module."""
    wanted = names_in_main(source)
    if main_file() is not None or not wanted:
        return
    cells = executed_cells()
    if not cells:
        message = f"the source of {', '.join(map(repr, wanted))} is not known: it was typed at a prompt"
        stage.note("code", message, hint="put it into a module or a script, or run it in a notebook")
        return
    text, missing = notebooks.definitions(cells, wanted)
    written = packer.write(NOTEBOOK_FILE, (NOTEBOOK_TITLE + text).encode("utf-8"))
    if written and missing:
        message = f"notebook: cannot carry over {', '.join(map(repr, missing))}, which the model's code reads"
        hint = "define them by a plain assignment at the top level of a cell, or move the code to a module"
        stage.note("code", message, hint=hint)


def modules(project: Project, packer: Packer) -> tuple[ImportedModule, ...]:
    """Copy every loaded module of the person's own; those that are in the bundle, sorted by name."""
    taken = []
    for local in project.loaded:
        path = project.path_of(local)
        if packer.copy(path, local.file, follow=True):
            taken.append(ImportedModule(name=local.name, path=path))
    return tuple(taken)


def tracked(project: Project, packer: Packer, stage: Stage) -> None:
    """Copy every file that git tracks, as it is in the working tree."""
    if not isinstance(project.checkout, Checkout):
        return
    for path in _within_limits(project, project.checkout, stage):
        place = project.base / path
        if f"{SOURCE}/{path}" == NOTEBOOK_FILE and NOTEBOOK_FILE in packer.taken:
            packer.leave_out(path, "the notebook's own definitions stand under that name")
        elif place.is_symlink() or place.exists():
            packer.copy(f"{SOURCE}/{path}", place)
    for path in project.checkout.missing:
        packer.leave_out(path, "is a submodule that is not checked out: git submodule update --init")


def patch(project: Project, packer: Packer, data: DataFiles, salts: Salts, stage: Stage) -> str | None:
    """Write what tracked files have on top of the commit; its path, or None when there is nothing."""
    if not isinstance(project.checkout, Checkout) or not project.checkout.facts.dirty:
        return None
    made = patches.read(project.checkout.root, data, salts, stage.gate)
    for path, reason in made.skipped:
        packer.leave_out(path, reason)
    if made.content is None:
        stage.note("code", f"{PATCH_FILE}: left out: {made.reason}", hint="commit the changes, then capture again")
    if not made.content:
        return None
    stage.writer.write(PATCH_FILE, made.content)
    return PATCH_FILE


def git_file(checkout: Checkout, patch_path: str | None, stage: Stage) -> None:
    """Write what a person needs to get the same source from git."""
    facts = checkout.facts
    steps = [f"git clone https://{facts.remote} source" if facts.remote else "git clone REPOSITORY source"]
    steps += ["cd source", f"git checkout --detach {facts.commit}"]
    steps += ["git submodule update --init --recursive"] if checkout.submodules or checkout.missing else []
    steps += [f"git apply --binary BUNDLE/{patch_path}"] if patch_path else []
    document = GitFile(repository=facts, submodules=checkout.submodules, steps=tuple(steps))
    stage.writer.write(GIT_FILE, to_bytes(document))


def import_roots(project: Project, packer: Packer) -> tuple[str, ...]:
    """The bundle's folders that stand for the import path, in its order.

    They are those a copied module was imported from, those of the import path that hold copied Python files, and
    ``code/source`` for a notebook's module.
    """
    order = search_path()
    copied = [local for local in project.loaded if local.root and project.path_of(local) in packer.taken]
    needed = {local.root for local in copied if local.root}
    inside = [folder for folder in order if project.base in (folder, *folder.parents)]
    needed |= {folder for folder in inside if _holds_python(project.import_root(folder), packer)}
    ranked = sorted(needed, key=lambda folder: (_rank(folder, order), folder.as_posix()))
    roots = [SOURCE] if NOTEBOOK_FILE in packer.taken else []
    return tuple(dict.fromkeys([*roots, *(project.import_root(folder) for folder in ranked)]))


def main_guard(source: Source, project: Project, stage: Stage) -> MainGuard:
    """Whether importing the script, where the model's code lives in it, would train again."""
    script = main_script()
    if script is None or not names_in_main(source):
        return "not a script"
    line = missing_guard(script.file)
    if line is None:
        return "present"
    path = project.path_of(script).removeprefix(f"{SOURCE}/")
    message = f"{path}, line {line}: runs when the file is imported: rebuilding the model would train again"
    stage.note("code", message, hint=GUARD_HINT)
    return "missing"


def _rank(folder: Path, order: tuple[Path, ...]) -> int:
    return order.index(folder) if folder in order else len(order)


def _holds_python(folder: str, packer: Packer) -> bool:
    return any(path.startswith(f"{folder}/") and path.endswith(".py") for path in packer.taken)


def _within_limits(project: Project, checkout: Checkout, stage: Stage) -> tuple[str, ...]:
    paths = checkout.tracked
    if _fits(project.base, paths):
        return paths
    below = project.start.relative_to(project.base).as_posix()
    own = tuple(path for path in paths if below == "." or path.startswith(f"{below}/"))
    fits = own != paths and _fits(project.base, own)
    what = f"only what lies in {below!r} and the modules" if fits else "only the modules"
    message = f"git tracks {len(paths)} files, more than {MAX_TRACKED_FILES} or {MAX_TRACKED_BYTES // 2**30} GiB"
    stage.note("code", f"{message}: {what} that were loaded were copied", hint="name a smaller project folder")
    return own if fits else ()


def _fits(base: Path, paths: tuple[str, ...]) -> bool:
    if len(paths) > MAX_TRACKED_FILES:
        return False
    sizes = (_size(base / path) for path in paths)
    return sum(size for size in sizes if size <= MAX_SOURCE_BYTES) <= MAX_TRACKED_BYTES


def _size(place: Path) -> int:
    return place.lstat().st_size if place.is_symlink() or place.exists() else 0
