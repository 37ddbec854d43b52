"""Texts: categories while they are few, else their length and their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.statistics.form import MAX_COMMON, MAX_VALUES, Feature, ValueCount
from reprobundle.components.data.statistics.limits import Limits
from reprobundle.components.data.statistics.numbers import Numbers, Series

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

SERIES = 3
MAX_WORDS = 200_000
MAX_WORD_CHARACTERS = 64
MAX_CATEGORY_CHARACTERS = 200


class Texts:
    """One leaf of text.

    Words are what stands between blanks, without regard to case. At most 200,000 different ones are counted, those that come
    first; a word of more than 64 characters counts as one word and is not told.
    """

    def __init__(self, limits: Limits) -> None:
        self._sizes = Numbers((Series("", "characters"), Series("", "words")), limits)
        self._values: Counter[str] | None = Counter()
        self._words: Counter[str] = Counter()
        self._all_words = 0
        self._untold = False

    def add(self, cells: list[bytes], keys: Array, *, dtype: str, missing: int = 0) -> None:
        """Take in texts.

        Args:
            cells: UTF-8, of the samples that have a text.
            keys: uint64 of shape (rows,): the first half of each of those samples' digest.
            dtype: ``text``.
            missing: Number of further samples, whose text is missing.
        """
        import numpy as np

        sizes = {cell: self._learn(as_text(cell), count) for cell, count in Counter(cells).items()}
        rows = np.array([sizes[cell] for cell in cells], np.int64).reshape(-1, 2)
        self._sizes.add(rows, keys, dtype=dtype, missing=missing)

    def features(self, leaf: str, nulls: int) -> Iterator[Feature]:
        """One category, or characters, words and vocabulary."""
        characters, words = self._sizes.features(leaf, nulls)
        if self._values and len(self._values) < self._values.total():
            told = _told(self._values, sorted(self._values))
            yield Feature(
                name=leaf, kind="category", dtype=characters.dtype, count=characters.count,
                missing=characters.missing, values=told, distinct=len(told),
            )  # fmt: skip
            return
        yield from (characters, words)
        most = sorted(self._words, key=lambda word: (-self._words[word], word))[:MAX_COMMON]
        yield Feature(
            name=leaf, of="vocabulary", kind="category", dtype=characters.dtype, count=self._all_words,
            common=_told(self._words, most), distinct=None if self._untold else len(self._words),
        )  # fmt: skip

    def _learn(self, text: str, count: int) -> tuple[int, int]:
        """Count a text and its words; gives the number of its characters and words."""
        if self._values is not None:
            self._values[text] += count
            if len(self._values) > MAX_VALUES or len(text) > MAX_CATEGORY_CHARACTERS:
                self._values = None
        words = text.casefold().split()
        self._all_words += len(words) * count
        if count == 1 and len(self._words) + len(words) <= MAX_WORDS and _all_short(text, words):
            self._words.update(words)
        else:
            self._count(words, count)
        return len(text), len(words)

    def _count(self, words: list[str], count: int) -> None:
        for word in words:
            if word in self._words or (len(self._words) < MAX_WORDS and len(word) <= MAX_WORD_CHARACTERS):
                self._words[word] += count
            else:
                self._untold = True


def as_text(cell: bytes) -> str:
    """A text as it may stand in a document: what is no character is replaced by U+FFFD."""
    return cell.decode("utf-8", "replace")


def _all_short(text: str, words: list[str]) -> bool:
    return len(text) <= MAX_WORD_CHARACTERS // 4 or all(len(word) <= MAX_WORD_CHARACTERS for word in words)


def _told(counts: Mapping[str, int], chosen: list[Any]) -> tuple[ValueCount, ...]:
    return tuple(ValueCount(value=value, count=counts[value]) for value in chosen)
