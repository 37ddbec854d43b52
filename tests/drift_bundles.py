"""Bundles made by hand whose split has the statistics of real data, and reports of drift to be rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tiny

from reprobundle import bundle as bundles
from reprobundle.components import data
from reprobundle.components.data.documents import to_document
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import Reading, read
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.drifting.judging import judge, verdict
from reprobundle.drifts import DriftReport
from reprobundle.store import Writer, staging

STATISTICS = "data/test.statistics.json"


def reading_of(samples: Any, *, how: How | None = None) -> Reading:
    """What a capture reads of some samples."""
    reading = read(samples, how or How())
    assert isinstance(reading, Reading), reading
    return reading


def split_of(reading: Reading) -> data.Split:
    """The split ``test`` as it would be recorded."""
    return data.Split(
        name="test",
        kind=reading.kind,
        count=reading.count,
        bytes=reading.size,
        ordered=reading.ordered,
        unordered=reading.unordered,
        listing="data/test.txt",
        leaves=reading.leaves,
        label=reading.label,
        definition=2,
        statistics=STATISTICS,
    )


def bundle_of(folder: Path, samples: Any, *, how: How | None = None, **changed: Any) -> Path:
    """A sealed bundle with one split, ``test``, of these samples; fields of the split given by name replace its own."""
    reading = reading_of(samples, how=how)
    assert reading.statistics is not None
    return sealed(folder, split_of(reading).model_copy(update=changed), to_document(reading.statistics))


def sealed(folder: Path, split: data.Split, statistics: bytes | None) -> Path:
    """A sealed bundle of one split, whose statistics are these bytes."""
    with staging(folder) as place:
        writer = Writer(place)
        manifest = tiny.tiny_manifest(data=data.Section(splits=(split,)))
        writer.write("model.safetensors", tiny.WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        tiny.write_named(writer, manifest)
        if statistics is not None:
            writer.write(STATISTICS, statistics)
        bundles.seal(writer, manifest)
    return folder


def statistics_of(samples: Any, *, how: How | None = None) -> Statistics:
    """The statistics of some samples."""
    statistics = reading_of(samples, how=how).statistics
    assert statistics is not None
    return statistics


def report_of(**changed: Any) -> DriftReport:
    """A report on three features that drift and two that do not; fields given by name replace its own."""
    recorded, new = _table(1, 300), _table(2, 240)
    new["age"] = new["age"] + 12
    new["rooms"] = np.full(240, 3)
    new["town"] = ["Dijon" if number % 5 == 0 else town for number, town in enumerate(new["town"])]
    found = judge(statistics_of(recorded), statistics_of(new), alpha=0.01)
    answer, sentence = verdict(found.features, (), 240)
    parts: dict[str, Any] = {
        "reprobundle": "0.1.0", "bundle_id": "3f9a00112233445566778899aabbccdd", "bundle_name": "homes", "split": "test",
        "started": "2026-11-22T08:00:00Z", "alpha": 0.01, "answer": answer, "sentence": sentence, "recorded_samples": 300,
        "new_samples": 240, "features": found.features, "tests": found.tests, "notes": found.notes,
    }  # fmt: skip
    return DriftReport(**{**parts, **changed})


def _table(seed: int, count: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    return {
        "age": random.normal(40, 12, count),
        "income": random.lognormal(8, 0.5, count),
        "rooms": random.integers(1, 7, count),
        "floor": random.integers(0, 30, count),
        "town": (["Aden", "Bonn", "Cork"] * count)[:count],
    }
