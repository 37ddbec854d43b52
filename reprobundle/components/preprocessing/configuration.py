"""The settings of the preprocessing as strict JSON, and the parts of them that every reader asks for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle.components.interface import Failure, Stage, attempt
from reprobundle.components.preprocessing.section import NAME, Described, Topic
from reprobundle.errors import ReproBundleError
from reprobundle.plain_values import fields_of, plain
from reprobundle.records import MAX_DOCUMENT_BYTES, Json, strict_json

CONFIGURATION = "preprocessing/configuration.json"
LONGEST_DOC = 2000
SPELLINGS: Mapping[Topic, tuple[str, ...]] = {
    "splitting": ("splitting", "split", "splits", "data splitting", "data splits", "train test split"),
    "standardisation": ("standardisation", "standardization", "standardise", "standardize", "normalisation", "normalization",
                        "normalise", "normalize", "scaling"),
    "feature selection": ("feature selection", "features selection", "feature selector", "selected features", "features"),
    "outlier filters": ("outlier filters", "outlier filter", "outlier filtering", "outliers", "outlier removal",
                        "outlier detection"),
}  # fmt: skip
TOPICS: Mapping[str, Topic] = {word: topic for topic, words in SPELLINGS.items() for word in words}


def write(given: Any, stage: Stage) -> tuple[str | None, tuple[Described, ...]]:
    """Write the settings.

    Returns:
        Their file, None where there are none, and the parts whose meaning is known, in the order of the topics.
    """
    values = _read(Path(given), stage) if isinstance(given, str | os.PathLike) else _values(given, stage)
    if not values:
        return None, ()
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False)
    stage.writer.write(CONFIGURATION, text.encode("utf-8") + b"\n")
    return CONFIGURATION, described(values)


def described(values: Json) -> tuple[Described, ...]:
    """The parts of a configuration whose meaning is known by their key, however it is spelled."""
    known = values if isinstance(values, dict) else {}
    topics = list(SPELLINGS)
    found = [(TOPICS.get(_word(key)), key) for key in known]
    told = [Described(topic=topic, key=key, doc=_doc(known[key])) for topic, key in found if topic is not None]
    return tuple(sorted(told, key=lambda one: topics.index(one.topic)))


def _word(key: str) -> str:
    """A key without regard to case: ``featureSelection``, ``Feature-selection`` and ``feature_selection`` are one."""
    return re.sub(r"[\s_-]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", key)).strip().lower()


def _doc(value: Json) -> str | None:
    doc = value.get("doc") if isinstance(value, dict) else None
    return " ".join(doc.split())[:LONGEST_DOC] if isinstance(doc, str) and doc.strip() else None


def _read(path: Path, stage: Stage) -> Json:
    from reprobundle.yaml_reading import read_yaml

    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            stage.note(NAME, f"configuration {path.name!r}: is larger than {MAX_DOCUMENT_BYTES} bytes and is left out")
            return None
        content = path.read_bytes()
        if path.suffix == ".json":
            return strict_json(content, name=path.name)
        document = read_yaml(content, name=path.name)
    except OSError as error:
        hint = "give a mapping or the path of a YAML or JSON file"
        stage.note(NAME, f"configuration {path.name!r}: cannot be read: {error.strerror}", hint=hint)
        return None
    except ReproBundleError as error:
        stage.note(NAME, f"the configuration is left out: {error}", hint=error.hint)
        return None
    for warning in document.warnings:
        stage.note(NAME, warning)
    return document.value


def _values(given: Any, stage: Stage) -> Json:
    made = attempt(lambda: None if (fields := fields_of(given)) is None else plain(fields))
    if isinstance(made, Failure) or made is None:
        why = made.why if isinstance(made, Failure) else f"found {type(given).__name__}, expected a mapping"
        stage.note(NAME, f"the configuration is left out: {why}", hint="give a dict of plain values")
        return None
    for missing in made.unsaved:
        message = f"configuration: {missing.path}: {missing.type} is not saved: {missing.reason}"
        stage.note(NAME, message, hint=missing.hint)
    return made.value
