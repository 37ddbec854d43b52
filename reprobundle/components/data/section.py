"""The records of data splits in the manifest."""

from __future__ import annotations

from typing import Annotated, Literal

import pydantic

from reprobundle.records import Json, Record
from reprobundle.store.digests import BundlePath, Digest

NAME = "data"

Kind = Literal["file", "folder", "files", "archive", "array", "table", "dataset"]
FILE_KINDS: frozenset[Kind] = frozenset({"file", "folder", "files", "archive"})  # the others hold samples
Count = Annotated[int, pydantic.Field(ge=0, lt=2**63)]


class Leaf(Record):
    """One part of every sample.

    Attributes:
        name: Its path in the sample's nested structure; ``value`` for a bare one.
        dtype: As `blocks.Column` names it: ``F32``, ``text``, ``timestamp[us]``, …; ``mixed`` where samples differ. In bundles of
            the first definition also ``float``, ``boolean`` and ``none`` for plain values.
        shape: Its shape in one sample, -1 for a length that varies; None where even the rank varies.
        missing: Whether some samples have no value there; an empty cell of a CSV file is read by it.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    missing: bool = False


class LabelCount(Record):
    """How many samples of a split carry one label.

    Attributes:
        label: The label; a Boolean as 0 or 1.
        count: Number of samples.
    """

    label: int | str
    count: Count


class Place(Record):
    """The same sample in two places.

    Attributes:
        here: Row of this split, from 0, or escaped name of the file.
        there: Row of the other split, or name of the file.
    """

    here: int | str
    there: int | str


class Overlap(Record):
    """Samples that stand in another split, too.

    Attributes:
        split: The other split.
        count: How many of this split's samples stand in it.
        places: The first few of them.
    """

    split: str
    count: Count
    places: tuple[Place, ...] = ()


class Provenance(Record):
    """Where a split comes from, in the person's own words.

    Attributes:
        source: A URL, a DOI, a name.
        version: Which version of it.
        licence: An SPDX expression in its canonical form; text that is none is kept as ``LicenseRef-`` with its letters.
        collection: How and when it was collected.
        owner: Who owns it.
        consent: What the people it is about agreed to, or the ethics approval.
    """

    source: str | None = None
    version: str | None = None
    licence: str | None = None
    collection: str | None = None
    owner: str | None = None
    consent: str | None = None


class Split(Record):
    """One data split.

    Attributes:
        name: As the person named it.
        kind: What was given: one ``file``, a ``folder``, a list of ``files``, the files in an ``archive``, ``array`` (one or
            several, samples along axis 0), ``table`` (rows of named columns), or ``dataset`` (samples one by one).
        count: Number of samples, or of files.
        bytes: Bytes of the files, or of the samples' leaves; 0 for a private split, which does not tell it.
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
        repeats: The first few of the duplicates: where, and where the earlier one stands.
        definition: Which definition of digests it follows; 1: plain values went in without their names, files in one piece.
        part_size: Bytes of a part: a file that is larger is digested part by part.
        parts: Text file with one line for each part of such files: digest, offset in bytes, escaped path.
        label: Leaf that holds the label.
        labels_missing: Samples whose label is missing or not a number.
        statistics: The file with its statistics.
        provenance: Where it comes from.
        salt: Check value of the salt of a private split, by which its holder knows it again; None: the digests are not salted.
        random: Whether two reads of a sample gave different ones, so that the digests hold for one read only.
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
    repeats: tuple[Place, ...] = ()
    definition: Literal[1, 2] = 1
    part_size: Count | None = None
    parts: BundlePath | None = None
    label: str | None = None
    labels_missing: Count = 0
    statistics: BundlePath | None = None
    provenance: Provenance | None = None
    salt: Digest | None = None
    random: bool = False


class Splitting(Record):
    """How the splits were made of one whole.

    Attributes:
        whole: Name of the whole, which is no split itself.
        count: Number of samples of the whole.
        ordered: Ordered digest of the whole.
        function: Made the indices, as ``module:name``; None where only the indices are known.
        seed: The seed it was given.
        arguments: Further keywords it was given.
        indices: safetensors file with the indices of each split into the whole, I64, one tensor a split, by name.
    """

    whole: str
    count: Count
    ordered: Digest
    function: str | None = None
    seed: int | None = None
    arguments: dict[str, Json] = {}
    indices: BundlePath


class Section(Record):
    """The data splits.

    Attributes:
        splits: In the order given.
        splitting: How they were made of one whole.
        left_out: Names of splits that were given and could not be recorded; the notes say why.
    """

    splits: tuple[Split, ...]
    splitting: Splitting | None = None
    left_out: tuple[str, ...] = ()
