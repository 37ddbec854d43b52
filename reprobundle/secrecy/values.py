"""Secrets among values: in a section of the manifest each text that holds one says so in its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from reprobundle.records import Json, Record, from_bytes, to_bytes
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.searching import Further, Hit, search

HOME = "manifest.json"
WITHOUT = "%s without its secrets"
SHORT = 4096  # characters; a longer text is no value that a name is given

R = TypeVar("R", bound=Record)


def marker(rule: str) -> str:
    """What stands where a secret stood."""
    return f"[left out: {rule}]"


def cleaned(record: R, gate: Gate, pointer: str) -> R:
    """A record in which every secret is replaced by a marker; the same one where it holds none.

    Args:
        record: The record.
        gate: Is told what was found.
        pointer: Where the record stands in the manifest, such as ``/model``.

    Raises:
        RefusedInputError: Without the secret the record breaks its form.
    """
    where = f"{HOME}{pointer}"
    if not search(to_bytes(record), HOME, further=gate.further):  # much faster than value by value
        return record
    walk = _Walk(gate)
    clean = walk.value(record.model_dump(mode="json"), where)
    document = json.dumps(clean, indent=2, ensure_ascii=False)
    return from_bytes(type(record), cut(document, walk.across(document, where)).encode("utf-8"), name=WITHOUT % where)


class _Walk:
    """Goes through the values of a document, and remembers the texts that may stay."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._allowed: set[str] = set()

    def value(self, value: Json, pointer: str, key: str = "") -> Json:
        """A value in which every secret is replaced; the name it is given to may tell that it is a password."""
        if isinstance(value, str):
            return self._text(value, pointer, key)
        if isinstance(value, list):
            return [self.value(one, f"{pointer}/{index}", key) for index, one in enumerate(value)]
        if isinstance(value, dict):
            return dict(self._pairs(value, pointer))
        return value

    def across(self, document: str, pointer: str) -> Sequence[Hit]:
        """What is seen in the whole only: a name in one value and its secret in the next."""
        hits = search(document.encode("utf-8", "surrogatepass"), HOME, further=self._gate.further)
        new = [hit for hit in hits if not any(text in document[hit.start : hit.end] for text in self._allowed)]
        return [hit for hit in new if self._gate.meets(hit, pointer)]

    def _pairs(self, value: dict[str, Json], pointer: str) -> list[tuple[str, Json]]:
        pairs = []
        for name, one in value.items():
            plain = self._text(name, pointer, "")
            pairs.append((plain, self.value(one, f"{pointer}/{plain}", name)))
        return pairs

    def _text(self, text: str, pointer: str, key: str) -> str:
        met = []
        for hit in _hits(text, key, self._gate.further):
            if self._gate.meets(hit, pointer):
                met.append(hit)
            else:
                self._allowed.add(text[hit.start : hit.end])
        return cut(text, met)


def _hits(text: str, key: str, further: Sequence[Further]) -> Sequence[Hit]:
    """The secrets in a text as it stands, and as the value of its name; places within the text, no lines."""
    alone = search(text.encode("utf-8", "surrogatepass"), "value.txt", further=further)
    hits = [Hit(hit.rule, None, hit.start, hit.end) for hit in alone]
    if not hits and key and len(text) <= SHORT:
        before = len(f"{key}: ")
        given = search(f"{key}: {text}".encode("utf-8", "surrogatepass"), "value.txt", further=further)
        inside = [hit for hit in given if hit.end is not None and hit.end > before]
        hits = [Hit(hit.rule, None, max((hit.start or 0) - before, 0), (hit.end or 0) - before) for hit in inside]
    return hits


def cut(text: str, hits: Sequence[Hit]) -> str:
    """A text with markers in the place of what was found; one whose secret has no place of its own is a marker as a whole."""
    for hit in sorted(hits, key=lambda hit: hit.start or 0, reverse=True):
        if hit.start is None or hit.end is None:
            return marker(hit.rule)
        text = text[: hit.start] + marker(hit.rule) + text[hit.end :]
    return text
