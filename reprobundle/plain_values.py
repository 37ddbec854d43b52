"""A person's own values as JSON: what can be held exactly is, what was changed on the way and what cannot be held is named.

Nothing is dropped silently: every value that JSON cannot hold comes back as an `Unsaved` with its path.
"""

from __future__ import annotations

import dataclasses
import datetime
import math
import os
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

from reprobundle import arrays
from reprobundle.records import Json, Record

MAX_DEPTH = 32
MAX_NODES = 50_000
MAX_CHARACTERS = 2 * 2**20
MAX_ELEMENTS = 1000
MAX_INTEGER = 2**63

_ABSOLUTE_ON_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


class Converted(Record):
    """A value that is saved in another form than it had.

    Attributes:
        path: Where it stands, e.g. ``optimizer.dtype``.
        type: Its type's name.
    """

    path: str
    type: str


class Unsaved(Record):
    """A value that JSON cannot hold.

    Attributes:
        path: Where it stood, e.g. ``optimizer.hook``.
        type: Its type's name.
        reason: Why it is not saved.
        hint: What to give instead.
    """

    path: str
    type: str
    reason: str
    hint: str


@dataclass(frozen=True)
class Plain:
    """The outcome of a conversion.

    Attributes:
        value: The value as JSON, without what could not be saved.
        converted: What has another form now.
        unsaved: What is missing.
    """

    value: Json
    converted: tuple[Converted, ...]
    unsaved: tuple[Unsaved, ...]


def plain(value: Any, path: str = "") -> Plain:
    """Bring a value into JSON.

    Tuples become lists, numpy and torch scalars numbers, small arrays lists, sets sorted lists, relative paths, enum
    members, dtypes, devices and dates text. Functions, other objects, NaN and infinities, and paths that only exist on
    this machine are left out of their container and named.

    Args:
        value: Anything.
        path: How to call the place of `value` in what is named.
    """
    conversion = _Conversion()
    made = conversion.any(value, path, 0)
    kept: Json = None if made is _LEFT_OUT else made
    return Plain(kept, tuple(conversion.converted), tuple(conversion.unsaved))


def fields_of(value: Any) -> Mapping[Any, Any] | None:
    """The named parts of a mapping, dataclass, Namespace, OmegaConf node or object with ``to_dict``; None of others."""
    if isinstance(value, type):
        return None
    if type(value).__module__.partition(".")[0] == "omegaconf":
        import omegaconf

        container = omegaconf.OmegaConf.to_container(value, resolve=True, throw_on_missing=False)
        return container if isinstance(container, Mapping) else None
    if isinstance(value, Mapping):
        return value
    if callable(getattr(value, "to_dict", None)):
        made = value.to_dict()
        return made if isinstance(made, Mapping) else None
    if dataclasses.is_dataclass(value):
        return {part.name: getattr(value, part.name) for part in dataclasses.fields(value)}
    argparse = sys.modules.get("argparse")  # nobody has a Namespace who did not import it
    return vars(value) if argparse is not None and isinstance(value, argparse.Namespace) else None


_LEFT_OUT: Any = object()
_TO_PLAIN = "give it as text, a number or a list of them"


