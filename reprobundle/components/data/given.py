"""What a person can say about a split beside its content."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reprobundle.components.data.section import Leaf


@dataclass(frozen=True, kw_only=True)
class How:
    """How a split is to be read.

    Attributes:
        dtypes: Declared dtype of a column by name, for sources that have none of their own (CSV): numpy's, pandas' or our names.
        label: Leaf or column that holds the label; None: found out.
        storage_options: Options for fsspec, such as credentials; never recorded.
        leaves: The recorded leaves, when a reviewer's copy is read to be compared; a source without dtypes takes theirs.
        as_bytes: Whether files are digested as bytes, whatever is in them.
        sharded: Whether files of one tabular form in one folder are read as one table.
        statistics: Whether statistics are taken along.
        cached: Whether a file that is as it was (size, times, inode) when it was last digested may keep its digest unread.
        progress: Called with the bytes read so far and the bytes in all.
    """

    dtypes: Mapping[str, str] = field(default_factory=dict)
    label: str | None = None
    storage_options: Mapping[str, Any] = field(default_factory=dict)
    leaves: tuple[Leaf, ...] = ()
    as_bytes: bool = False
    sharded: bool = True
    statistics: bool = True
    cached: bool = True
    progress: Callable[[int, int], None] | None = None


@dataclass(frozen=True)
class DataSplit:
    """A data split with what is to be known about it.

    Attributes:
        data: What `capture` takes as a split: a path, glob or URL, a list of files, arrays, a table, or a data set.
        label: The column or leaf that holds the label.
        dtypes: dtype of each column by name, where the data does not say it itself (CSV).
        as_bytes: Whether a file of a known form (Parquet, CSV, npy, …) is digested by its bytes alone.
        storage_options: Options for fsspec; never recorded.
        private: A file that holds the salt; it is made where there is none. Digests are salted with it, so that only who has
            it can check them or try samples against them; names of files are left out, and so are statistics.
        source: Where the data comes from: a URL, a DOI, a name.
        version: Which version of it.
        licence: Its licence, an SPDX expression.
        license: The same, spelled as on the Hub.
        collection: How and when it was collected.
        owner: Who owns it.
        consent: What the people it is about agreed to, or the ethics approval.
    """

    data: Any
    label: str | None = None
    dtypes: Mapping[str, str] = field(default_factory=dict)
    as_bytes: bool = False
    storage_options: Mapping[str, Any] = field(default_factory=dict)
    private: str | os.PathLike[str] | None = None
    source: str | None = None
    version: str | None = None
    licence: str | None = None
    collection: str | None = None
    owner: str | None = None
    consent: str | None = None
    license: str | None = None


@dataclass(frozen=True)
class Splitting:
    """How the splits were made of one whole, so that it can be done again.

    Attributes:
        function: Takes the number of samples of the whole, ``seed`` and the arguments, and gives the indices of each split by
            name; itself or as ``module:name``.
        data: The whole: what `capture` takes as a split.
        seed: The seed it was made with.
        arguments: Further keywords.
        name: What the whole is called, for ``--data NAME=PATH``.
    """

    function: Callable[..., Mapping[str, Any]] | str
    data: Any
    seed: int | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    name: str = "all"
