"""Recording models whose own file says all: TorchScript and ONNX as they are, scikit-learn through skops."""

from __future__ import annotations

import math
import os
import tempfile
import warnings
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path

from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.model import state, torchscript_file, unwrapping
from reprobundle.components.model.opening import links
from reprobundle.components.model.section import NAME, Section, TensorEntry
from reprobundle.components.recipes import skops_file
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.store.paths import fault_of

TORCHSCRIPT = "model.pt"
ONNX = "model.onnx"
SKOPS = "model.skops"
TAKEN = frozenset({"CITATION.cff", "README.md", "config.json", "manifest.json", "ro-crate-metadata.json", ONNX})
ONE_FILE = 'onnx.save_model(model, "model.onnx", save_as_external_data=True, location="model.onnx.data")'


def record(loader: str, source: Source, stage: Stage) -> Section:
    """Write the model's file and tell what is in it.

    Raises:
        UsageError: It cannot be kept: a session that came from no file, parts that skops does not know.
        UnavailableError: The disk is full, or what writes it is not installed.
    """
    if source.factory is not None or source.init is not None:
        raise UsageError("model: its own file says all, so it takes neither factory nor init", hint="leave them out")
    return RECORDERS[loader](source, stage)


def _torchscript(source: Source, stage: Stage) -> Section:
    import torch

    unwrapping.note_wrappers(source, stage)
    found = state.of(source.model, stage)
    if source.opened is not None:
        stage.writer.copy(TORCHSCRIPT, source.opened.place.resolve())
    else:
        _save(source, stage.root / TORCHSCRIPT)
        stage.writer.adopt(TORCHSCRIPT)
    if not found.tensors:
        hint = "a frozen module holds its weights as constants: capture it as it was before torch.jit.freeze"
        stage.note(NAME, "no tensor of the TorchScript model can be compared by name", hint=hint)
    return Section(
        loader="for_torchscript",
        framework=f"torch {torch.__version__}",
        entry=None,
        init=None,
        files=(TORCHSCRIPT,),
        tensors=_entries(found),
        aliases=dict(found.aliases),
        parameters=sum(parameter.numel() for parameter in source.model.parameters()),
        device=found.device,
        wrappers=source.wrappers,
    )


def _save(source: Source, place: Path) -> None:
    """Write a scripted or traced module that is in memory.

    Raises:
        UsageError: It cannot be written.
    """
    import torch

    def act() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch advises to use another form; this is the one the person chose
            with tempfile.TemporaryDirectory(dir=place.parent) as folder:  # the same disk; gone before the seal
                raw = Path(folder) / place.name
                torch.jit.save(source.model, os.fspath(raw))
                torchscript_file.rewrite(raw, place)

    made = attempt(act)
    if isinstance(made, Failure):
        raise UsageError(f"model: TorchScript cannot be written: {made.why}")


def _entries(found: state.State) -> tuple[TensorEntry, ...]:
    from reprobundle.worker import tensor_bytes

    return tuple(
        TensorEntry(
            name=name,
            dtype=tensor_bytes.dtype_name(value),
            shape=tuple(tensor_bytes.shape_of(value)),
            xxh3_128=tensor_bytes.digest(name, value),
        )
        for name, value in found.tensors.items()
    )


def _onnx(source: Source, stage: Stage) -> Section:
    if source.opened is None:
        raise UsageError("model: an onnxruntime session does not give its file back", hint='capture(…, model="x.onnx")')
    from reprobundle.worker import onnx_file

    place = source.opened.place.resolve()
    contents = attempt(lambda: onnx_file.read(os.fspath(place)))
    if isinstance(contents, Failure):
        raise RefusedInputError(f"model {source.opened.place.name!r}: cannot be read as ONNX: {contents.why}")
    beside = {name: _beside(name, place, source) for name in contents.beside}
    stage.writer.copy(ONNX, place)
    for name, file in beside.items():
        stage.writer.copy(name, file)
    if contents.others:
        message = f"{contents.others:,} of the file's tensors are not digested one by one"
        stage.note(NAME, f"{message}: a replay cannot name them where they differ")
    digests = onnx_file.digests(os.fspath(stage.root / ONNX))
    return Section(
        loader="for_onnx",
        framework=f"onnxruntime {metadata.version('onnxruntime')}",
        entry=None,
        init=None,
        files=(ONNX, *beside),
        tensors=tuple(
            TensorEntry(name=one.name, dtype=one.dtype, shape=one.shape, xxh3_128=digests[one.name])
            for one in contents.tensors
        ),
        parameters=sum(math.prod(one.shape) for one in contents.tensors if one.initial),
    )


def _beside(name: str, place: Path, source: Source) -> Path:
    """A file beside an ONNX file that holds tensors of it.

    Raises:
        UsageError: It is not there.
        RefusedInputError: It is named in a way that leads elsewhere, or that the bundle needs for itself.
    """
    assert source.opened is not None  # asked before
    model = f"model {source.opened.place.name!r}"
    if fault_of(name) or "/" in name or name in TAKEN:
        hint = f"write it anew: {ONE_FILE}"
        raise RefusedInputError(f"{model}: names {name[:200]!r} for its tensors, expected a plain file name", hint=hint)
    if not (place.parent / name).is_file():
        raise UsageError(f"{model}: its tensors lie in {name[:200]!r}, which is not beside it")
    return links.needed(place.parent, name)


def _skops(source: Source, stage: Stage) -> Section:
    written = skops_file.write(source.model)
    stage.writer.write(SKOPS, written.content)
    return Section(
        loader="for_skops",
        framework=f"scikit-learn {metadata.version('scikit-learn')}",
        entry=None,
        init=None,
        files=(SKOPS,),
        trusted=written.trusted,
    )


RECORDERS: Mapping[str, Callable[[Source, Stage], Section]] = {
    "for_torchscript": _torchscript,
    "for_onnx": _onnx,
    "for_skops": _skops,
}
