"""YAML that people write, read strictly: plain JSON values only, every fault named with its line and path.

Refused: anchors, aliases, tags, merge keys, a second document, repeated keys, keys that are no text, NaN and infinities,
what is too large, too deep or too many. What YAML 1.1 reads otherwise than it looks comes back as a warning.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reprobundle.errors import RefusedInputError
from reprobundle.records import Json

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 2**20
MAX_DEPTH = 64
MAX_NODES = 50_000
MAX_INTEGER = 2**63
MAX_DIGITS = 4000

_PREFIX = "tag:yaml.org,2002:"
_LOOKS_NUMERIC = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+|0[oO][0-7]+|[-+]?\d+(,\d{3})+")
_PLAIN_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_TRUTH = frozenset({"true", "false"})


@dataclass(frozen=True)
class Document:
    """What a YAML text says.

    Attributes:
        value: Its value.
        warnings: One line for each place that YAML 1.1 may read otherwise than the writer meant.
        lines: The line, from 1, on which each value begins or its key stands, by path such as ``authors[0].name``.
    """

    value: Json
    warnings: tuple[str, ...]
    lines: Mapping[str, int] = field(default_factory=dict)


def read_yaml(content: bytes, *, name: str) -> Document:
    """Read one YAML document.

    Args:
        content: The bytes as they are on disk.
        name: How to call the document in messages, e.g. ``reprobundle.yaml``.

    Raises:
        RefusedInputError: It breaks one of the rules above; the message names line and path.
    """
    import yaml

    if len(content) > MAX_BYTES:
        raise RefusedInputError(f"{name}: is too large: at most {MAX_BYTES} bytes, found {len(content)}")
    text = _decode(content, name)
    try:
        reading = _Reading(name, yaml.SafeLoader(text))
        value = reading.document()
    except yaml.YAMLError as error:
        raise RefusedInputError(f"{name}: is not YAML: {_words(error)}") from error
    except (ValueError, OverflowError) as error:  # PyYAML lets them through for an escape such as "\UFFFFFFFF"
        raise RefusedInputError(f"{name}: is not YAML: an escape or a number beyond all limits") from error
    return Document(value, tuple(reading.warnings), reading.lines)


def _decode(content: bytes, name: str) -> str:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RefusedInputError(f"{name}: is not UTF-8: byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise RefusedInputError(f"{name}: begins with a byte order mark", hint="save it as UTF-8 without one")
    return text


def _words(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    where = f"line {mark.line + 1}: " if mark else ""
    return where + " ".join(str(problem).split())


@dataclass
class _Reading:
    """One walk over the events of a document."""

    name: str
    loader: Any  # a yaml.SafeLoader, whose methods have no types
    warnings: list[str] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    nodes: int = 0

    def document(self) -> Json:
        import yaml

        self.loader.get_event()  # the stream's start
        if self.loader.check_event(yaml.StreamEndEvent):
            raise RefusedInputError(f"{self.name}: is empty")
        start = self.loader.get_event()
        if getattr(start, "tags", None):
            self.refuse(start, "", "has a tag directive", hint="remove the line that begins with %")
        value = self.value(self.loader.get_event(), "", 0)
        self.loader.get_event()  # the document's end
        if not self.loader.check_event(yaml.StreamEndEvent):
            self.refuse(self.loader.get_event(), "", "a second document begins", hint="keep one document in the file")
        return value

    def value(self, event: Any, path: str, depth: int) -> Json:
        import yaml

        self.nodes += 1
        self.lines.setdefault(path, event.start_mark.line + 1)
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            limit = f"nested deeper than {MAX_DEPTH} levels" if depth > MAX_DEPTH else f"more than {MAX_NODES} values"
            self.refuse(event, path, limit)
        if isinstance(event, yaml.AliasEvent):
            self.refuse(event, path, f"the alias *{event.anchor} is not allowed", hint="write the value out")
        if event.anchor is not None:
            self.refuse(event, path, f"the anchor &{event.anchor} is not allowed", hint="write the value out twice")
        if event.tag is not None:
            self.refuse(event, path, f"the tag {event.tag!r:.60} is not allowed", hint="write a plain value")
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, depth)
        return self.mapping(path, depth)

    def sequence(self, path: str, depth: int) -> Json:
        import yaml

        items: list[Json] = []
        while not self.loader.check_event(yaml.SequenceEndEvent):
            items.append(self.value(self.loader.get_event(), f"{path}[{len(items)}]", depth + 1))
        self.loader.get_event()
        return items

    def mapping(self, path: str, depth: int) -> Json:
        import yaml

        made: dict[str, Json] = {}
        while not self.loader.check_event(yaml.MappingEndEvent):
            event = self.loader.get_event()
            key = self.key(event, path)
            below = f"{path}.{key}" if path else key
            if key in made:
                self.refuse(event, below, "the key stands twice")
            self.lines[below] = event.start_mark.line + 1
            made[key] = self.value(self.loader.get_event(), below, depth + 1)
        self.loader.get_event()
        return made

    def key(self, event: Any, path: str) -> str:
        import yaml

        if not isinstance(event, yaml.ScalarEvent):
            self.refuse(event, path, "a key must be text", hint="put complex values on the right of the colon")
        self.refuse_marks(event, path)
        kind = self.kind(event)
        if kind == "merge":
            self.refuse(event, path, "the merge key << is not allowed", hint="write the values out")
        if kind not in {"str", "timestamp", "value"}:
            self.refuse(event, path, f"the key {event.value!r:.60} is read as {kind}, not as text", hint="quote it")
        return self.text(event, path)

    def refuse_marks(self, event: Any, path: str) -> None:
        if event.anchor is not None or event.tag is not None:
            self.refuse(event, path, f"the key {event.value!r:.60} has an anchor or a tag", hint="write it plainly")

    def kind(self, event: Any) -> str:
        import yaml

        tag = str(self.loader.resolve(yaml.ScalarNode, event.value, event.implicit))
        return tag.removeprefix(_PREFIX)

    def scalar(self, event: Any, path: str) -> Json:
        kind = self.kind(event)
        if kind == "null":
            return None
        if kind == "bool":
            return self.truth(event, path)
        if kind == "int":
            return self.integer(event, path)
        if kind == "float":
            return self.real(event, path)
        short = len(event.value) <= MAX_DIGITS  # the pattern takes quadratic time
        if event.implicit[0] and short and _LOOKS_NUMERIC.fullmatch(event.value):
            words = f"{event.value!r:.60} is text to YAML 1.1, not a number: write it like 1.0e-3 or 1.0e+3"
            self.warn(event, path, words + ", or quote it")
        return self.text(event, path)

    def text(self, event: Any, path: str) -> str:
        if any("\ud800" <= character <= "\udfff" for character in event.value):
            self.refuse(event, path, "is not valid Unicode")
        return str(event.value)

    def truth(self, event: Any, path: str) -> bool:
        read = event.value.lower() in {"true", "yes", "on"}
        if event.value.lower() not in _TRUTH:
            words = "true" if read else "false"
            self.warn(event, path, f"{event.value!r} is read as {words}: write {words}, or quote it to mean the word")
        return read

    def integer(self, event: Any, path: str) -> int:
        import yaml

        if len(event.value) > MAX_DIGITS:
            self.refuse(event, path, f"a number of {len(event.value)} characters")
        try:
            read = int(self.loader.construct_yaml_int(yaml.ScalarNode(_PREFIX + "int", event.value)))
        except ValueError:
            self.refuse(event, path, f"{event.value!r:.60} is no number", hint="quote it to mean text")
        if not -MAX_INTEGER <= read < MAX_INTEGER:
            self.refuse(event, path, f"{event.value!r:.60} does not fit in 64 bits", hint="quote it to mean text")
        if not _PLAIN_INTEGER.fullmatch(event.value):
            self.warn(event, path, f"{event.value!r:.60} is read as the number {read}: quote it to mean text")
        return read

    def real(self, event: Any, path: str) -> float:
        import yaml

        if len(event.value) > MAX_DIGITS:
            self.refuse(event, path, f"a number of {len(event.value)} characters")
        try:
            read = float(self.loader.construct_yaml_float(yaml.ScalarNode(_PREFIX + "float", event.value)))
        except (ValueError, OverflowError):
            self.refuse(event, path, f"{event.value!r:.60} is no number", hint="quote it to mean text")
        if not math.isfinite(read):
            self.refuse(event, path, f"{event.value!r:.60} is not a finite number", hint="leave it out or quote it")
        if ":" in event.value:
            self.warn(event, path, f"{event.value!r:.60} is read as the number {read}: quote it to mean text")
        return read

    def warn(self, event: Any, path: str, words: str) -> None:
        self.warnings.append(self.where(event, path) + words)

    def refuse(self, event: Any, path: str, words: str, *, hint: str | None = None) -> Any:
        raise RefusedInputError(self.where(event, path) + words, hint=hint)

    def where(self, event: Any, path: str) -> str:
        return f"{self.name}: line {event.start_mark.line + 1}: " + (f"{path[:200]}: " if path else "")
