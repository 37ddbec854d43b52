"""Secrets in what is cheap to look at, before anything dear is done: the source, the card, the values that were handed over.

A command that refuses them does so within a second, before a weight is read. And what is allowed in one place is known
before the others are looked at, so that the same value is let through in all of them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reprobundle import withholding
from reprobundle.components import code, data, documentation
from reprobundle.components.interface import Source, Stage, attempt
from reprobundle.plain_values import fields_of, plain
from reprobundle.secrecy import Gate, files
from reprobundle.secrecy.values import cleaned, look_at_values
from reprobundle.store import Writer


def look_ahead(source: Source, gate: Gate) -> None:
    """Look at what a capture will take along, as far as it is at hand; nothing of it is kept but the time it took.

    Args:
        source: As it was handed over; its model may not be opened yet.
        gate: Knows afterwards which values are allowed.

    Raises:
        SecretsError: A secret was met, and the source wants none sealed.
    """
    ahead = gate.ahead()
    for pointer, value in _handed_over(source):
        attempt(lambda pointer=pointer, value=value: _look_at(value, pointer, ahead))  # type: ignore[misc]
    with tempfile.TemporaryDirectory(prefix="reprobundle-ahead-") as folder:
        stage = Stage(Writer(Path(folder)), gate=ahead)
        attempt(lambda: _take(source, stage))  # what goes wrong here is told when it is really done
    ahead.settle()
    gate.share_time(ahead)
    if source.strict:
        withholding.refuse(ahead)


def _handed_over(source: Source) -> Iterator[tuple[str, Any]]:
    """Values, with the place in the manifest under which they go."""
    yield "/hyperparameters/values", source.hyperparameters
    yield "/model/arguments", source.init
    if isinstance(source.preprocessing, Mapping):
        yield "/preprocessing/configuration", source.preprocessing
    for index, claim in enumerate(source.claims):
        yield f"/claims/claims/{index}", claim


def _look_at(value: Any, pointer: str, gate: Gate) -> None:
    fields = fields_of(value) if value is not None else None
    if fields is not None:
        look_at_values(plain(fields).value, gate, pointer)


def _take(source: Source, stage: Stage) -> None:
    """Take the source and the card as a capture does, into a folder that is thrown away."""
    places = data.places_of(source.splits, source.splitting)
    source = replace(source, data_places=places, secrets=data.salts_of(source))
    cleaned(code.capture(source, stage), stage.gate, f"/{code.NAME}")
    attempt(lambda: documentation.capture(source, stage))
    for _ in files.leaking(stage.writer, stage.gate):
        """The gate remembers it."""
