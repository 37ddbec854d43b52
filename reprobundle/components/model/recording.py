"""Recording the model, step by step: what it is without its wrappers, its weights, how it is made again."""

from __future__ import annotations

from reprobundle import frameworks
from reprobundle.components.interface import Opened, Source, Stage
from reprobundle.components.model import mixin, recipe, state, writing
from reprobundle.components.model.section import NAME, Given, Section
from reprobundle.errors import UsageError
from reprobundle.phrases import some
from reprobundle.store.digests import digest_file
from reprobundle.store.writing import disk_errors

NAMES_SHOWN = 8
KINDS = "an nn.Module, a path, a scikit-learn estimator or a function"
WAY_OUT = 'a state dict makes no model: give the module, or save it and capture(…, model="weights.pt", factory=MyModel)'


def record(source: Source, stage: Stage) -> Section:
    """Record how the model is made and write its weights."""
    loader = frameworks.loader_of(source.model)
    if loader is None:
        raise UsageError(f"model: expected {KINDS}, found {type(source.model).__name__}", hint=WAY_OUT)
    _note_opened(source.opened, stage)
    if loader in frameworks.SELF_CONTAINED:
        from reprobundle.components.model import self_contained

        section, linked = self_contained.record(loader, source, stage), True
    elif loader in {"for_torch", "for_transformers"}:
        section, linked = _record_torch(source, stage)
    else:
        made = recipe.of_callable(source, stage)
        section, linked = Section(loader="for_callable", framework=None, entry=made.entry, init=made.init), False
    if source.opened is None:
        return section
    _write_documents(source.opened, stage)
    return section.model_copy(update={"given": _given(source.opened, linked=linked)})


def _record_torch(source: Source, stage: Stage) -> tuple[Section, bool]:
    """The section, and whether its weights' files are the given ones, byte for byte."""
    import torch

    found = state.of(source.model, stage)
    made = recipe.of_torch(source, stage)
    for path, text in made.documents.items():
        stage.writer.write(path, text.encode("utf-8"))
    written = writing.write(found, source, stage)
    section = Section(
        loader=made.loader,
        framework=f"torch {torch.__version__}",
        entry=made.entry,
        init=made.init,
        files=written.files,
        tensors=written.tensors,
        aliases=dict(found.aliases),
        configuration=made.configuration,
        parameters=sum(parameter.numel() for parameter in source.model.parameters()),
        device=found.device,
        index=written.index,
        buffers=written.buffers,
        buffers_file=written.buffers_file,
        wrappers=source.wrappers,
        mixin=mixin.is_one(source.model),
    )
    return section, written.linked


def _given(opened: Opened, *, linked: bool) -> Given:
    """What the person handed over."""
    digest = None
    if opened.kind != "folder":
        with disk_errors(opened.place.name):
            digest = digest_file(opened.place.resolve())[1]
    return Given(
        kind=opened.kind,
        name=opened.place.name,
        xxh3_128=digest,
        key=opened.key,
        left_out=opened.left_out,
        linked=linked,
    )


def _note_opened(opened: Opened | None, stage: Stage) -> None:
    if opened is None:
        return
    for note in opened.notes:
        stage.note(NAME, note)
    if opened.left_out:
        names = some([repr(name[:200]) for name in opened.left_out], NAMES_SHOWN)
        stage.note(NAME, f"{opened.place.name!r} also holds {names}: left out of the bundle")


def _write_documents(opened: Opened, stage: Stage) -> None:
    """What lies beside the weights in a folder, where no other part of the capture wrote a file of that name."""
    written = {entry.path for entry in stage.writer.entries}
    for path, place in sorted(opened.documents.items()):
        if path not in written:
            stage.writer.copy(path, place)
