"""Which further runs are made of a model: each changes one thing that must not matter."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reprobundle import memory, tensors
from reprobundle.components.outputs.section import HALF, ONE_ROW
from reprobundle.guest import Question
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted
from reprobundle.records import Json

WITH_TORCH = frozenset({"for_torch", "for_transformers", "for_torchscript"})
WITH_HOOKS = frozenset({"for_torch", "for_transformers"})
X86 = frozenset({"x86_64", "amd64", "i686"})
OTHER_SEED = 1
DOUBLE_COST = 4.0  # passes: few kernels are written for float64
DOUBLE_MEMORY = 3.3  # times the model: itself, what a proof needs, and its copy of twice the size
RESULT_BYTES = 512 * 2**20  # all results together, on the disk for temporary files
LEAST_SECONDS = 2.0  # so much is spent in the proof's own process however little of the budget is left

AGAIN, SEED, AFTER = "again", "another seed", "after other rows"
ONEDNN_OFF, FLOAT64, PERTURBED, SKETCH = "oneDNN off", "float64", "changed weights", "sketches"


@dataclass(frozen=True, kw_only=True)
class Variation:
    """One run in the process of the proof, after the proof itself.

    Attributes:
        name: As it is recorded.
        question: What the worker is asked; None where it cannot be.
        cost: In forward passes of the recorded inputs.
        why: Why it is not asked; None where it is.
        of: The variation whose modules it sketches; None where it is run for its outputs.
    """

    name: str
    question: Question | None
    cost: float = 1.0
    why: str | None = None
    of: str | None = None


@dataclass(frozen=True, kw_only=True)
class Child:
    """One run in a process of its own, because what it changes acts only while a program starts.

    Attributes:
        variables: Environment variables, one in all.
    """

    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As it is recorded, such as ``MKL_CBWR=COMPATIBLE``."""
        return ", ".join(f"{name}={value}" for name, value in self.variables.items())


