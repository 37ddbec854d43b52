"""Secrets among values: in a section of the manifest each text that holds one says so in its place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from reprobundle.records import Json, Record, from_bytes, to_bytes
from reprobundle.secrecy.fitting import fitted, unused
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.searching import Hit

HOME = "manifest.json"
WITHOUT = "%s without its secrets"
LEAST_SEARCHED = 8 * 2**20  # bytes: a shorter section is searched however late it is, which takes no second
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

    Where a field has a form that the marker does not fit, a word such as ``left-out-hub-token`` stands there, and where
    that does not fit either, the entry goes to which the field belongs.

    Raises:
        RefusedInputError: Without the secret the record breaks its form, whatever is left out of it.
    """
    where = f"{HOME}{pointer}"
    content = to_bytes(record)
    if gate.is_late and len(content) > LEAST_SEARCHED:
        gate.unsearched[where] = len(content)
        return record
    if not gate.search(HOME, content):  # much faster than value by value
        return record
    walk = _Walk(gate)
    clean = walk.value(record.model_dump(mode="json"), where)
    document = json.dumps(clean, indent=2, ensure_ascii=False)
    content = cut(document, walk.across(document, where)).encode("utf-8")
    return from_bytes(type(record), fitted(type(record), content), name=WITHOUT % where)


def look_at_values(value: Json, gate: Gate, pointer: str) -> None:
    """Show values to the gate that are to become part of the manifest.

    Args:
        value: What was handed over, as JSON has it.
        gate: Is told what was found.
        pointer: Where it will stand in the manifest.
    """
    document = json.dumps(value, indent=2, ensure_ascii=False)
    if gate.search(HOME, document.encode("utf-8", "surrogatepass")):
        walk = _Walk(gate)
        walk.across(json.dumps(walk.value(value, HOME + pointer), indent=2, ensure_ascii=False), HOME + pointer)


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
        hits = self._gate.search(HOME, document.encode("utf-8", "surrogatepass"))
        new = [hit for hit in hits if not any(text in document[hit.start : hit.end] for text in self._allowed)]
        return [hit for hit in new if self._gate.meets(hit, pointer)]

    def _pairs(self, value: dict[str, Json], pointer: str) -> list[tuple[str, Json]]:
        pairs: list[tuple[str, Json]] = []
        for name, one in value.items():
            plain = unused(self._text(name, pointer, ""), {key for key, _ in pairs})
            pairs.append((plain, self.value(one, f"{pointer}/{plain}", name)))
        return pairs

    def _text(self, text: str, pointer: str, key: str) -> str:
        met = []
        for hit in _hits(text, key, self._gate):
            if self._gate.meets(hit, pointer):
                met.append(hit)
            else:
                self._allowed.add(text[hit.start : hit.end])
        return cut(text, met)


def _hits(text: str, key: str, gate: Gate) -> Sequence[Hit]:
    """The secrets in a text as it stands, and as the value of its name; places within the text, no lines."""
    alone = gate.search("value.txt", text.encode("utf-8", "surrogatepass"))
    hits = [Hit(hit.rule, None, hit.start, hit.end, hit.mark) for hit in alone]
    if not hits and key and len(text) <= SHORT:
        before = len(f"{key}: ")
        given = gate.search("value.txt", f"{key}: {text}".encode("utf-8", "surrogatepass"))
        inside = [hit for hit in given if hit.end is not None and hit.end > before]
        hits = [
            Hit(hit.rule, None, max((hit.start or 0) - before, 0), (hit.end or 0) - before, hit.mark) for hit in inside
        ]
    return hits


def cut(text: str, hits: Sequence[Hit]) -> str:
    """A text with markers in the place of what was found; one whose secret has no place of its own is a marker as a whole."""
    for hit in hits:
        if hit.start is None or hit.end is None:
            return marker(hit.rule)
    for start, end, rule in reversed(_apart(hits)):
        text = text[:start] + marker(rule) + text[end:]
    return text


def _apart(hits: Sequence[Hit]) -> list[tuple[int, int, str]]:
    """The places of hits in order, those that overlap as one."""
    places: list[tuple[int, int, str]] = []
    for hit in sorted(hits, key=lambda hit: hit.start or 0):
        start, end = hit.start or 0, hit.end or 0
        if places and start < places[-1][1]:
            start, last, rule = places.pop()
            places.append((start, max(last, end), rule))
        else:
            places.append((start, end, hit.rule))
    return places
