"""Where the worker imports from: the environment first, the bundle's source after it, the original source never."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
import sys
import sysconfig
from typing import Any, Dict, Sequence, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))


class HiddenSource(ImportError):
    """A module came from the original source tree, so the bundle alone would not have been enough."""


def arrange(roots: Sequence[str], hidden: Sequence[str], here: str) -> None:
    """Set ``sys.path``: standard library and site-packages, then the bundle's import roots.

    Args:
        roots: Folders of the bundle's source, in order; they may lie in a hidden folder, as a new bundle often does.
        hidden: Folders nothing else may be imported from (the original source, at a proof).
        here: The worker's own folder, which leaves the path.
    """
    own = os.path.realpath(here)
    sys.path[:] = [
        place for place in sys.path if place and os.path.realpath(place) != own and not is_hidden(place, hidden, roots)
    ]
    sys.path.extend(roots)
    if hidden:
        sys.meta_path[:] = [
            _Seeing(finder, hidden, roots) if _is_editable(finder) else finder for finder in sys.meta_path
        ]


class _Seeing:
    """An editable install's finder that no longer finds what is hidden."""

    def __init__(self, finder: Any, hidden: Sequence[str], roots: Sequence[str]) -> None:
        self._finder, self._hidden, self._roots = finder, hidden, roots

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        spec = self._finder.find_spec(name, path, target)
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec is not None else []
        if any(isinstance(place, str) and is_hidden(place, self._hidden, self._roots) for place in places):
            return None
        return spec


def is_hidden(place: str, hidden: Sequence[str], roots: Sequence[str]) -> bool:
    """Whether a path lies in a hidden folder, and neither in the bundle nor in this environment's own packages."""
    if not hidden:  # every replay, where thousands of modules are asked about
        return False
    real = _real(place)
    if not any(_under(real, _real_folder(folder)) for folder in hidden):
        return False
    return not any(_under(real, own) for own in [*_own_folders(), *map(os.path.realpath, roots)])


def _real(place: str) -> str:
    """The real path; thousands of modules lie in hundreds of folders, each of which is looked up once."""
    if os.path.islink(place) or not os.path.isabs(place):
        return os.path.realpath(place)
    return os.path.join(_real_folder(os.path.dirname(place)), os.path.basename(place))


@functools.cache
def _real_folder(folder: str) -> str:
    return os.path.realpath(folder)


@functools.cache
def _own_folders() -> Tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(os.path.realpath(sysconfig.get_path(name)) for name in names)


def _under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_editable(finder: Any) -> bool:
    named = str(getattr(finder, "__module__", "")) + str(getattr(finder, "__name__", type(finder).__name__))
    return "editable" in named.lower()


def refuse_hidden(hidden: Sequence[str], roots: Sequence[str]) -> None:
    """Make sure that nothing imported so far came from a hidden folder.

    Raises:
        HiddenSource: Something did; names the module and its file's name.
    """
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and is_hidden(file, hidden, roots) and not _under(file, HERE):
            raise HiddenSource("module " + repr(name) + " came from the original source, it is not in the bundle")


def resolve(entry: str) -> Any:
    """The object that ``module:name`` names, imported here."""
    module, _, name = entry.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def distributions() -> Dict[str, str]:
    """Name and version of every distribution that is installed here."""
    found: Dict[str, str] = {}
    for distribution in importlib.metadata.distributions():
        described = distribution.metadata
        name = described["Name"] if "Name" in described else None  # noqa: SIM401  its type promises no get()
        if name and name not in found:
            found[name] = described["Version"]  # as .version is, which reads the file once more
    return found
