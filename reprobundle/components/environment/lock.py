"""The lock: a tiny grammar of exact pins, read and written by this module alone.

``name==version`` and, on lines continued by a backslash, ``--hash=sha256:`` with 64 hex digits. No option, address, path,
marker, extra, comment or variable exists in it. What an installer is given is always written here anew; it never sees
the bytes of a bundle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from reprobundle.errors import RefusedInputError

MAX_LOCK_BYTES = 4 * 2**20
MAX_LINES = 10_000
MAX_VERSION_CHARACTERS = 128
FILE_NAME = "requirements.txt"

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?"
_REQUIREMENT = re.compile(
    rf"(?P<name>{_NAME})==(?P<version>[0-9A-Za-z][0-9A-Za-z.!+_-]{{0,{MAX_VERSION_CHARACTERS - 1}}})"
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_PRINTABLE = re.compile(rb"[\x20-\x7e\n]*")


@dataclass(frozen=True)
class Pin:
    """One distribution at one version.

    Attributes:
        name: Normalised name.
        version: Normalised version, with its local label.
        hashes: ``sha256:`` and 64 hex digits for each archive that may be installed, sorted; empty when unknown.
    """

    name: str
    version: str
    hashes: tuple[str, ...] = ()

    @property
    def requirement(self) -> str:
        """``name==version``."""
        return f"{self.name}=={self.version}"


def pin(name: str, version: str, hashes: Iterable[str] = ()) -> Pin:
    """A pin in canonical form.

    Raises:
        ValueError: Name or version is not of the standard form, so that no index can offer it.
    """
    if not _REQUIREMENT.fullmatch(f"{name}=={version}"):
        raise ValueError(f"{name!r} at version {version!r} is not of the standard form")
    return Pin(str(canonicalize_name(name)), str(Version(version)), tuple(sorted(set(hashes))))


def write_lock(pins: Iterable[Pin]) -> bytes:
    """The canonical lock: sorted by name, one pin a block, hashes on lines of their own."""
    blocks = (" \\\n    --hash=".join((pin.requirement, *pin.hashes)) for pin in sorted(pins, key=lambda pin: pin.name))
    return "".join(f"{block}\n" for block in blocks).encode("ascii")


def read_lock(content: bytes, *, name: str = FILE_NAME) -> tuple[Pin, ...]:
    """Read a lock strictly.

    Args:
        content: The bytes as they are on disk.
        name: How to call the file in messages.

    Returns:
        The pins sorted by name; either all of them carry hashes or none does.

    Raises:
        RefusedInputError: It breaks the grammar, pins a name twice, gives hashes to some pins only, is empty or
            too large; the message names the line.
    """
    pins = read_output(content, name=name)
    bare = [pin for pin in pins if not pin.hashes]
    if bare and len(bare) < len(pins):
        raise RefusedInputError(f"{name}: {bare[0].requirement!r} has no hash while other pins have")
    if not pins:
        raise RefusedInputError(f"{name}: is empty, expected at least one pin")
    return pins


def read_output(content: bytes, *, name: str) -> tuple[Pin, ...]:
    """The pins of the same grammar, some of which may lack hashes: what a tool that makes locks has written.

    Raises:
        RefusedInputError: It breaks the grammar, pins a name twice, or is too large.
    """
    _refuse_bytes(content, name)
    found: dict[str, Pin] = {}
    for number, words in _logical_lines(content.decode("ascii"), name):
        read = _pin(words, f"{name}: line {number}")
        if read.name in found:
            raise RefusedInputError(f"{name}: line {number}: {read.name!r} is pinned twice")
        found[read.name] = read
    return tuple(found[key] for key in sorted(found))


def is_wheel_of(file: str, name: str, version: str) -> bool:
    """Whether a file name is a legal wheel of exactly this distribution at this version, local label included."""
    try:
        found, found_version, _, _ = parse_wheel_filename(file)
    except InvalidWheelFilename:
        return False
    return str(found) == name and str(found_version) == version


def _refuse_bytes(content: bytes, name: str) -> None:
    if len(content) > MAX_LOCK_BYTES:
        raise RefusedInputError(f"{name}: is too large: at most {MAX_LOCK_BYTES} bytes, found {len(content)}")
    good = _PRINTABLE.match(content)
    end = good.end() if good else 0
    if end != len(content):
        number = content[:end].count(b"\n") + 1
        found = content[end : end + 1]
        raise RefusedInputError(f"{name}: line {number}: expected printable ASCII, found {found!r}")


def _logical_lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    words: list[str] = []
    started = 0
    found = 0
    for number, line in enumerate(text.split("\n"), 1):
        if words and not line.strip():
            raise RefusedInputError(f"{name}: line {started}: is continued by a backslash, but nothing follows")
        started = started if words else number
        continued = line.endswith(" \\")
        words += (line[:-2] if continued else line).split()
        if words and not continued:
            found += 1
            if found > MAX_LINES:
                raise RefusedInputError(f"{name}: has more than {MAX_LINES} pins")
            yield started, words
            words = []


def _pin(words: list[str], where: str) -> Pin:
    matched = _REQUIREMENT.fullmatch(words[0])
    if not matched:
        raise RefusedInputError(f"{where}: expected 'name==version', found {words[0][:200]!r}")
    for word in words[1:]:
        if not _HASH.fullmatch(word):
            raise RefusedInputError(f"{where}: expected '--hash=sha256:' and 64 hex digits, found {word[:200]!r}")
    try:
        return pin(matched["name"], matched["version"], (word.removeprefix("--hash=") for word in words[1:]))
    except InvalidVersion as error:
        raise RefusedInputError(f"{where}: version {matched['version']!r} is not of the standard form") from error
