"""What the card says of the model as a whole: what it is, in a few rows, what capture noted of it, and what nobody told."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle import frameworks
from reprobundle.components import data
from reprobundle.components.data.noting import is_shared
from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.standing import Standing
from reprobundle.manifest import Manifest
from reprobundle.rendering.markdown import REST, code, inline, paragraphs, table

SHOWN_NOTES = 50
OF_USE = {
    "use.intended": "what it is for",
    "use.out_of_scope": "what it must not be used for",
    "use.limitations": "what it is bad at",
}


def opening(written: Card) -> Iterator[str]:
    """What it does, who made it, and the facts that a reader looks for first."""
    if written.description:
        yield from paragraphs(written.description, REST)
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


def not_said_of_use(standing: Standing) -> Iterator[str]:
    """What a reader must not take for granted: nobody said it."""
    gaps = [OF_USE[path] for path in standing.of("open") if path in OF_USE]
    if gaps:
        yield f"Nobody has said yet: {'; '.join(gaps)}."


def noted(manifest: Manifest) -> Iterator[str]:
    """What capture remarked, but for what the section on the data shows."""
    told = [note for note in manifest.notes if note.kind != data.NAME or not is_shared(note.message)]
    yield "\n".join(f"- {inline(note.kind)}: {inline(note.message)}" for note in told[:SHOWN_NOTES])
    if len(told) > SHOWN_NOTES:
        yield f"And {len(told) - SHOWN_NOTES} more notes in `manifest.json`."


def missing(standing: Standing) -> Iterator[str]:
    """The questions that are open, part by part."""
    parts = standing.by_part("open")
    if parts:
        yield f"{standing.words}. Still open:"
        yield "\n".join(f"- {part}: {', '.join(fields)}" for part, fields in parts.items())
