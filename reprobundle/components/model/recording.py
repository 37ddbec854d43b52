"""Recording the model, step by step: what it is without its wrappers, its weights, how it is made again."""

from __future__ import annotations

from reprobundle import frameworks
from reprobundle.components.interface import Source, Stage
from reprobundle.components.model import recipe, state, writing
from reprobundle.components.model.section import Given, Section
from reprobundle.errors import UsageError


def record(source: Source, stage: Stage) -> Section:
    """Record how the model is made and write its weights."""
    loader = frameworks.loader_of(source.model)
    if loader is None:
        raise UsageError(f"model: expected an nn.Module or a function, found {type(source.model).__name__}")
    if loader in {"for_torch", "for_transformers"}:
        return _record_torch(source, stage)
    made = recipe.of_callable(source, stage)
    return Section(loader="for_callable", framework=None, entry=made.entry, init=made.init, given=_given(source))


def _record_torch(source: Source, stage: Stage) -> Section:
    import torch

    found = state.of(source.model, stage)
    made = recipe.of_torch(source, stage)
    for path, text in made.documents.items():
        stage.writer.write(path, text.encode("utf-8"))
    written = writing.write(found, source, stage)
    return Section(
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
        given=_given(source, linked=written.linked),
    )


def _given(source: Source, *, linked: bool = False) -> Given | None:
    opened = source.opened
    if opened is None:
        return None
    return Given(kind=opened.kind, name=opened.place.name, key=opened.key, left_out=opened.left_out, linked=linked)
