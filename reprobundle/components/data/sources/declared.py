"""Declared dtypes of columns of text: numpy's, pandas' and our own names, and the reading of cells by them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reprobundle.components.data.blocks import DECIMAL, NULL, TEXT
from reprobundle.components.data.given import How
from reprobundle.errors import UsageError

INTEGERS = ("I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64")
FLOATS = ("F16", "BF16", "F32", "F64")

_TIME = re.compile(r"(timestamp|duration|time)\[(s|ms|us|ns)(?:, ?([^\]]+))?\]")
_NUMPY_TIME = re.compile(r"(datetime64|timedelta64)\[(s|ms|us|ns)(?:, ?([^\]]+))?\]")
_PANDAS = {
    "Int8": "I8", "Int16": "I16", "Int32": "I32", "Int64": "I64", "UInt8": "U8", "UInt16": "U16", "UInt32": "U32",
    "UInt64": "U64", "Float32": "F32", "Float64": "F64", "boolean": "BOOL",
}  # fmt: skip
_NUMPY = {
    "bool": "BOOL", "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16",
    "uint32": "U32", "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "int": "I64", "float": "F64",
}  # fmt: skip
_TEXTS = ("str", "string", "object", "category")
_OURS = ("BOOL", *INTEGERS, *FLOATS, TEXT, DECIMAL, NULL, "date[day]")
KNOWN = (
    *_NUMPY, *_PANDAS, *_TEXTS, "datetime64[us]", "datetime64[us, UTC]", "timedelta64[us]", *_OURS,
    "timestamp[us]", "timestamp[us, UTC]", "duration[us]", "time[us]",
)  # fmt: skip


@dataclass(frozen=True)
class Declared:
    """How the cells of a column are to be read.

    Attributes:
        dtype: As `blocks.Column` names it.
        empty: Whether each cell is a value: an empty one, and any other marker of a missing one, the text that it is, or NaN;
            else such a cell is missing.
    """

    dtype: str
    empty: bool = False


def declared_columns(how: How, names: Sequence[str], file: str) -> dict[str, Declared]:
    """How those columns of a file are to be read for which a dtype is declared.

    Args:
        how: What was declared.
        names: The columns there are.
        file: The file's name, for messages.

    Raises:
        UsageError: A dtype is unknown, or declared for a column that is not there.
    """
    strange = [name for name in how.dtypes if name not in names]
    if strange:
        there = ", ".join(map(repr, names))
        raise UsageError(
            f"{file!r} has no column {strange[0]!r}, for which a dtype is declared", hint=f"it has {there}"
        )
    return {name: declared(name, dtype) for name, dtype in how.dtypes.items()}


def recorded_columns(how: How, names: Sequence[str]) -> dict[str, Declared]:
    """How those columns are to be read that were recorded, and for which nothing is declared.

    Args:
        how: The recorded leaves; one of a dtype that no text can be read as says nothing.
        names: The columns there are.
    """
    return {
        leaf.name: Declared(leaf.dtype, empty=not leaf.missing and (leaf.dtype in FLOATS or leaf.dtype == TEXT))
        for leaf in how.leaves
        if leaf.name in names and leaf.name not in how.dtypes and leaf.shape in {(), None} and _is_ours(leaf.dtype)
    }


def _is_ours(dtype: str) -> bool:
    return dtype in _OURS or _TIME.fullmatch(dtype) is not None


def declared(name: str, dtype: Any) -> Declared:
    """What a declared dtype means.

    Args:
        name: The column, for the message.
        dtype: numpy's, pandas' or our name, or numpy's or Python's own type.

    Raises:
        UsageError: It is none of the known ones.
    """
    text = dtype if isinstance(dtype, str) else str(getattr(dtype, "name", None) or getattr(dtype, "__name__", dtype))
    if text in _NUMPY:
        return Declared(_NUMPY[text], empty=_NUMPY[text] in FLOATS)
    if text in _PANDAS:
        return Declared(_PANDAS[text])
    if text in _TEXTS or text.startswith("string["):
        return Declared(TEXT)
    if text in _OURS:
        return Declared(text, empty=text in FLOATS or text == TEXT)
    time = _TIME.fullmatch(text) or _NUMPY_TIME.fullmatch(text)
    if time is not None and (time[3] is None or time[1] in {"timestamp", "datetime64"}):
        kind = {"datetime64": "timestamp", "timedelta64": "duration"}.get(time[1], time[1])
        return Declared(f"{kind}[{time[2]}{', UTC' if time[3] else ''}]")
    raise UsageError(f"column {name!r}: dtype {text!r} is not known", hint=f"known are {', '.join(KNOWN)}")
