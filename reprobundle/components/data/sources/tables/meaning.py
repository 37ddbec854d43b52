"""What an Arrow schema says about its columns beside their types: pandas' and Hugging Face's notes in its metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle.errors import RefusedInputError

INDEX = re.compile(r"__index_level_\d+__")
FLOATS = frozenset({"float16", "float32", "float64"})
LISTS = frozenset({"List", "LargeList", "Sequence"})
TENSORS = re.compile(r"Array[2-5]D")


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """How the cells of a column are to be read.

    Attributes:
        nan: Whether a null float stands for NaN, which pandas cannot tell from a missing value.
        feature: Hugging Face's description of the column; None without one.
        files: Whether a picture of which only a path is known may be read from there.
        tensor: Shape of the tensor that each cell is, where the column's type says so.
    """

    nan: bool = False
    feature: Any = None
    files: bool = False
    tensor: tuple[int | None, ...] | None = None

    @property
    def shape(self) -> tuple[int | None, ...] | None:
        """Shape of a cell that is a tensor of several dimensions."""
        if isinstance(self.feature, Mapping) and TENSORS.fullmatch(str(self.feature.get("_type"))):
            return tuple(self.feature["shape"])
        return self.tensor

    def element(self) -> Meaning:
        """That of the elements of a list."""
        feature = self.feature
        if isinstance(feature, list) and feature:
            feature = feature[0]
        elif isinstance(feature, Mapping) and feature.get("_type") in LISTS:
            feature = feature.get("feature")
        else:
            feature = None
        return Meaning(nan=self.nan, feature=feature, files=self.files)

    def field(self, name: str) -> Meaning:
        """That of one field of a struct."""
        feature = self.feature
        if (
            isinstance(feature, Mapping) and feature.get("_type") == "Sequence"
        ):  # a sequence of structs is a struct of lists
            inner = feature.get("feature")
            inner = inner.get(name) if isinstance(inner, Mapping) else None
            return Meaning(feature={"_type": "List", "feature": inner}, files=self.files)
        return Meaning(feature=feature.get(name) if isinstance(feature, Mapping) else None, files=self.files)


def meanings_of(schema: Any, *, files: bool = False) -> dict[str, Meaning]:
    """What each column of an Arrow schema means.

    Raises:
        RefusedInputError: The metadata is not what pandas or Hugging Face writes.
    """
    metadata = schema.metadata or {}
    nan = _from_numpy_floats(_document(metadata, b"pandas"))
    info = _document(metadata, b"huggingface").get("info")
    features = info.get("features") if isinstance(info, Mapping) else None
    known = features if isinstance(features, Mapping) else {}
    return {name: Meaning(nan=name in nan, feature=known.get(name), files=files) for name in schema.names}


def _document(metadata: Mapping[bytes, bytes], key: bytes) -> dict[str, Any]:
    try:
        found = json.loads(metadata.get(key, b"{}"))
    except (ValueError, RecursionError) as error:
        raise RefusedInputError(f"the schema's note {key.decode()!r} is no JSON") from error
    return found if isinstance(found, dict) else {}


def _from_numpy_floats(document: Mapping[str, Any]) -> frozenset[str]:
    """Columns that were numpy's floats in pandas, or lists of such: it wrote their NaN as null."""
    columns = document.get("columns")
    described = [column for column in columns if isinstance(column, dict)] if isinstance(columns, list) else []
    return frozenset(str(column.get("field_name")) for column in described if _is_of_floats(column))


def _is_of_floats(column: Mapping[str, Any]) -> bool:
    if column.get("numpy_type") in FLOATS:
        return column.get("pandas_type") in FLOATS
    return column.get("numpy_type") == "object" and str(column.get("pandas_type")).startswith("list[float")
