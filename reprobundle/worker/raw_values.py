"""Raw samples and model inputs as trees of arrays and plain values: images and tables taken apart, and made again.

Standard library only at import; used by the program and by the worker alike.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Dict, Tuple

TABLE = "table"  # a pandas DataFrame: a mapping of its columns
IMAGE = "image"  # a PIL image: an array of shape (height, width) or (height, width, channels)
MADE_OF = {TABLE: "pandas", IMAGE: "PIL"}
MODES = frozenset({"L", "RGB", "RGBA", "F", "I"})  # those that an array alone tells apart
OF_WORDS = ("O", "U", "T")


def taken_apart(value: Any) -> Tuple[Any, Dict[str, str]]:
    """Raw samples as arrays and plain values, nested.

    Returns:
        The nested value, and what stood where by its path: ``table`` or ``image``; the path of the whole is empty.

    Raises:
        TypeError: An image is of a mode that its array does not tell.
    """
    made_of: Dict[str, str] = {}
    return _apart(value, "", made_of), made_of


def _apart(value: Any, path: str, made_of: Dict[str, str]) -> Any:
    if _is_a(value, "pandas", "DataFrame"):
        made_of[path] = TABLE
        return {name: plain(column.to_numpy()) for name, column in value.items()}
    if _is_a(value, "PIL.Image", "Image"):
        import numpy

        if value.mode not in MODES:
            raise TypeError("at " + repr(path) + ": an image of mode " + repr(value.mode) + ": convert it to RGB")
        made_of[path] = IMAGE
        return numpy.array(value)
    if isinstance(value, Mapping):
        return {name: _apart(item, _below(path, name), made_of) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_apart(item, _below(path, index), made_of) for index, item in enumerate(value))
    return plain(value)


def put_together(value: Any, made_of: Mapping[str, str], path: str = "") -> Any:
    """The raw samples as they were, of a nested value and what `taken_apart` said of it."""
    if isinstance(value, dict):
        value = {name: put_together(item, made_of, _below(path, name)) for name, item in value.items()}
    elif type(value) in (list, tuple):
        value = type(value)(put_together(item, made_of, _below(path, index)) for index, item in enumerate(value))
    kind = made_of.get(path)
    if kind == TABLE:
        import pandas

        return pandas.DataFrame(value)
    if kind == IMAGE:
        import PIL.Image

        return PIL.Image.fromarray(value)
    return value


def plain(value: Any) -> Any:
    """A result as arrays and plain values, nested: tables by column, sparse matrices dense, arrays of words as lists."""
    if _is_a(value, "pandas", "DataFrame") or _is_a(value, "PIL.Image", "Image"):
        return _apart(value, "", {})
    if _is_a(value, "pandas", "Series"):
        return plain(value.to_numpy())
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(plain(item) for item in value)
    if _is_a(value, "scipy.sparse", "spmatrix") or _is_a(value, "scipy.sparse", "sparray"):
        value = value.toarray()
    return value.tolist() if _is_words(value) else value


def _is_words(value: Any) -> bool:
    return _is_a(value, "numpy", "ndarray") and value.dtype.kind in OF_WORDS


def _below(path: str, key: Any) -> str:
    return path + "/" + str(key) if path else str(key)


def _is_a(value: Any, module: str, name: str) -> bool:
    kind = getattr(sys.modules.get(module), name, None)  # nobody has such a value without its library
    return isinstance(kind, type) and isinstance(value, kind)
