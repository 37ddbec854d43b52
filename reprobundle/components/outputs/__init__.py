"""Sample inputs, and what the model made of them: the heart of the check."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import frameworks, tensors
from reprobundle.comparison.policy import Effective, Tolerance, effective
from reprobundle.components.interface import Failure, Fed, Site, Source, Stage, attempt, differs, not_run, same
from reprobundle.components.outputs import attributes, documents, unchanging
from reprobundle.components.outputs.section import Section, Tree
from reprobundle.phrases import counted
from reprobundle.records import Json
from reprobundle.report import Finding, OutputComparison, Rung
from reprobundle.store import inside

if TYPE_CHECKING:
    import numpy as np

__all__ = ["NAME", "Section", "Tree", "capture", "check", "compare", "fed", "recorded"]

NAME = "outputs"
INPUTS = "replay/inputs.safetensors"
EXPECTED = "replay/expected.safetensors"
UNKNOWN = "for_callable"  # the model's own section refuses it before


def capture(source: Source, stage: Stage) -> Section:
    """Record the sample inputs, run the model on them, record its outputs."""
    if source.inputs is None:
        stage.note(NAME, "no sample inputs were given, so no replay can compare outputs", hint="capture(…, inputs=x)")
        return Section(inputs=None, expected=None)
    worker = frameworks.module_of(frameworks.loader_of(source.model) or UNKNOWN)
    taken = attempt(lambda: _flatten(source.inputs))
    if isinstance(taken, Failure):
        stage.note(NAME, f"the sample inputs cannot be recorded: {taken.why}", hint="give tensors or arrays, nested")
        return Section(inputs=None, expected=None)
    structure, leaves = taken
    inputs = _write(stage, INPUTS, structure, leaves)
    if source.opened is not None:
        _settle(source.model)
    started = time.monotonic()
    made = attempt(lambda: _run(worker, source.model, structure, leaves, stage))
    stage.model_seconds = time.monotonic() - started
    if isinstance(made, Failure):
        hint = "run model(inputs) to see it fail" if callable(source.model) else "give inputs as its runtime takes them"
        stage.note(NAME, f"the model rejects the sample inputs: {made.why}", hint=hint)
        return Section(inputs=inputs, expected=None)
    expected = _write(stage, EXPECTED, *made)
    _note_nan(stage, made[1])
    return Section(inputs=inputs, expected=expected)


def _settle(model: Any) -> None:
    """Let a module that was opened from a file compute in memory as a replay gives it: to the last digit the same."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(model, torch.nn.Module) and not isinstance(model, torch.jit.ScriptModule):
        from reprobundle.worker import loading

        loading.settle(model)


def _flatten(inputs: Any) -> tuple[Json, dict[str, Any]]:
    """Take the inputs apart; what numpy or torch holds becomes numpy arrays or torch tensors by name."""
    import numpy as np

    from reprobundle.worker import tree

    structure, leaves = tree.flatten(inputs, lambda value: isinstance(value, np.ndarray) or _is_torch(value))
    return structure, leaves


def _is_torch(value: Any) -> bool:
    return hasattr(value, "detach") and hasattr(value, "untyped_storage")


def _run(
    worker: Any, model: Any, structure: Json, leaves: Mapping[str, Any], stage: Stage
) -> tuple[Json, dict[str, Any]]:
    """One forward pass, after which every module is in the mode it was in, and every buffer holds what it held."""
    leaves = {name: _as_recorded(leaf) for name, leaf in leaves.items()}
    if not hasattr(model, "modules"):
        made: tuple[Json, dict[str, Any]] = worker.call(model, structure, leaves)
        return made
    import torch

    modes = {module: module.training for module in model.modules()}
    before, marks = unchanging.remembered(model), attributes.marks(model)
    try:
        tensors_ = {name: torch.as_tensor(leaf) for name, leaf in leaves.items()}
        made = worker.call(model, structure, tensors_)
    finally:
        for module, training in modes.items():
            module.training = training
        unchanging.put_back(before, stage)
        attributes.note(marks, model, stage)
    return made


def _as_recorded(leaf: Any) -> Any:
    """An input laid out in memory as a replay reads it from its file: a model may compute in another order otherwise."""
    if not _is_torch(leaf):
        return leaf if leaf.flags.c_contiguous else leaf.copy(order="C")
    import torch

    return leaf.detach().resolve_conj().resolve_neg().clone(memory_format=torch.contiguous_format)


