"""The card: ``README.md`` in the Hub's form, made from the manifest and from what people wrote in the documentation.

What somebody needs to know before using the model comes first: what it is, what it is for and not for, how good it is. Then
how to use it, then the checklist of responsible release in its order. Every string of the bundle passes `markdown`, so
that a card says what a bundle says and does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from reprobundle.components.data.statistics import Statistics
from reprobundle.components.documentation.card import Card, without_placeholders
from reprobundle.components.documentation.filling import of_manifest, renewable
from reprobundle.components.documentation.standing import standing_of
from reprobundle.exports import claims_section, data_section, environment_section, overview, usage
from reprobundle.exports.front_matter import front_matter
from reprobundle.manifest import Manifest
from reprobundle.phrases import sized, some
from reprobundle.records import Record
from reprobundle.rendering.markdown import REST, code, inline, is_list, paragraphs, table

SHOWN_ROWS = 50
FOOTER = "*Made by reprobundle from `manifest.json` and `documentation/card.yaml`; write there, not here.*"


def card(
    manifest: Manifest,
    written: Card,
    statistics: Mapping[str, Statistics] | None = None,
    imports: frozenset[str] | None = None,
) -> str:
    """The text of ``README.md``.

    Args:
        manifest: What was captured; its table of files is not used, for this file stands in it.
        written: What people said.
        statistics: What the data splits look like, by name.
        imports: Top modules that the bundle's own source imports; None where it was not looked at.
    """
    written = without_placeholders(written)
    parts = [front_matter(manifest, written), f"# {inline(written.title or manifest.name)}", *overview.opening(written)]
    for heading, content in _sections(manifest, written, statistics or {}, imports):
        lines = [line for line in content if line]
        if lines:
            parts += [f"## {heading}", *lines]
    return "\n\n".join([*parts, FOOTER]) + "\n"


def _sections(
    manifest: Manifest, written: Card, statistics: Mapping[str, Statistics], imports: frozenset[str] | None
) -> Iterator[tuple[str, Iterator[str]]]:
    """The card's sections; an empty one is left out."""
    standing = standing_of(written, manifest.model_dump(mode="json", exclude={"files"}))
    said = _Said(written)
    training = ("hyperparameters", "procedure", "regularisation")
    yield "What it is", overview.what_it_is(manifest, written)
    yield "Intended use and limitations", chain(said("use"), overview.not_said_of_use(standing))
    evaluation = claims_section.lines(manifest, written.evaluation.results)
    yield "Results", chain(evaluation, said("evaluation", "metrics", "uncertainty", "runs"))
    yield "How to load it", usage.loading(manifest)
    yield "How to replay it", usage.replaying(manifest)
    yield "Environment", chain(said("compute", "environment"), environment_section.lines(manifest, imports))
    yield "Training data", chain(said("training_data"), data_section.lines(manifest.data, statistics))
    yield "Preprocessing", chain(usage.preparing(manifest), said("data_preparation"))
    yield "Architecture", said("training", "architecture")
    yield "Training", chain(said("training", *training), _hyperparameters(manifest))
    yield "Weights", chain(said("training", "weights"), _weights(manifest))
    yield "Ethical considerations", said("ethics")
    for heading in ("contact", "acknowledgements"):
        yield heading.capitalize(), iter(paragraphs(getattr(written, heading) or "", REST))
    yield "Examples and demo", iter(paragraphs(written.examples or "", REST))
    yield "Compute and energy", said("compute", "hardware", "time", "energy")
    yield "Citation", iter(paragraphs(written.citation or "", REST))
    yield "What capture noted", overview.noted(manifest)
    yield "Open questions", overview.missing(standing)


TOLD_BY_TABLES = frozenset(
    {"training_data.statistics", "training_data.bias", "training.architecture", "training.hyperparameters",
     "training.weights", "evaluation.metrics", "evaluation.uncertainty", "compute.environment",
     "data_preparation.standardisation"}
)  # fmt: skip
"""Answers that say no more than the tables beside them, where capture made them of the same figures."""


class _Said:
    """What people wrote, part by part, and what was captured where no table says it."""

    def __init__(self, written: Card) -> None:
        self._card = written
        self._captured = {path for path, mark in renewable(written).items() if of_manifest(mark)}

    def __call__(self, name: str, *fields: str) -> Iterator[str]:
        """The answers of one part, or of some of its fields, each after its name; one field alone is what the heading says."""
        part: Record = getattr(self._card, name)
        for field in fields or tuple(type(part).model_fields):
            text = getattr(part, field)
            path = f"{name}.{field}"
            if text and not (path in TOLD_BY_TABLES and path in self._captured):
                first, *rest = paragraphs(text, REST)
                label = "" if len(fields) == 1 else f"**{field.replace('_', ' ').capitalize()}.**"
                yield from (label, first) if label and is_list(first) else (f"{label} {first}".lstrip(),)
                yield from rest


def _weights(manifest: Manifest) -> Iterator[str]:
    """The files, and how much of the model each kind of number is."""
    model = manifest.model
    if not model.files:
        return
    kinds: dict[str, list[int]] = {}
    for tensor in model.tensors:
        kinds.setdefault(tensor.dtype, []).append(tensor.bytes)
    yield f"In {some([code(file) for file in model.files])}."
    if kinds:
        rows = [(dtype, f"{len(sizes):,}", sized(sum(sizes))) for dtype, sizes in sorted(kinds.items())]
        yield table(("numbers", "tensors", "size"), rows)


def _hyperparameters(manifest: Manifest) -> Iterator[str]:
    rows = list(_flat(manifest.hyperparameters.values, ""))
    if rows:
        shown = [(code(name), usage.scalar(value)) for name, value in rows[:SHOWN_ROWS]]
        yield table(("hyperparameter", "value"), shown)
    if len(rows) > SHOWN_ROWS:
        yield f"And {len(rows) - SHOWN_ROWS} more in `manifest.json`."


def _flat(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Leaves of nested mappings with their dotted names; a list is a leaf."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _flat(part, f"{place}.{name}" if place else name)
    elif place:
        yield place, value
