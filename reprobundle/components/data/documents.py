"""The document with a split's statistics: JSON that the strict reader takes, whatever a split looks like."""

from __future__ import annotations

import json
from pathlib import Path

from reprobundle.components.data.section import Split
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.errors import RefusedInputError
from reprobundle.records import MAX_DOCUMENT_BYTES, MAX_VALUES, from_bytes
from reprobundle.store import inside


def to_document(statistics: Statistics) -> bytes:
    """The document's bytes, one line for each feature.

    Features beyond what a document may hold are left out, the last ones first, and counted in ``left_out``.
    """
    content = statistics.model_dump(mode="json")
    lines = [
        json.dumps(feature, ensure_ascii=False, allow_nan=False).encode("utf-8") for feature in content["features"]
    ]
    kept = _fitting(lines)
    head = {key: value for key, value in content.items() if key != "features"}
    head["left_out"] += len(lines) - kept
    text = json.dumps(head, ensure_ascii=False, allow_nan=False).encode("utf-8")
    body = b",\n".join(b"    " + line for line in lines[:kept])
    return b"{\n" + text[1:-1] + b',\n  "features": [\n' + body + b"\n  ]\n}\n"


def _fitting(lines: list[bytes]) -> int:
    size, values = MAX_DOCUMENT_BYTES // 16, MAX_VALUES // 16  # room for what stands around them
    for number, line in enumerate(lines):
        size += len(line) + 6
        values += line.count(b",") + 1
        if size > MAX_DOCUMENT_BYTES or values > MAX_VALUES:
            return number
    return len(lines)


def read_statistics(split: Split, root: Path) -> Statistics | None:
    """The recorded statistics of a split; None where there are none, or they are not of their form, or gone.

    Args:
        split: The record.
        root: The verified view of the bundle.
    """
    if split.statistics is None:
        return None
    place = inside(root, split.statistics)
    try:
        return from_bytes(Statistics, place.read_bytes(), name=split.statistics)
    except (RefusedInputError, FileNotFoundError):
        return None  # it costs detail, never a verdict
