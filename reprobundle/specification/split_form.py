"""The form of data splits in a ``reprobundle.yaml``."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic

from reprobundle import entries
from reprobundle.errors import RefusedInputError
from reprobundle.records import Json, Record

MAPPING, TEXT, LIST = "", "text", "list"  # the first leaves no step in the path of a fault


def is_entry(text: str) -> str:
    """The text itself, when it is of the form ``module:name``."""
    try:
        return str(entries.parse_entry(text))
    except RefusedInputError as error:
        raise ValueError(str(error)) from error


Entry = Annotated[str, pydantic.AfterValidator(is_entry), pydantic.Field(description="module:name")]
PathText = Annotated[str, pydantic.Field(min_length=1, description="path relative to the file's folder")]
Place = Annotated[
    str,
    pydantic.Field(min_length=1, description="path, glob or URL, relative to the file's folder; or module:function"),
]
Places = Annotated[tuple[PathText, ...], pydantic.Field(min_length=1, description="paths, in their order")]


class SplitSpecification(Record):
    """A data split with what is to be known about it.

    Attributes:
        path: Where it is: a path, a glob, a URL, or a list of paths.
        function: In place of a path: a function that returns the split, as ``module:name``.
        label: The column that holds the label.
        dtypes: dtype of each column by name, where the data does not say it itself (CSV).
        as_bytes: Whether a file of a known form (Parquet, CSV, npy, …) is digested by its bytes alone.
        private: A file that holds the salt; it is made where there is none. Digests are salted with it; names of files, sizes
            and statistics are left out.
        source: Where the data comes from: a URL, a DOI, a name.
        version: Which version of it.
        licence: Its licence, an SPDX expression.
        license: The same, spelled as in the documentation's part.
        collection: How and when it was collected.
        owner: Who owns it.
        consent: What the people it is about agreed to, or the ethics approval.
    """

    path: PathText | Places | None = None
    function: Entry | None = None
    label: str | None = None
    dtypes: dict[str, str] = {}
    as_bytes: bool = False
    private: PathText | None = None
    source: str | None = None
    version: str | None = None
    licence: str | None = None
    license: str | None = None
    collection: str | None = None
    owner: str | None = None
    consent: str | None = None

    @pydantic.model_validator(mode="after")
    def _is_somewhere(self) -> SplitSpecification:
        if (self.path is None) == (self.function is None):
            raise ValueError("expected one of path and function")
        return self


def _form(value: Any) -> str | None:
    if isinstance(value, str):
        return TEXT
    if isinstance(value, list | tuple):
        return LIST
    return MAPPING if isinstance(value, dict | SplitSpecification) else None


Given = Annotated[
    Annotated[Place, pydantic.Tag(TEXT)]
    | Annotated[Places, pydantic.Tag(LIST)]
    | Annotated[SplitSpecification, pydantic.Tag(MAPPING)],
    pydantic.Discriminator(
        _form,
        custom_error_type="split",
        custom_error_message="expected a path, glob, URL or module:function, a list of paths, or a mapping",
    ),
]


class SplittingSpecification(Record):
    """How the splits were made of one whole.

    Attributes:
        function: Takes the number of samples of the whole, ``seed`` and the arguments, and gives the indices of each split by
            name; as ``module:name``.
        data: The whole, as a split is given.
        seed: The seed it was made with.
        arguments: Further keywords.
        name: What the whole is called, for ``--data NAME=PATH``.
    """

    function: Entry
    data: Given
    seed: int | None = None
    arguments: dict[str, Json] = {}
    name: Annotated[str, pydantic.Field(min_length=1)] = "all"
