"""A fitted object of scikit-learn as a skops file: the same bytes for the same model, and no type in it that nobody looked at.

skops names its parts after their addresses in memory and stamps them with the time. Here they are numbered in the order
met, under one fixed date, so that two captures of one model are the same file.
"""

from __future__ import annotations

import io
import json
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reprobundle import entries
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import ReproBundleError, UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.phrases import some

SCHEMA = "schema.json"
KNOWN = frozenset({"sklearn", "numpy", "scipy"})
MODULES = ("__module__", "module_path")  # where a schema names modules
NAMES_SHOWN = 8
HINT = "use the library's own estimators, or functions and classes at the top level of a module of yours"


@dataclass(frozen=True)
class Written:
    """A model as it stands in a bundle.

    Attributes:
        content: The skops file.
        trusted: The types in it that skops asks about and that were looked at here, sorted.
    """

    content: bytes
    trusted: tuple[str, ...]


def write(model: Any, what: str = "model") -> Written:
    """Write a model, and look at every type in it that skops does not know.

    Args:
        model: A fitted object of scikit-learn.
        what: What it is called in messages.

    Raises:
        UnavailableError: skops is not installed.
        UsageError: skops cannot write a part of it, or it holds something that is no class of its libraries and comes from no
            module of the person's own: a builtin, a function of a library, a method.
    """
    try:
        import skops.io
    except ImportError as error:
        hint = how_to_install("sklearn")
        raise UnavailableError(
            f"{what}: a scikit-learn model is kept by skops, which is not installed", hint=hint
        ) from error
    raw = attempt(lambda: skops.io.dumps(model))
    if isinstance(raw, Failure):
        raise UsageError(f"{what}: skops cannot write {type(model).__name__}: {raw.why}", hint=HINT)
    asked = skops.io.get_untrusted_types(data=raw)
    refused = [repr(name[:200]) for name in asked if not _is_trusted(name)]
    if refused:
        message = (
            f"{what}: {type(model).__name__} holds {some(refused, NAMES_SHOWN)}, which could run code when it is loaded"
        )
        raise UsageError(message, hint=HINT)
    main = _main(what) if any(name.startswith("__main__.") for name in asked) else ""
    return Written(_canonical(raw, main), tuple(sorted(_renamed(name, main) for name in asked)))


def _main(what: str) -> str:
    """The name under which what the script defines can be imported.

    Raises:
        UsageError: There is none.
    """
    try:
        return entries.main_name()
    except ReproBundleError as error:
        raise UsageError(f"{what}: holds what the script defines: {error}", hint=error.hint) from error


def _renamed(name: str, main: str) -> str:
    return f"{main}.{name.removeprefix('__main__.')}" if name.startswith("__main__.") else name


def _is_trusted(name: str) -> bool:
    """Whether a name leads to a class of the model's libraries, to an estimator, or to what the person wrote."""
    module, _, last = name.rpartition(".")
    found = getattr(sys.modules.get(module), last, None)
    if isinstance(found, type) and (name.partition(".")[0] in KNOWN or _is_estimator(found)):
        return True
    return callable(found) and getattr(found, "__module__", None) == module and _is_own(module)


def _is_estimator(kind: type) -> bool:
    base = sys.modules.get("sklearn.base")
    return base is not None and issubclass(kind, base.BaseEstimator)


def _is_own(module: str) -> bool:
    """Whether a module is neither Python's own nor installed: the bundle has its source."""
    if module == "__main__":
        return True
    file = getattr(sys.modules[module], "__file__", None)
    if not isinstance(file, str):
        return False
    place = Path(file).resolve()
    folders = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    return not folders.intersection(place.parents)


@dataclass
class _Numbering:
    """Numbers in the order met, for addresses and for the members named after them."""

    ids: dict[int, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def renamed(self, node: Any, main: str) -> Any:
        """A part of the schema with numbers for addresses, and the script's own name for ``__main__``."""
        if isinstance(node, list):
            return [self.renamed(part, main) for part in node]
        if not isinstance(node, dict):
            return node
        return {key: self._value(key, value, main) for key, value in node.items()}

    def _value(self, key: str, value: Any, main: str) -> Any:
        if key == "__id__" and isinstance(value, int):
            return self.ids.setdefault(value, len(self.ids))
        if key == "file" and isinstance(value, str):
            return self.files.setdefault(value, f"{len(self.files)}{Path(value).suffix}")
        if key in MODULES and value == "__main__" and main:
            return main
        return self.renamed(value, main)


def _canonical(raw: bytes, main: str) -> bytes:
    numbering, target = _Numbering(), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as before, zipfile.ZipFile(target, "w") as after:
        schema = numbering.renamed(json.loads(before.read(SCHEMA)), main)
        for name, content in _members(before, numbering, schema):
            member = zipfile.ZipInfo(name)  # of 1980-01-01
            member.create_system, member.external_attr = 3, 0o100644 << 16
            after.writestr(member, content)
    return target.getvalue()


def _members(before: zipfile.ZipFile, numbering: _Numbering, schema: Any) -> Iterator[tuple[str, bytes]]:
    yield SCHEMA, json.dumps(schema, indent=2).encode("utf-8")
    for old, new in numbering.files.items():
        yield new, before.read(old)
