"""The form of every document on disk: frozen, strict, and one way to write it and to read it.

Reading is one function that gives a whole valid value or raises with the path of the fault. Limits are those of
``docs/format.md``; a document beyond one is refused before it is parsed.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import pydantic

from reprobundle.errors import RefusedInputError
from reprobundle.faults import words

MAX_DOCUMENT_BYTES = 16 * 2**20
MAX_DEPTH = 64
MAX_VALUES = 1_000_000
MAX_FAULTS_SHOWN = 3

_STRINGS = re.compile(rb'"[^"]*"?')  # once the escapes are gone; never fails half way, so it takes linear time
_BRACKETS = re.compile(rb"[\[\]{}]")

Json = pydantic.JsonValue


class Record(pydantic.BaseModel):
    """A value that stands in a document: frozen, strictly typed, unknown keys refused, numbers finite."""

    model_config = pydantic.ConfigDict(
        frozen=True, strict=True, extra="forbid", allow_inf_nan=False, protected_namespaces=(), defer_build=True
    )


R = TypeVar("R", bound=Record)


def to_bytes(record: Record) -> bytes:
    """The document's bytes: UTF-8 JSON, two blanks of indent, fields in their declared order, a newline at the end.

    Raises:
        RefusedInputError: A text in it is no valid Unicode.
    """
    text = json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        where = text[max(error.start - 40, 0) : error.end]
        message = f"{type(record).__module__.rpartition('.')[2]}: half a character cannot be written: {where!r}"
        raise RefusedInputError(message, hint="it is a lone surrogate: give valid text") from error


def from_bytes(kind: type[R], content: bytes, *, name: str) -> R:
    """Read one document strictly.

    Args:
        kind: The record type it must be.
        content: The bytes as they are on disk.
        name: How to call the document in messages, e.g. ``manifest.json``.

    Raises:
        RefusedInputError: It is not strict UTF-8 JSON, repeats a key, is too large or too deep, or breaks the type;
            the message names the path of the fault.
    """
    strict_json(content, name=name)
    try:
        return kind.model_validate_json(content)
    except pydantic.ValidationError as error:
        raise RefusedInputError(f"{name}: {_faults(error)}") from error


def strict_json(content: bytes, *, name: str) -> Json:
    """Parse JSON, refusing what a lenient parser lets through.

    Raises:
        RefusedInputError: Too large, not UTF-8, a byte order mark, a repeated key, half a character, NaN or Infinity
            or a number beyond float64, nested deeper than 64 levels, over a million values, or not JSON at all.
    """
    if len(content) > MAX_DOCUMENT_BYTES:
        message = f"{name}: is too large: at most {MAX_DOCUMENT_BYTES} bytes, found {len(content)}"
        raise RefusedInputError(message)
    _refuse_unwieldy(content, name)
    try:
        text = content.decode("utf-8")
        value: Json = json.loads(
            text, object_pairs_hook=_unique(name), parse_constant=_no_constant(name), parse_float=_finite(name)
        )
        if "\\u" in text:  # only an escape can stand for half a character
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RefusedInputError:
        raise
    except ValueError as error:
        raise RefusedInputError(f"{name}: is not strict JSON: {error}") from error
    return value


def _refuse_unwieldy(content: bytes, name: str) -> None:
    depth = 0
    if content.count(b",") > MAX_VALUES:
        raise RefusedInputError(f"{name}: holds more than {MAX_VALUES} values")
    plain = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", plain)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise RefusedInputError(f"{name}: is nested deeper than {MAX_DEPTH} levels")


def _unique(name: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key, value in pairs:
            if key in built:
                raise RefusedInputError(f"{name}: the key {key!r} stands twice in one object")
            built[key] = value
        return built

    return build


def _no_constant(name: str) -> Callable[[str], NoReturn]:
    def refuse(constant: str) -> NoReturn:
        raise RefusedInputError(f"{name}: holds {constant}, which is not JSON: numbers must be finite")

    return refuse


def _finite(name: str) -> Callable[[str], float]:
    def read(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise RefusedInputError(f"{name}: holds {digits[:40]}, which is beyond the range of float64")
        return value

    return read


def _faults(error: pydantic.ValidationError) -> str:
    shown = [f"{_path(fault['loc'])}: {words(fault)}" for fault in error.errors(include_url=False)]
    more = len(shown) - MAX_FAULTS_SHOWN
    return "; ".join(shown[:MAX_FAULTS_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _path(location: tuple[int | str, ...]) -> str:
    text = ""
    for step in filter(lambda step: step != "", location):  # a union whose kind needs no name
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.lstrip(".") or "document"
