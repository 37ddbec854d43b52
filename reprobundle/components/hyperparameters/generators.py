"""The states of the random generators, as tensors of a safetensors file: by rank, without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reprobundle import rng, tensors
from reprobundle.components.hyperparameters.section import NAME, Generators
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import counted

FILE = "replay/rng.safetensors"
DTYPES = {"python": "U32", "numpy": "U32", "python.gauss": "F64", "numpy.gauss": "F64"}  # all others are bytes
GATHER = "call reprobundle.generator_states() on every rank and hand it over: capture(generators=…)"


def write(source: Source, stage: Stage) -> Generators | None:
    """Write the states that were handed over, or those of this process."""
    given, of = source.generators, rng.ranks()
    if not given:
        return None
    made = attempt(lambda: _write(given, stage))
    if isinstance(made, Failure):
        stage.note(NAME, f"the states of the random generators are not recorded: {made.why}", hint=made.hint or GATHER)
        return None
    if len(given) < of:
        told = f"of {counted(of, 'process', 'processes')} that train together, those of {len(given)} are recorded"
        stage.note(NAME, f"states of the random generators: {told}", hint=GATHER)
    return Generators(file=FILE, ranks=tuple(sorted(given)), of=max(of, max(given) + 1))


def _write(given: Mapping[int, Mapping[str, bytes]], stage: Stage) -> None:
    for rank, states in given.items():
        if type(rank) is not int or rank < 0:
            raise TypeError(f"expected states by rank, found the key {rank!r:.80}")
        rng.refuse_strange(states)
    kept = {f"rank{rank}/{name}": _tensor(name, state) for rank in given for name, state in given[rank].items()}
    tensors.write(stage.writer, FILE, kept)


def _tensor(name: str, state: bytes) -> tensors.TensorBytes:
    dtype = DTYPES.get(name, "U8")
    content = memoryview(state)
    return tensors.TensorBytes(dtype, (len(content) // tensors.size_of(dtype, ()),), lambda: (content,))


def read(path: Path, rank: int) -> Mapping[str, bytes]:
    """The states of one rank.

    Args:
        path: The file.
        rank: The rank.

    Raises:
        RefusedInputError: The file breaks its form, or a state has another dtype than its generator's.
    """
    prefix = f"rank{rank}/"
    found = {name: array for name, array in tensors.read_arrays(path).items() if name.startswith(prefix)}
    for name, array in found.items():
        expected = DTYPES.get(name[len(prefix) :], "U8")
        if tensors.dtype_name(array.dtype) != expected or array.ndim != 1:
            raise RefusedInputError(f"{path.name}: tensor {name[:200]!r}: expected {expected} in one dimension")
    return {name[len(prefix) :]: array.tobytes() for name, array in found.items()}
