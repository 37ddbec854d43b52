"""What this program alone loaded: of no use to the model, so it does not count as imported.

A distribution that this program needs counts only where somebody else uses it, too: where a loaded module outside holds
one of its modules, classes, functions or objects, or where source of the person's own names it in an import. Nothing is
imported or woken for the answer.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType

from packaging.utils import canonicalize_name

from reprobundle.components.environment.snapshot.distributions import SITE_FOLDERS, Installed, recorded_files
from reprobundle.components.environment.snapshot.metadata import top_level
from reprobundle.components.environment.snapshot.requirements import marker_text, read_requirement

PROGRAM = "reprobundle"
COMPUTES = frozenset({"numpy"})  # what a function of arrays computes with, whoever imported it first
PACKAGE = Path(__file__).parents[3]
MAX_SOURCE_BYTES = 2**20

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t]+))", re.MULTILINE)


def without_own_use(found: Sequence[Installed]) -> tuple[Installed, ...]:
    """The distributions, those that this program alone imported no longer marked so."""
    needed = _needed({one.name: one for one in found})
    homes = _homes([one for one in found if one.imported and one.name in needed])
    idle = frozenset(homes.values()) - _used(homes) - COMPUTES
    return tuple(replace(one, imported=False) if one.name in idle else one for one in found)


def _needed(installed: Mapping[str, Installed]) -> frozenset[str]:
    """This program and all that it needs, by name; what only an extra brings is somebody else's wish."""
    reached: set[str] = set()
    waiting = [PROGRAM]
    while waiting:
        name = waiting.pop()
        if name in installed and name not in reached:
            reached.add(name)
            waiting += _required(installed[name])
    return frozenset(reached)


def _required(one: Installed) -> Iterator[str]:
    for text in one.requires:
        read = read_requirement(text)
        if read is not None and "extra" not in (marker_text(read) or ""):
            yield str(canonicalize_name(read.name))


def _homes(own: Iterable[Installed]) -> dict[str, str]:
    """The distribution by the name of each top-level module it brings."""
    homes = {PROGRAM: PROGRAM}  # an editable install lists no modules
    for one in own:
        tops = {path.partition("/")[0].partition(".")[0] for path in recorded_files(one) if _is_module(path)}
        homes |= dict.fromkeys(tops or top_level(one.metadata), one.name)
    return homes


def _is_module(path: str) -> bool:
    return path.endswith((".py", ".so", ".pyd")) and not path.startswith(("..", "/"))


def _used(homes: Mapping[str, str]) -> frozenset[str]:
    """Names of those that others use; what one of these uses in turn is used as well."""
    by_owner: dict[str, set[str]] = {}
    for name, module in list(sys.modules.items()):
        if issubclass(type(module), ModuleType) and not _is_standard(name):
            owner = homes.get(name.partition(".")[0], "")
            by_owner.setdefault(owner, set()).update(homes[top] for top in _tops_in(name, module) if top in homes)
    used: set[str] = set()
    waiting = by_owner.get("", set())
    by_owner[PROGRAM] = set()  # what it uses is the question
    while waiting:
        used |= waiting
        waiting = {other for name in waiting for other in by_owner.get(name, ())} - used
    return frozenset(used)


def _is_standard(name: str) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names and top not in {"__main__", "__mp_main__"}


def _tops_in(name: str, module: ModuleType) -> set[str]:
    """Names of the top-level modules that a module holds something of, or that its source imports where it is one's own."""
    held = object.__getattribute__(module, "__dict__")  # a lazy module must not wake
    file = held.get("__file__")
    place = Path(file) if isinstance(file, str) else None
    if place is not None and (place.stem == PROGRAM or place.parent == PACKAGE):  # it was started by its own name
        return set()
    tops = {_home(value) for value in list(held.values())}
    if place is not None and place.suffix == ".py" and SITE_FOLDERS.isdisjoint(place.parts):
        tops |= _imports(place)
    return {top.partition(".")[0] for top in tops}


def _home(value: object) -> str:
    """The module that a value is or comes from, asked so that no code of the value runs."""
    kind = type(value)
    if issubclass(kind, ModuleType):
        name = object.__getattribute__(value, "__dict__").get("__name__")
    elif issubclass(kind, FunctionType | BuiltinFunctionType):
        name = object.__getattribute__(value, "__module__")
    else:
        name = type.__getattribute__(value if issubclass(kind, type) else kind, "__dict__").get("__module__")
    return name if isinstance(name, str) else ""


def _imports(file: Path) -> set[str]:
    try:
        with file.open("rb") as source:
            text = source.read(MAX_SOURCE_BYTES).decode("utf-8", "replace")
    except OSError:  # removed since, or in an archive: what the module holds has to tell
        return set()
    found = ((first or more).split(",") for first, more in _IMPORT.findall(text))
    return {name.split()[0] for names in found for name in names if name.split()}