@dataclass
class _Conversion:
    """One walk through a value."""

    converted: list[Converted] = field(default_factory=list)
    unsaved: list[Unsaved] = field(default_factory=list)
    nodes: int = 0
    characters: int = 0

    def any(self, value: Any, path: str, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_NODES} values"
            return self.leave(value, path, f"more than {limit}", "store it as a file and give its relative path")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Enum):
            return self.turn(value, path, value.name)
        for kinds, convert in self.kinds():
            if isinstance(value, kinds):
                return convert(value, path, depth)
        return self.other(value, path, depth)

    def kinds(self) -> tuple[tuple[tuple[type, ...], Any], ...]:
        return (
            ((str,), self.text),
            ((int,), self.integer),
            ((float,), self.real),
            ((list, tuple), self.sequence),
            ((set, frozenset), self.unordered),
            ((PurePath,), self.place),
            ((datetime.date, datetime.time), self.moment),
        )

    def other(self, value: Any, path: str, depth: int) -> Any:
        if arrays.is_array(value):
            return self.array(value, path, depth)
        if type(value).__module__ == "torch" and type(value).__name__ in {"dtype", "device", "memory_format", "layout"}:
            return self.turn(value, path, str(value))
        if type(value).__module__.startswith("omegaconf") and type(value).__name__ == "ListConfig":
            return self.sequence(list(value), path, depth)
        parts = fields_of(value)
        if parts is None:
            return self.leave(value, path, "JSON cannot hold it", _TO_PLAIN)
        if not isinstance(value, Mapping):
            self.changed(value, path)
        return self.mapping(parts, path, depth)

    def text(self, value: str, path: str, depth: int) -> Any:
        del depth
        self.characters += len(value)
        if self.characters > MAX_CHARACTERS:
            return self.leave(value, path, f"more than {MAX_CHARACTERS} characters in all", "store long text as a file")
        if any("\ud800" <= character <= "\udfff" for character in value):
            return self.leave(value, path, "it is not valid Unicode", "give it as valid text")
        if _is_of_this_machine(value):
            return self.leave(value, path, "it is a path of this machine", "give it relative to the project")
        return str(value)

    def integer(self, value: int, path: str, depth: int) -> Any:
        del depth
        if not -MAX_INTEGER <= value < MAX_INTEGER:
            return self.leave(value, path, "it does not fit in 64 bits", "give it as text")
        return int(value)

    def real(self, value: float, path: str, depth: int) -> Any:
        del depth
        if not math.isfinite(value):
            return self.leave(value, path, f"{float(value)} is not JSON", "give None or a text such as 'inf'")
        return float(value)

    def sequence(self, value: Any, path: str, depth: int) -> Any:
        if not isinstance(value, list):
            self.changed(value, path)
        if hasattr(value, "_asdict"):
            return self.mapping(value._asdict(), path, depth)
        made = [self.any(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
        return [item for item in made if item is not _LEFT_OUT]

    def unordered(self, value: Any, path: str, depth: int) -> Any:
        self.changed(value, path)
        made = [self.any(item, f"{path}[{item!r:.40}]", depth + 1) for item in sorted(value, key=_order)]
        return [item for item in made if item is not _LEFT_OUT]

    def mapping(self, value: Mapping[Any, Any], path: str, depth: int) -> Any:
        made: dict[str, Any] = {}
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            if isinstance(key, Enum) or not isinstance(key, str | int | float) or _refused(name := str(key)):
                self.leave(item, below.encode("utf-8", "backslashreplace").decode(), "its key is no text", "name it")
            elif name in made:
                self.leave(item, below, f"two keys read {name!r} as text", "rename one")
            else:
                if type(key) is not str:
                    self.changed(key, below)
                kept = self.any(item, below, depth + 1)
                made.update({} if kept is _LEFT_OUT else {name: kept})
        return made

    def place(self, value: PurePath, path: str, depth: int) -> Any:
        del depth
        text = value.as_posix()
        if value.is_absolute() or _refused(text):
            return self.leave(value, path, "it is a path of this machine", "give it relative to the project")
        return self.turn(value, path, text)

    def moment(self, value: Any, path: str, depth: int) -> Any:
        del depth
        return self.turn(value, path, value.isoformat())

    def array(self, value: Any, path: str, depth: int) -> Any:
        array = arrays.to_array(value)
        if array.size > MAX_ELEMENTS:
            reason = f"it holds {array.size} elements, at most {MAX_ELEMENTS} are saved"
            return self.leave(value, path, reason, "pass it as a split or keep it in the model's state")
        if array.dtype.kind == "c":
            return self.leave(value, path, "JSON has no complex numbers", _TO_PLAIN)
        self.changed(value, path)
        return self.any((array if array.dtype.kind in "biu" else array.astype("float64")).tolist(), path, depth)

    def turn(self, value: Any, path: str, text: str) -> Any:
        self.changed(value, path)
        return text

    def changed(self, value: Any, path: str) -> None:
        self.converted.append(Converted(path=path, type=_type_name(value)))

    def leave(self, value: Any, path: str, reason: str, hint: str) -> Any:
        self.unsaved.append(Unsaved(path=path, type=_type_name(value), reason=reason, hint=hint))
        return _LEFT_OUT


def _refused(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _order(value: Any) -> tuple[str, float, str]:
    number = float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0
    return type(value).__name__, number, str(value)


def _type_name(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ in {"builtins", "pathlib"} else f"{kind.__module__}.{kind.__name__}"


def _is_of_this_machine(text: str) -> bool:
    """Whether a text is an absolute path that exists here or lies in the home folder, or a path with the host's name."""
    if "/" not in text and "\\" not in text:
        return False
    host = platform.node()
    if len(host) > 3 and re.search(rf"(?<![A-Za-z0-9]){re.escape(host)}(?![A-Za-z0-9])", text):
        return True
    absolute = text.startswith("/") or _ABSOLUTE_ON_WINDOWS.match(text) is not None
    if not absolute or "\0" in text or len(PurePath(text).parts) < 2:
        return False
    home = str(Path("~").expanduser())
    return text == home or text.startswith(home + os.sep) or os.path.lexists(text)
