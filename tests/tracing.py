"""Where the numbers of a card come from: the manifest, the person's card, the statistics of a split, or counted from them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.claims import Claim
from reprobundle.components.claims.numbers import rule_of
from reprobundle.components.data.documents import read_statistics
from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.standing import standing_of
from reprobundle.exports.card import card
from reprobundle.exports.environment_section import imports_of
from reprobundle.intervals import wilson
from reprobundle.manifest import Manifest
from reprobundle.phrases import percent, sized
from reprobundle.records import from_bytes

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
OWN_WORDS = ("XXH3-128", "95 %")  # the digest's name, and what the intervals hold
WIDTH = {"F32": 4, "I64": 8}  # bytes


def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value of a document with its path; of a list its length, too."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        yield f"{path} (their number)", len(value)
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield path, value


def counted(manifest: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a reader counts from the manifest: shares and ratios of classes, sizes, tensors by their kind, imported packages."""
    for split in manifest["data"]["splits"]:
        path = f"manifest: data.splits[{split['name']}]"
        yield f"{path}.bytes", sized(split["bytes"])
        counts = [entry["count"] for entry in split["labels"] or ()]
        if not counts:
            continue
        yield from ((f"{path}.labels", percent(count / sum(counts))) for count in counts)
        yield f"{path}.labels", f"{max(counts) / min(counts):.3g} : 1"
    counts = {split["name"]: split["count"] for split in manifest["data"]["splits"]}
    for claim in manifest["claims"]["claims"]:  # an accuracy's interval by the number of its samples
        if "accuracy" in claim["text"] and claim["low"] is None and counts.get(claim["split"]):
            reach = wilson(claim["value"], counts[claim["split"]])
            yield from (
                ("manifest: claims.claims[].value, data.splits[].count", end) for end in (reach.low, reach.high)
            )
    for claim in manifest["claims"]["claims"]:  # how a replay compares it
        yield "manifest: claims.claims[].value", rule_of(from_bytes(Claim, json.dumps(claim).encode(), name="claim"))
    for note in manifest["notes"]:
        numbers = re.findall(r"\d+\.\d+", note["message"])
        yield from (("manifest: notes[].message", float(number)) for number in numbers)
    kinds = Counter(tensor["dtype"] for tensor in manifest["model"]["tensors"])
    yield from (("manifest: model.tensors[].dtype", number) for number in kinds.values())
    for kind in kinds:
        total = sum(WIDTH[kind] * _size(one["shape"]) for one in manifest["model"]["tensors"] if one["dtype"] == kind)
        yield "manifest: model.tensors[].shape", sized(total)


def _size(shape: list[int]) -> int:
    size = 1
    for axis in shape:
        size *= axis
    return size


def spelled(value: Any) -> set[str]:
    """The ways in which a card may write a value's numbers."""
    if isinstance(value, str):
        return set(NUMBER.findall(value)) | set(NUMBER.findall(value.replace(",", " ")))
    shown = {str(value), f"{value:,}", f"{value:.6g}", f"{value:.4g}", f"{value:.3g}"}
    return shown | {f"{value:.{places}f}" for places in range(7)}


def places(bundle: Path, manifest: dict[str, Any], written: Card) -> dict[str, list[str]]:
    """Where each number that a card may hold comes from."""
    documents = {"manifest": manifest, "card.yaml": written.model_dump(mode="json")}
    for file in sorted((bundle / "data").glob("*.statistics.json")):
        documents[file.name] = json.loads(file.read_bytes())
    known: dict[str, list[str]] = {}
    found = [entry for name, document in documents.items() for entry in leaves(document, f"{name}:")]
    stands = standing_of(written, manifest)
    checklist = [("card.yaml (its answers)", stands.told), ("card.yaml (its questions)", stands.asked),
                 ("card.yaml (its marks)", len(stands.of("captured")))]  # fmt: skip
    for path, value in [*found, *counted(manifest), *checklist]:
        for text in spelled(value):
            known.setdefault(text, []).append(path)
    return known


def shown_card(bundle: Path, manifest: Manifest, written: Card) -> str:
    """The card as it would stand in the bundle."""
    found = {split.name: read_statistics(split, bundle) for split in manifest.data.splits}
    statistics = {name: one for name, one in found.items() if one is not None}
    return card(manifest, written, statistics, imports_of(manifest, bundle))


def untraced(text: str, known: Mapping[str, list[str]]) -> list[str]:
    """Numbers of a card that come from nowhere."""
    for words in OWN_WORDS:
        text = text.replace(words, "")
    body = re.sub(r"^\d+\. ", "", text, flags=re.MULTILINE)  # the numbers of a list
    return sorted({number for number in NUMBER.findall(body) if number.rstrip(",") not in known})
