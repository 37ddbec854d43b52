"""The reviewer's own inputs: a safetensors file with the names of the recorded ones, and what must come of them, maybe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import tensors
from reprobundle.errors import UsageError
from reprobundle.phrases import some
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]

EXPECTED = "expected/"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What a reviewer gives.

    Attributes:
        inputs: Arrays by the names of the recorded inputs.
        expected: What the model must give for them, by the names of the outputs; empty where that is not given.
    """

    inputs: Arrays
    expected: Arrays


def read(path: Path, recorded: Arrays, outputs: Mapping[str, str]) -> Probe:
    """Read a reviewer's inputs.

    Args:
        path: A safetensors file: inputs by their recorded names, expected outputs as ``expected/NAME``.
        recorded: The recorded inputs.
        outputs: The dtypes of the recorded outputs, in safetensors' spelling, by name; empty where none are recorded.

    Raises:
        UsageError: There is no such file, its names or forms are not those of the recorded inputs and outputs, or what is
            expected is no number.
        RefusedInputError: It is no safetensors file.
    """
    if not path.is_file():
        raise UsageError(f"probe: there is no file {str(path)!r}")
    given = tensors.read_arrays(path)
    inputs = {name: given[name] for name in recorded if name in given}
    expected = {name.removeprefix(EXPECTED): one for name, one in given.items() if _is_expected(name, recorded)}
    _refuse_missing(path, recorded, inputs)
    unknown = [name for name in given if name not in recorded and not _is_expected(name, recorded)]
    if unknown:
        message = f"probe {path.name!r}: has {some([repr(name) for name in unknown])}, which the bundle does not record"
        raise UsageError(message, hint=f"inputs have the recorded names: {some([repr(name) for name in recorded])}")
    for name, one in inputs.items():
        _refuse_form(path, name, recorded[name], one)
    for name, one in expected.items():
        _refuse_expectation(path, name, outputs, one)
    return Probe(inputs=inputs, expected=expected)


def _is_expected(name: str, recorded: Arrays) -> bool:
    return name.startswith(EXPECTED) and name not in recorded


def _refuse_missing(path: Path, recorded: Arrays, inputs: Arrays) -> None:
    missing = [repr(name) for name in recorded if name not in inputs]
    if missing:
        raise UsageError(f"probe {path.name!r}: lacks {some(missing)}", hint="give every recorded input by its name")


def _refuse_form(path: Path, name: str, recorded: Array, given: Array) -> None:
    if (recorded.dtype, recorded.ndim) != (given.dtype, given.ndim):
        expected, found = (f"{one.dtype} with {one.ndim} dimensions" for one in (recorded, given))
        raise UsageError(f"probe {path.name!r}: input {name!r}: expected {expected}, found {found}")


def _refuse_expectation(path: Path, name: str, outputs: Mapping[str, str], given: Array) -> None:
    """Make sure that an expectation can be met at all."""
    import numpy as np

    if outputs and name not in outputs:
        near = get_close_matches(name, outputs, n=1)
        hint = (
            f"did you mean {EXPECTED + near[0]!r}?" if near else f"outputs are: {some([repr(one) for one in outputs])}"
        )
        raise UsageError(
            f"probe {path.name!r}: expects an output {name!r}, which the bundle does not record", hint=hint
        )
    found = dtype_name(given.dtype)
    if outputs and outputs[name] != found:
        message = f"probe {path.name!r}: output {name!r}: expected {outputs[name]} as it is recorded, found {found}"
        raise UsageError(message)
    if given.dtype.kind not in "biu" and bool(np.isnan(given).any()):
        raise UsageError(f"probe {path.name!r}: output {name!r}: what is expected holds NaN, with which nothing agrees")
