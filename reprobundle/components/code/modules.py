"""The person's own modules among those that are loaded, and the folder each is imported from.

Own is what lies neither in the standard library nor among installed packages, and is not reprobundle itself. Nothing
is imported, and no lazy module is woken.
"""

from __future__ import annotations

import functools
import importlib.machinery
import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from reprobundle.entries import MAIN_NAMES, main_file, main_name
from reprobundle.errors import UsageError

PACKAGE = "reprobundle"
INSTALLED_FOLDERS = frozenset({"site-packages", "dist-packages"})
# made by a machine, a debugger or a just-in-time compiler, and made again when needed
NOT_OWN = ("sitecustomize", "usercustomize", "_remote_module_", "torchinductor", "pydevd", "_pydev", "debugpy")
SUFFIXES = tuple(sorted(importlib.machinery.all_suffixes(), key=len, reverse=True))


@dataclass(frozen=True)
class Local:
    """A module of the person's own.

    Attributes:
        name: The name by which it is imported.
        file: Its file, absolute, links among its folders resolved.
        root: The folder that has to be on the import path; None when the file's name does not fit the module's.
        below: Path of the file under that folder, POSIX; just its name when there is no such folder.
    """

    name: str
    file: Path
    root: Path | None
    below: str


def imported() -> tuple[Local, ...]:
    """The person's own modules that are loaded, the script that runs included, sorted by name."""
    found = {name: place(name, file) for name, file in _files() if not is_installed(file) and file.is_file()}
    script = main_script()
    if script:
        found.setdefault(script.name, script)
    return tuple(found[name] for name in sorted(found))


def main_script() -> Local | None:
    """The person's script or module that runs as ``__main__``; None in a notebook or when an installed program runs."""
    file = main_file()
    if file is None or is_installed(file) or _is_program(file) or not file.is_file():
        return None
    try:
        return place(main_name(), file)
    except UsageError:  # no module name fits: it is copied, and naming its classes says what to do
        settled = _settled(file)
        return Local(file.name, settled, None, settled.name)


def place(name: str, file: Path) -> Local:
    """Where a module of this name and file is imported from."""
    file = _settled(file)
    parts = name.split(".")
    stem = next((file.name[: -len(suffix)] for suffix in SUFFIXES if file.name.endswith(suffix)), None)
    if stem == "__init__":
        folders, tail = parts, [file.name]
    elif stem == parts[-1]:
        folders, tail = parts[:-1], [file.name]
    else:
        return Local(name, file, None, file.name)
    root = file.parent
    for folder in reversed(folders):
        if root.name != folder:
            return Local(name, file, None, file.name)
        root = root.parent
    return Local(name, file, root, "/".join(folders + tail))


def is_installed(file: Path) -> bool:
    """Whether a file belongs to an installed package, to the standard library, or to reprobundle."""
    return _is_elsewhere(file) or _is_elsewhere(_settled(file))


def shadowed(names: Iterator[str]) -> tuple[str, ...]:
    """Those top-level names under which the standard library or an installed package stands as well, sorted."""
    tops = sorted({name.partition(".")[0] for name in names})
    return tuple(top for top in tops if top in sys.stdlib_module_names or _is_installed_name(top))


def search_path() -> tuple[Path, ...]:
    """The folders of ``sys.path`` in order, links resolved, without those of installed packages."""
    folders = (Path(entry or os.curdir).resolve() for entry in sys.path if isinstance(entry, str))
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir() and not is_installed(folder / "x")))


def _files() -> Iterator[tuple[str, Path]]:
    for name, module in sorted(sys.modules.items()):
        top = name.partition(".")[0]
        if name in MAIN_NAMES or top == PACKAGE or top.startswith(NOT_OWN):
            continue
        if not issubclass(type(module), ModuleType):  # cffi's libraries claim to be modules and have no __dict__
            continue
        file = object.__getattribute__(module, "__dict__").get("__file__")  # a lazy module must not wake
        if isinstance(file, str) and not file.startswith("<"):
            yield name, Path(file).absolute()


def _settled(file: Path) -> Path:
    return file.parent.resolve() / file.name


def _is_elsewhere(file: Path) -> bool:
    return not INSTALLED_FOLDERS.isdisjoint(file.parts) or not _not_own().isdisjoint(file.parents)


@functools.lru_cache(maxsize=1)
def _not_own() -> frozenset[Path]:
    library = (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
    package = sys.modules[PACKAGE].__file__
    named = [Path(folder) for folder in library if folder] + ([Path(package).parent] if package else [])
    return frozenset(path for folder in named for path in (folder.absolute(), folder.resolve()))


def _is_program(file: Path) -> bool:
    """Whether it is an installed program of this environment, whatever path or link it was started by."""
    folders = {Path(sys.executable).parent.resolve(), Path(sysconfig.get_path("scripts")).resolve()}
    return file.suffix != ".py" and not folders.isdisjoint({_settled(file).parent, file.resolve().parent})


def _is_installed_name(top: str) -> bool:
    folders = [Path(entry) for entry in sys.path if INSTALLED_FOLDERS & set(Path(entry).parts)]
    return any((folder / f"{top}{suffix}").exists() for folder in folders for suffix in ("", *SUFFIXES))
