"""The grammar of a path inside a bundle, the same when writing and when reading: refuse, never repair.

POSIX, relative, NFC, at most 1,024 bytes and 64 components; each component at most 255 bytes, not empty, ``.`` or
``..``, and legal on Windows too, so that an honest bundle breaks nowhere.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from reprobundle.errors import RefusedInputError, UnavailableError

MAX_PATH_BYTES = 1024
MAX_COMPONENT_BYTES = 255
MAX_COMPONENTS = 64
NOT_UNICODE = "is not valid Unicode"
LOCALE_HINT = "Python was told not to read names as UTF-8: unset PYTHONUTF8, or set LC_ALL=C.UTF-8"

_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*\\]')
_RESERVED_ON_WINDOWS = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_BIDI = frozenset({"RLE", "RLO", "LRE", "LRO", "PDF", "RLI", "LRI", "FSI", "PDI"})


def safe_path(text: str) -> str:
    """Give `text` back if it is a legal path inside a bundle.

    Raises:
        RefusedInputError: It is not; the message names the rule and shows the path.
    """
    fault = fault_of(text)
    if fault:
        raise RefusedInputError(f"path {text[:200]!r}: {fault}", hint=_locale_hint() if fault == NOT_UNICODE else None)
    return text


def fault_of(text: str) -> str | None:
    """The rule of the grammar that `text` breaks, in words, or None."""
    try:
        encoded = text.encode("utf-8")
    except UnicodeEncodeError:
        return NOT_UNICODE
    if len(encoded) > MAX_PATH_BYTES:
        return f"is longer than {MAX_PATH_BYTES} bytes"
    if unicodedata.normalize("NFC", text) != text:
        return "is not in Unicode's composed form (NFC)"
    components = text.split("/")
    if len(components) > MAX_COMPONENTS:
        return f"has more than {MAX_COMPONENTS} components"
    return next(filter(None, map(_component_fault, components)), None)


def _component_fault(component: str) -> str | None:
    if component in {"", ".", ".."}:
        return f"has the component {component!r}: it must be relative, without '.' or '..'"
    if len(component.encode("utf-8")) > MAX_COMPONENT_BYTES:
        return f"has a component longer than {MAX_COMPONENT_BYTES} bytes"
    if any(_is_control(character) for character in component):
        return "has a control, format or direction character"
    if _NOT_ON_WINDOWS.search(component) or component[-1] in ". " or _RESERVED_ON_WINDOWS.fullmatch(component):
        return f"has the component {component!r}, which is not a legal name on Windows"
    if component.startswith("~"):
        return "has a component that begins with '~'"
    return None


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or (
        unicodedata.bidirectional(character) in _BIDI
    )


def refuse_colliding(paths: Iterable[str]) -> None:
    """Make sure that the paths can stand side by side on any file system.

    Raises:
        RefusedInputError: Two are equal after case folding, or one is a folder of another.
    """
    files: dict[str, str] = {}
    for path in paths:
        folded = _fold(path)
        if folded in files:
            raise RefusedInputError(f"paths {files[folded]!r} and {path!r} are one name where case is ignored")
        files[folded] = path
    for folded, path in files.items():
        parts = folded.split("/")
        for depth in range(1, len(parts)):
            if "/".join(parts[:depth]) in files:
                raise RefusedInputError(f"path {path!r}: lies under {files['/'.join(parts[:depth])]!r}, a file")


def _fold(path: str) -> str:
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())  # Unicode's caseless match


def inside(root: Path, path: str) -> Path:
    """The place of a bundle's path on this machine: the one way to join the two.

    Raises:
        RefusedInputError: The path breaks the grammar.
        UnavailableError: This process cannot name files so.
    """
    place = root.joinpath(*safe_path(path).split("/"))
    if not path.isascii():
        try:
            os.fsencode(path)
        except UnicodeEncodeError as error:
            message = f"path {path[:200]!r}: this process names files in {sys.getfilesystemencoding()} only"
            raise UnavailableError(message, hint=LOCALE_HINT) from error
    return place


def _locale_hint() -> str | None:
    """The way out where a name may be no text only because this process does not read names as UTF-8."""
    return None if sys.getfilesystemencoding().lower() in {"utf-8", "utf8"} else LOCALE_HINT