def variations(manifest: Manifest, device: str, *, rows: int | None, overlay: Path | None) -> tuple[Variation, ...]:
    """Every run that makes sense for a model in the proof's own process, the most telling first.

    Args:
        manifest: What is recorded.
        device: The kind of device that the model runs on.
        rows: As of `common_rows`.
        overlay: A file with other weights; None: there is none.
    """
    found = [_run(AGAIN)]
    if manifest.model.loader in WITH_HOOKS:
        found.append(_run(SKETCH, sketch=True, of=SKETCH))  # without it no replay can say where a model parts
    found.append(_run(SEED, seed=OTHER_SEED))
    if overlay is not None:
        found.append(_run(PERTURBED, overlay=overlay))
    if rows is not None and rows > 1:
        found.append(_run(ONE_ROW, rows=(0, 1)))
        found += [_run(HALF, rows=(0, (rows + 1) // 2))] if rows > 2 else []
        found.append(_run(AFTER))
    if manifest.model.loader in WITH_TORCH:
        found += _numeric(manifest, device)
    return tuple(found)


def _numeric(manifest: Manifest, device: str) -> list[Variation]:
    found: list[Variation] = []
    if device == "cpu":
        found.append(_run(ONEDNN_OFF, settings={"mkldnn.enabled": False}))
        threads = _other_threads(manifest)
        found.append(_run(threads_name(threads), settings={"torch.threads": threads}))
    roomy = _has_room_for_double(manifest, device)
    found.append(_run(FLOAT64, double=True, cost=DOUBLE_COST, why=None if roomy else "memory"))
    if manifest.model.loader in WITH_HOOKS:
        found += [_sketched(one) for one in found if one.name in {ONEDNN_OFF, FLOAT64}]
    return found


def threads_name(count: int) -> str:
    """How a variation of the number of threads is called."""
    return counted(count, "thread")


def _other_threads(manifest: Manifest) -> int:
    """Half of the recorded number: a processor of many cores is not slowed to one."""
    recorded = manifest.environment.numerics.get("torch.threads")
    return max(1, recorded // 2) if isinstance(recorded, int) and recorded > 1 else 2


def _has_room_for_double(manifest: Manifest, device: str) -> bool:
    size = sum(entry.bytes for entry in manifest.model.tensors if entry.name not in manifest.model.aliases)
    free = memory.device_bytes() if device == "cuda" else memory.host_bytes()
    return free is None or size * DOUBLE_MEMORY <= free


def _run(
    name: str,
    *,
    of: str | None = None,
    cost: float = 1.0,
    why: str | None = None,
    overlay: Path | None = None,
    seed: int = 0,
    settings: Mapping[str, Json] = {},
    double: bool = False,
    rows: tuple[int, int] | None = None,
    sketch: bool = False,
) -> Variation:
    asked = Question(
        name=slug(name), overlay=overlay, seed=seed, settings=settings, double=double, rows=rows, sketch=sketch
    )
    return Variation(name=name, question=asked if why is None else None, cost=cost, why=why, of=of)


def _sketched(one: Variation) -> Variation:
    """The same once more, for what its modules give: hooks may change how a model computes, so each is run for itself."""
    settings = {} if one.question is None else one.question.settings
    double = one.name == FLOAT64
    return _run(
        f"{one.name} sketched", settings=settings, double=double, sketch=True, cost=one.cost, why=one.why, of=one.name
    )


def slug(name: str) -> str:
    """A name that the protocol allows: letters, digits and dashes."""
    return name.replace(" ", "-")


def common_rows(inputs: Path) -> int | None:
    """The length of the first axis that every tensor of a file shares; None where there is no such axis.

    Args:
        inputs: A safetensors file.

    Raises:
        RefusedInputError: It is none.
    """
    lengths = {place.shape[0] if place.shape else None for place in tensors.read_places(inputs)}
    return lengths.pop() if len(lengths) == 1 else None


def affordable(
    wished: Sequence[Variation], *, seconds: float | None, allowance: float, bytes_each: int
) -> tuple[Variation, ...]:
    """The variations with those not asked that would take too long, or whose results too much room.

    Args:
        wished: The most telling first.
        seconds: How long one forward pass takes; None: not known.
        allowance: Seconds that all may take.
        bytes_each: Of the outputs of one pass.
    """
    chosen: list[Variation] = []
    spent, written = 0.0, 0
    for one in wished:
        if one.question is None:
            chosen.append(one)
            continue
        longer, more = spent + one.cost * (seconds or 0.0), written + bytes_each
        why = "budget" if longer > allowance else "room" if more > RESULT_BYTES else None
        if why is None:
            spent, written = longer, more
        chosen.append(one if why is None else _left(one, why))
    return tuple(chosen)


def _left(one: Variation, why: str) -> Variation:
    return Variation(name=one.name, question=None, cost=one.cost, why=why, of=one.of)


def children(manifest: Manifest, device: str, environment: Mapping[str, str]) -> tuple[Child, ...]:
    """The runs in processes of their own, those first that moved real models furthest (decision 0025).

    Args:
        manifest: What is recorded.
        device: The kind of device that the model runs on.
        environment: The variables that the model runs with: what is set already changes nothing.
    """
    if device != "cpu":
        return ()
    wished = _of_torch(manifest) if manifest.model.loader in WITH_TORCH else _of_numpy(manifest)
    return tuple(Child(variables={name: value}) for name, value in wished if environment.get(name) != value)


def _of_torch(manifest: Manifest) -> list[tuple[str, str]]:
    capability = str(manifest.environment.numerics.get("torch.cpu_capability"))
    if manifest.environment.platform.machine.lower() not in X86:
        return [] if capability == "DEFAULT" else [("ATEN_CPU_CAPABILITY", "default")]
    wished = [("MKL_CBWR", "COMPATIBLE")]
    wished += [] if capability in {"AVX2", "DEFAULT"} else [("ATEN_CPU_CAPABILITY", "avx2")]
    wished += [("ONEDNN_MAX_CPU_ISA", "SSE41")]
    return wished + ([] if capability == "DEFAULT" else [("ATEN_CPU_CAPABILITY", "default")])


def _of_numpy(manifest: Manifest) -> list[tuple[str, str]]:
    """Of numpy's usual library for matrices; where it is another one the variable does nothing."""
    if manifest.model.loader == "for_onnx" or manifest.environment.platform.machine.lower() not in X86:
        return []
    return [("OPENBLAS_CORETYPE", "Nehalem"), ("OPENBLAS_CORETYPE", "Haswell")]


def allowance(remaining: float) -> float:
    """Seconds for the runs in the proof's own process: half of what remains, and a little in any case."""
    return max(LEAST_SECONDS, remaining / 2) if math.isfinite(remaining) else remaining
