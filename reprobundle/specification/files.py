"""Documents and arrays in files that a specification names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobundle import tensors
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.records import Json, strict_json
from reprobundle.worker.tree import BARE
from reprobundle.yaml_reading import MAX_BYTES, read_yaml

SUFFIXES = frozenset({".safetensors", ".npy", ".npz"})


def content(path: Path) -> bytes:
    """The bytes of a YAML file.

    Raises:
        UsageError: Nothing is there.
        RefusedInputError: It is larger than YAML may be.
    """
    if not path.is_file():
        hint = "give the path of a reprobundle.yaml, or write one"
        raise UsageError(f"no file {path.name!r}", hint=hint)
    if path.stat().st_size > MAX_BYTES:
        raise RefusedInputError(f"{path.name}: is too large: at most {MAX_BYTES} bytes, found {path.stat().st_size}")
    return path.read_bytes()


def read_document(path: Path) -> Json:
    """The value in a YAML or JSON file.

    Raises:
        RefusedInputError: It is not strict.
    """
    if path.suffix == ".json":
        return strict_json(path.read_bytes(), name=path.name)
    return read_yaml(content(path), name=path.name).value


def read_arrays(what: str, path: Path) -> dict[str, Any]:
    """Arrays by name from a file.

    Raises:
        UsageError: It is of another form, or cannot be read.
    """
    if path.suffix not in SUFFIXES:
        expected = "a .safetensors, .npy or .npz file, or a function as module:name"
        raise UsageError(f"{what}: expected {expected}, found {path.name!r}")
    made = attempt(lambda: _read_by_suffix(path))
    if isinstance(made, Failure):
        raise UsageError(f"{what}: {path.name!r} cannot be read: {made.why}")
    if not made:
        raise UsageError(f"{what}: {path.name!r} holds no array")
    return made


def _read_by_suffix(path: Path) -> dict[str, Any]:
    if path.suffix == ".safetensors":
        return dict(tensors.read_arrays(path))
    import numpy as np

    if path.suffix == ".npy":
        return {BARE: np.load(path, allow_pickle=False)}
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def nested(named: dict[str, Any]) -> Any:
    """One array called ``value`` alone; arrays called ``0``, ``1``, … by position; others by keyword."""
    if set(named) == {BARE}:
        return named[BARE]
    if set(named) == {str(index) for index in range(len(named))}:
        return tuple(named[str(index)] for index in range(len(named)))
    return named


def as_torch(value: Any) -> Any:
    """numpy arrays as torch tensors of the same bits; what a function returned is left as it is."""
    import numpy as np

    if isinstance(value, dict):
        return {key: as_torch(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(as_torch(item) for item in value)
    return _tensor(value) if isinstance(value, np.ndarray) else value


def _tensor(array: Any) -> Any:
    import torch

    dtype = tensors.dtype_name(array.dtype)
    plain = array.astype(tensors.numpy_dtype(dtype), copy=True)
    if dtype not in {"BF16", "F8_E4M3", "F8_E5M2"}:
        return torch.from_numpy(plain)
    name = {"BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2"}[dtype]
    return torch.from_numpy(plain.reshape(-1).view("uint8")).view(getattr(torch, name)).reshape(plain.shape)
