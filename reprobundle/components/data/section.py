"""The records of data splits in the manifest."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle.records import Record
from reprobundle.store.digests import BundlePath, Digest

NAME = "data"

Kind = Literal["file", "folder", "files", "array", "dataset"]
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


class Leaf(Record):
    """One part of every sample.

    Attributes:
        name: Its path in the sample's nested structure; ``value`` for a bare one.
        dtype: safetensors' name of its dtype (``F32``), or ``text``, ``integer``, ``float``, ``none`` for plain values;
            ``mixed`` where samples differ.
        shape: Its shape in one sample, -1 for a length that varies; None where even the rank varies.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None


class LabelCount(Record):
    """How many samples of a split carry one label.

    Attributes:
        label: The label.
        count: Number of samples.
    """

    label: int
    count: Count


class Overlap(Record):
    """Samples that stand in another split, too.

    Attributes:
        split: The other split.
        count: How many of this split's samples stand in it.
    """

    split: str
    count: Count


class Split(Record):
    """One data split.

    Attributes:
        name: As the person named it.
        kind: What was given: one ``file``, a ``folder``, a list of ``files``, ``array`` (one or several, samples along
            axis 0), or ``dataset`` (samples one by one).
        count: Number of samples, or of files.
        bytes: Bytes of the files, or of the samples' tensors and plain values.
        ordered: Digest that changes with the order. A file: digest of its bytes. A folder or list of files: XXH3-128
            over the listing. Samples: XXH3-128 over their 16-byte digests one after another.
        unordered: Digest that does not. A file: digest of its bytes. Else XXH3-128 over the sorted 16-byte digests of
            the samples, or of the files' bytes.
        listing: Text file with one line a sample (its digest) or a file (size, digest, escaped path).
        leaves: Parts of a sample; empty for files.
        labels: Number of samples by label, where a sample is a pair whose second part is an integer, of at most 1,000
            values; None elsewhere.
        duplicates: Number of samples or files that repeat an earlier one of the same split.
        overlaps: Other splits that hold samples of this one.
    """

    name: str
    kind: Kind
    count: Count
    bytes: Count
    ordered: Digest
    unordered: Digest
    listing: BundlePath
    leaves: tuple[Leaf, ...] = ()
    labels: tuple[LabelCount, ...] | None = None
    duplicates: Count = 0
    overlaps: tuple[Overlap, ...] = ()


class Section(Record):
    """The data splits.

    Attributes:
        splits: In the order given.
    """

    splits: tuple[Split, ...]
