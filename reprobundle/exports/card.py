"""The card: ``README.md`` in the Hub's form, made from the manifest and from what people wrote in the documentation.

Every string of the bundle passes `markdown`, so that a card says what a bundle says and does nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from reprobundle import frameworks
from reprobundle.components import data
from reprobundle.components.data.noting import is_shared
from reprobundle.components.data.statistics import Statistics
from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.facts import LIBRARIES
from reprobundle.components.documentation.filling import of_manifest, renewable
from reprobundle.exports import claims_section, data_section, usage
from reprobundle.exports.front_matter import front_matter
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, sized, some
from reprobundle.records import Record
from reprobundle.rendering.markdown import code, inline, paragraphs, table

SHOWN_ROWS = 50
SHOWN_PACKAGES = 20
FOOTER = "*Made by reprobundle from `manifest.json` and `documentation/card.yaml`; write there, not here.*"


def card(manifest: Manifest, written: Card, statistics: Mapping[str, Statistics] | None = None) -> str:
    """The text of ``README.md``.

    Args:
        manifest: What was captured; its table of files is not used, for this file stands in it.
        written: What people said.
        statistics: What the data splits look like, by name.
    """
    parts = [front_matter(manifest, written), f"# {inline(written.title or manifest.name)}", *_opening(written)]
    for heading, content in _sections(manifest, written, statistics or {}):
        lines = [line for line in content if line]
        if lines:
            parts += [f"## {heading}", *lines]
    return "\n\n".join([*parts, FOOTER]) + "\n"


def _opening(written: Card) -> Iterator[str]:
    if written.description:
        yield from paragraphs(written.description)
    if written.authors:
        yield "By " + ", ".join(
            inline(author.name) + (f" ({inline(author.affiliation)})" if author.affiliation else "")
            for author in written.authors
        )
    facts = (("version", written.version), ("licence", written.license), ("DOI", written.doi))
    known = [f"{name} {inline(value)}" for name, value in facts if value]
    if known:
        yield " · ".join(known)


def _sections(
    manifest: Manifest, written: Card, statistics: Mapping[str, Statistics]
) -> Iterator[tuple[str, Iterator[str]]]:
    """The card's sections: how to use it, then the checklist of responsible release in its order; an empty one is left out."""
    said = _Said(written)
    training = ("hyperparameters", "procedure", "regularisation")
    yield "How to load it", usage.loading(manifest)
    yield "How to replay it", usage.replaying(manifest)
    yield "Environment", chain(said("compute", "environment"), _environment(manifest))
    yield (
        "Training data",
        chain(_named(written, "datasets"), said("training_data"), data_section.lines(manifest.data, statistics)),
    )
    yield "Preprocessing", chain(usage.preparing(manifest), said("data_preparation"))
    yield "Model", chain(_model(manifest), _named(written, "base_model", "language"), said("training", "architecture"))
    yield "Training", chain(said("training", *training), _hyperparameters(manifest))
    yield "Weights", chain(said("training", "weights"), _weights(manifest))
    evaluation = claims_section.lines(manifest.claims.claims, written.evaluation.results)
    yield "Evaluation", chain(evaluation, said("evaluation", "metrics", "uncertainty", "runs"))
    yield "Ethical considerations", chain(said("use"), said("ethics"))
    for heading in ("contact", "acknowledgements"):
        yield heading.capitalize(), iter(paragraphs(getattr(written, heading) or ""))
    yield "Examples and demo", iter(paragraphs(written.examples or ""))
    yield "Compute and energy", said("compute", "hardware", "time", "energy")
    yield "Citation", iter(paragraphs(written.citation or ""))
    yield "What is missing", _missing(manifest)


TOLD_BY_TABLES = frozenset(
    {"training_data.statistics", "training_data.bias", "training.architecture", "training.hyperparameters",
     "training.weights", "evaluation.metrics", "compute.environment"}
)  # fmt: skip
"""Answers that say no more than the tables beside them, where capture made them of the same figures."""


class _Said:
    """What people wrote, part by part, and what was captured where no table says it."""

    def __init__(self, written: Card) -> None:
        self._card = written
        self._captured = {path for path, mark in renewable(written).items() if of_manifest(mark)}

    def __call__(self, name: str, *fields: str) -> Iterator[str]:
        """The answers of one part, or of some of its fields, each after its name."""
        part: Record = getattr(self._card, name)
        for field in fields or tuple(type(part).model_fields):
            text = getattr(part, field)
            path = f"{name}.{field}"
            if text and not (path in TOLD_BY_TABLES and path in self._captured):
                first, *rest = paragraphs(text)
                yield f"**{field.replace('_', ' ').capitalize()}.** {first}"
                yield from rest


def _named(written: Card, *fields: str) -> Iterator[str]:
    """Fields that hold names."""
    for name in fields:
        said = getattr(written, name)
        if said:
            yield f"**{name.replace('_', ' ').capitalize()}.** {', '.join(map(inline, said))}"


def _model(manifest: Manifest) -> Iterator[str]:
    model = manifest.model
    rows = [
        ("made by", code(model.entry) if model.entry else _nameless(manifest)),
        ("framework", inline(model.framework) if model.framework else "none"),
        ("parameters", f"{model.parameters:,}"),
        ("source", _source(manifest)),
    ]
    yield table(("", ""), rows)


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


def _nameless(manifest: Manifest) -> str:
    return frameworks.SELF_CONTAINED.get(manifest.model.loader, "no name that can be imported")


def _source(manifest: Manifest) -> str:
    repository = manifest.code.repository
    if repository is None:
        return "`code/`, from no git repository"
    remote = f" of {code(repository.remote)}" if repository.remote else ""
    dirty = ", with uncommitted changes" if repository.dirty else ""
    return f"`code/`, commit {code(repository.commit)}{remote}{dirty}"


def _environment(manifest: Manifest) -> Iterator[str]:
    section = manifest.environment
    python, system = section.interpreter, section.platform
    libc = f", {inline(system.libc)}" if system.libc else ""
    yield (
        f"{inline(python.implementation)} {inline(python.version)} on {inline(system.system)} "
        f"{inline(system.machine)}{libc}; {counted(len(section.distributions), 'package')} in all."
    )
    if section.lock is not None:
        hashes = "with the hashes of its archives" if section.lock.hashes == "complete" else "without hashes"
        yield f"The lock is {code(section.lock.path)}, {hashes}."
    used = sorted(
        (part for part in section.distributions if part.imported),
        key=lambda part: (LIBRARIES.index(part.name) if part.name in LIBRARIES else len(LIBRARIES), part.name),
    )
    if used:
        yield table(("package", "version"), [(code(part.name), code(part.version)) for part in used[:SHOWN_PACKAGES]])
    if len(used) > SHOWN_PACKAGES:
        yield f"And {len(used) - SHOWN_PACKAGES} more that were imported."


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


def _missing(manifest: Manifest) -> Iterator[str]:
    """What capture could not take, and the questions of the checklist that nobody answered."""
    told = [note for note in manifest.notes if note.kind != data.NAME or not is_shared(note.message)]
    yield "\n".join(f"- {inline(note.kind)}: {inline(note.message)}" for note in told[:SHOWN_ROWS])
    if len(told) > SHOWN_ROWS:
        yield f"And {len(told) - SHOWN_ROWS} more notes in `manifest.json`."
    section = manifest.documentation
    if section.gaps:
        gaps = ", ".join(code(gap) for gap in section.gaps)
        yield f"{section.filled} of {section.fields} questions of the checklist are answered. Open: {gaps}."
