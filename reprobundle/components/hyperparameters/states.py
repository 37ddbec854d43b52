"""The states from which training can be continued: strict JSON for their structure, safetensors for their tensors."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle import arrays, frameworks, tensors
from reprobundle.components.hyperparameters.section import NAME, Resuming
from reprobundle.components.hyperparameters.training import Training
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.phrases import sized
from reprobundle.records import strict_json
from reprobundle.worker import tree

STRUCTURE = "replay/resume.json"
TENSORS = "replay/resume.safetensors"
NOT_RESUMABLE = "training cannot be continued from this bundle"
ALL_ELSE = 64 * 10**6  # of buffers, samples, source and wheels, roughly
KINDS = ("optimizers", "schedulers", "scalers")


def write(used: Training, source: Source, stage: Stage) -> Resuming | None:
    """Write the states; what stands in the way becomes a note, and nothing is left of them."""
    if not used:
        hint = "hand them over: capture(optimizer=…, scheduler=…, resumable=True)"
        stage.note(
            NAME, "resumable was asked for, but no optimizer and no scheduler is there to be continued", hint=hint
        )
        return None
    made = attempt(lambda: _write(used, source.model, stage))
    if isinstance(made, Failure):
        written = {entry.path for entry in stage.writer.entries}
        for path in {STRUCTURE, TENSORS} & written:
            stage.writer.forget(path)
        stage.note(NAME, f"{NOT_RESUMABLE}: {made.why}", hint=made.hint)
        return None
    return made


def _write(used: Training, model: Any, stage: Stage) -> Resuming:
    content, leaves = _taken_apart(used)
    _refuse_lack_of_space(leaves, model, stage.root)
    stage.writer.write(STRUCTURE, content)
    if not leaves:
        return Resuming(structure=STRUCTURE)
    tensors.write(stage.writer, TENSORS, leaves)
    tensors.read_places(stage.root / TENSORS)  # what a reader would refuse later must not cost the whole bundle
    told = f"{sized(_bytes(leaves))} beside {sized(_weights(model))} of weights"
    stage.note(NAME, f"the states to continue the training from take {told}", hint="resumable=False leaves them out")
    return Resuming(structure=STRUCTURE, tensors=TENSORS)


def _taken_apart(used: Training) -> tuple[bytes, dict[str, tensors.TensorBytes]]:
    """The structure as JSON, and the tensors by name."""
    whole = {kind: {name: thing.state_dict() for name, thing in getattr(used, kind).items()} for kind in KINDS}
    _refuse_foreign(whole, "")
    node, leaves = tree.flatten(whole, arrays.is_torch)
    content = json.dumps(node, separators=(",", ":"), ensure_ascii=False).encode("utf-8") + b"\n"
    strict_json(content, name=STRUCTURE)
    return content, {name: tensors.of_torch(value) for name, value in leaves.items()}


def _refuse_foreign(value: Any, path: str) -> None:
    """Refuse what would come back as something else than it was: dataclasses and named tuples as plain mappings."""
    if dataclasses.is_dataclass(value) or hasattr(value, "_asdict"):
        raise TypeError(f"at {path!r}: a {type(value).__name__} would not come back as it was")
    if isinstance(value, Mapping | list | tuple):
        pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in pairs:
            _refuse_foreign(item, f"{path}/{key}" if path else str(key))


def _refuse_lack_of_space(leaves: Mapping[str, tensors.TensorBytes], model: Any, folder: Path) -> None:
    """The weights matter more than the states: they come afterwards and must still find their place.

    Raises:
        UnavailableError: The disk does not hold both.
    """
    needed, free = _bytes(leaves) + _weights(model) + ALL_ELSE, shutil.disk_usage(folder).free
    if needed > free:
        message = f"the states and the rest need {sized(needed)} on the disk, {sized(free)} are free"
        raise UnavailableError(message, hint="free some, or name a folder on another disk")


def _bytes(leaves: Mapping[str, tensors.TensorBytes]) -> int:
    return sum(leaf.size for leaf in leaves.values())


def _weights(model: Any) -> int:
    known = frameworks.module_of("for_torch").recognises(model)
    return sum(parameter.numel() * parameter.element_size() for parameter in model.parameters()) if known else 0


def read(resuming: Resuming, root: Path) -> dict[str, dict[str, Any]]:
    """The states as they were, their tensors as torch's, on the CPU.

    Args:
        resuming: What the section says.
        root: The folder of a verified bundle.

    Returns:
        What ``state_dict()`` gave, by name, by kind: ``optimizers``, ``schedulers``, ``scalers``.

    Raises:
        RefusedInputError: The files break their form or do not fit together.
    """
    from safetensors.torch import load_file

    node = strict_json((root / resuming.structure).read_bytes(), name=resuming.structure)
    leaves: dict[str, Any] = {}
    if resuming.tensors is not None:
        tensors.read_places(root / resuming.tensors)
        leaves = {
            name: value.clone() for name, value in load_file(root / resuming.tensors).items()
        }  # no file behind it
    try:
        whole = tree.unflatten(node, leaves)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise RefusedInputError(f"{resuming.structure}: is no structure of this bundle's tensors: {error!r}") from error
    if (
        not isinstance(whole, dict)
        or set(whole) != set(KINDS)
        or not all(isinstance(part, dict) for part in whole.values())
    ):
        raise RefusedInputError(f"{resuming.structure}: expected {', '.join(KINDS)}")
    return whole
