"""Values and comments as YAML 1.1 reads them back: nothing in a name of a file, or of a key, ends its line."""

from __future__ import annotations

import math
from collections.abc import Mapping

MAX_INTEGER = 2**63
MAX_DEPTH = 32
ESCAPED = {'"': '\\"', "\\": "\\\\"}
LONGEST = 200  # characters of a name in a comment


class UnwritableError(ValueError):
    """A value that a strict reader would refuse."""


def flow(value: object, depth: int = 0) -> str:
    """A value on one line; what is no plain value stands as its text.

    Raises:
        UnwritableError: It is beyond 64 bits, not finite, not text, or nested too deeply.
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | tuple | Mapping) and depth > MAX_DEPTH:
        raise UnwritableError(f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(one, depth + 1) for one in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_key(key)}: {flow(one, depth + 1)}' for key, one in value.items())}}}"
    return text(str(value))


def text(value: str) -> str:
    """A text in quotes.

    Raises:
        UnwritableError: Half a character is in it, as in a name that is not UTF-8.
    """
    if not is_writable(value):
        raise UnwritableError("half a character")
    return '"' + "".join(map(_character, value)) + '"'


def _character(one: str) -> str:
    return ESCAPED.get(one) or (one if one.isprintable() else f"\\U{ord(one):08x}")


def is_writable(value: str) -> bool:
    """Whether a text can stand in the file."""
    return not any("\ud800" <= one <= "\udfff" for one in value)


def remark(value: str) -> str:
    """A text that cannot end a comment."""
    shown = "".join(one if one.isprintable() else "?" for one in value[: LONGEST + 1])
    return shown[:LONGEST] + "…" if len(shown) > LONGEST else shown


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise UnwritableError(f"a key of type {type(key).__name__}")
    return text(key)


def _number(value: float) -> str:
    """A number; ``1.0e-07`` where Python would write ``1e-07``, which is text to YAML 1.1."""
    if isinstance(value, int) and not -MAX_INTEGER <= value < MAX_INTEGER:
        raise UnwritableError("beyond 64 bits")
    if not math.isfinite(value):
        raise UnwritableError("not finite")
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else repr(value)