def _write(stage: Stage, path: str, structure: Json, leaves: Mapping[str, Any]) -> Tree:
    tensors.write(stage.writer, path, {name: _bytes(leaf) for name, leaf in leaves.items()})
    return Tree(file=path, structure=structure)


def _bytes(leaf: Any) -> tensors.TensorBytes:
    return tensors.of_torch(leaf) if _is_torch(leaf) else tensors.of_array(leaf)


def _note_nan(stage: Stage, leaves: Mapping[str, Any]) -> None:
    for name, leaf in leaves.items():
        if bool((leaf != leaf).any()):
            hint = "a replay cannot compare this output: give inputs for which it is finite"
            stage.note(NAME, f"output {name!r} holds NaN", hint=hint)


def compare(section: Section, site: Site) -> tuple[OutputComparison, ...]:
    """Compare every recorded output with what the worker produced; empty when nothing was recorded or produced.

    Raises:
        RefusedInputError: The bundle's own tolerances break the form of their document.
    """
    from reprobundle import comparison

    if section.expected is None or site.answer is None or site.answer.outputs is None:
        return ()
    recorded = tensors.read_arrays(inside(site.root, section.expected.file))
    produced = site.answer.arrays
    reach = comparison.OTHER_DEVICE if site.other_device else comparison.SAME_DEVICE
    asked = documents.tolerances(documents.calibration_of(section, site.root))
    compared = [
        comparison.compare(
            name,
            array,
            produced.get(name),
            tolerances=reach,
            effective=_effective(array, asked.get(name), site, reach),
            thresholds=site.policy.decisions,
        )
        for name, array in recorded.items()
    ]
    compared += [comparison.unexpected(name, produced[name]) for name in produced if name not in recorded]
    if site.answer.left_out:
        compared.append(_others(site.answer.left_out))
    if section.expected.structure != site.answer.outputs:
        compared.append(_other_structure())
    return tuple(compared)


def _effective(
    array: np.ndarray[Any, Any], asked: Tolerance | None, site: Site, table: Mapping[str, Tolerance]
) -> Effective | None:
    """How far *close* reaches for an output; what was measured on one device cannot say less of another than the table."""
    dtype = tensors.dtype_name(array.dtype)
    default = table.get(dtype)
    if asked is not None and default is not None and site.other_device:
        asked = Tolerance(max(asked.rtol, default.rtol), max(asked.atol, default.atol))
    return effective(dtype, asked, site.policy, table)


def _others(number: int) -> OutputComparison:
    """What stands for outputs that were produced beside the recorded ones and all that are named."""
    reason = f"{counted(number, 'more output was', 'more outputs were')} produced but not recorded"
    return OutputComparison(name="(others)", rung=Rung.DIFFERENT, dtype="", shape=(), reason=reason, count=1)


def _other_structure() -> OutputComparison:
    reason = "the nesting or a plain value of the outputs differs from the record"
    return OutputComparison(name="(structure)", rung=Rung.DIFFERENT, dtype="", shape=(), reason=reason, count=1)


def check(section: Section, site: Site) -> Iterator[Finding]:
    """One finding an output."""
    compared = compare(section, site)
    if not compared:
        yield not_run(NAME, "no outputs were compared")
    for output in compared:
        subject = f"output {output.name!r}: {output.rung.value}"
        if output.rung in {Rung.BITWISE, Rung.CLOSE}:
            yield same(NAME, subject)
        elif output.rung is Rung.NOT_RUN:
            yield not_run(NAME, f"{subject}: {output.reason}")
        else:
            message = f"{subject}: {output.reason}"
            yield differs(NAME, message, expected=output.expected, found=output.found)


def fed(section: Section) -> Fed | None:
    """Where the model's inputs are recorded; None where they are not."""
    return None if section.inputs is None else Fed(section.inputs.file, section.inputs.structure)


def recorded(section: Section, root: Path) -> Mapping[str, np.ndarray[Any, Any]]:
    """The recorded outputs as arrays, by name."""
    return {} if section.expected is None else tensors.read_arrays(inside(root, section.expected.file))
