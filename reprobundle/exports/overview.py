"""What the card says of the model as a whole: what it is, in a few rows, what capture noted of it, and what nobody told."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle import frameworks
from reprobundle.components import data
from reprobundle.components.data.noting import is_shared
from reprobundle.components.documentation.card import Card, answers
from reprobundle.manifest import Manifest
from reprobundle.rendering.markdown import code, inline, paragraphs, table

SHOWN_NOTES = 50
OF_USE = {
    "intended": "what it is for",
    "out_of_scope": "what it must not be used for",
    "limitations": "what it is bad at",
}
GENERAL = "the model"  # where fields that are in no part of the card belong


def opening(written: Card) -> Iterator[str]:
    """What it does, who made it, and the facts that a reader looks for first."""
    if written.description:
        yield from paragraphs(written.description)
    if written.authors:
        yield "By " + ", ".join(
            inline(author.name) + (f" ({inline(author.affiliation)})" if author.affiliation else "")
            for author in written.authors
        )
    facts = (
        ("version", written.version),
        ("released", written.released),
        ("licence", written.license),
        ("DOI", written.doi),
    )
    known = [f"{name} {inline(value)}" for name, value in facts if value]
    if known:
        yield " · ".join(known)


def what_it_is(manifest: Manifest, written: Card) -> Iterator[str]:
    """The model in a few rows."""
    model = manifest.model
    rows = [
        ("task", inline(written.task or "")),
        ("made by", code(model.entry) if model.entry else _nameless(manifest)),
        ("made from", ", ".join(map(inline, written.base_model))),
        ("trained on", ", ".join(map(inline, written.datasets))),
        ("languages", ", ".join(map(inline, written.language))),
        ("framework", inline(model.framework) if model.framework else "none"),
        ("parameters", f"{model.parameters:,}"),
        ("source", _source(manifest)),
    ]
    yield table(("", ""), [row for row in rows if row[1]])


def _nameless(manifest: Manifest) -> str:
    return frameworks.SELF_CONTAINED.get(manifest.model.loader, "no name that can be imported")


def _source(manifest: Manifest) -> str:
    repository = manifest.code.repository
    if repository is None:
        return "`code/`, from no git repository"
    remote = f" of {code(repository.remote)}" if repository.remote else ""
    dirty = ", with uncommitted changes" if repository.dirty else ""
    return f"`code/`, commit {code(repository.commit)}{remote}{dirty}"


def not_said_of_use(written: Card) -> Iterator[str]:
    """What a reader must not take for granted: nobody said it."""
    gaps = [words for field, words in OF_USE.items() if not getattr(written.use, field)]
    if gaps:
        yield f"Nobody has said yet: {'; '.join(gaps)}."


def noted(manifest: Manifest) -> Iterator[str]:
    """What capture remarked, but for what the section on the data shows."""
    told = [note for note in manifest.notes if note.kind != data.NAME or not is_shared(note.message)]
    yield "\n".join(f"- {inline(note.kind)}: {inline(note.message)}" for note in told[:SHOWN_NOTES])
    if len(told) > SHOWN_NOTES:
        yield f"And {len(told) - SHOWN_NOTES} more notes in `manifest.json`."


def missing(written: Card) -> Iterator[str]:
    """The questions of the checklist that nothing answers, part by part; what is answered by now is not among them."""
    state = list(answers(written))
    parts: dict[str, list[str]] = {}
    for path, answered in state:
        part, _, field = path.rpartition(".")
        if not answered:
            parts.setdefault((part or GENERAL).replace("_", " "), []).append(field.replace("_", " "))
    if parts:
        yield f"{sum(answered for _, answered in state)} of {len(state)} questions of the checklist are answered. Not yet:"
        yield "\n".join(f"- {part}: {', '.join(fields)}" for part, fields in parts.items())
