"""The dtypes that safetensors holds: their names, sizes, and numpy's word for each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import pydantic

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BITS: Mapping[str, int] = {  # of an element, by safetensors' name; those that torch or ml_dtypes can hold
    "BOOL": 8, "F4": 4, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip
RANKS: Mapping[str, int] = {
    dtype: -rank for rank, dtype in enumerate(BITS)
}  # the library's order in a file, wide first
_NUMPY = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "U16": "uint16", "F16": "float16", "I32": "int32",
    "U32": "uint32", "F32": "float32", "C64": "complex64", "F64": "float64", "I64": "int64", "U64": "uint64",
}  # fmt: skip
_ML_DTYPES = {
    "BF16": "bfloat16", "F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz", "F4": "float4_e2m1fn",
}  # fmt: skip


def _known(dtype: str) -> str:
    if dtype not in BITS:
        message = f"unknown dtype {dtype!r:.50}"
        raise ValueError(message)
    return dtype


DtypeName = Annotated[str, pydantic.AfterValidator(_known), pydantic.Field(description="dtype as safetensors names it")]


def size_of(dtype: str, shape: Sequence[int]) -> int:
    """Bytes of a tensor; 4-bit floats lie two in a byte, and safetensors holds no odd number of them.

    Args:
        dtype: As safetensors names it.
        shape: As safetensors counts it.
    """
    return math.prod(shape) * BITS[dtype] // 8


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """numpy's dtype, little-endian, for safetensors' name of it; a 4-bit float takes a byte there."""
    import numpy as np

    if dtype in _ML_DTYPES:
        import ml_dtypes

        small: np.dtype[Any] = np.dtype(getattr(ml_dtypes, _ML_DTYPES[dtype]))
        return small
    plain: np.dtype[Any] = np.dtype(_NUMPY[dtype]).newbyteorder("<")
    return plain


def dtype_name(dtype: np.dtype[Any]) -> str:
    """safetensors' name for a numpy dtype.

    Raises:
        KeyError: safetensors cannot hold it (strings, objects, dates, float128).
    """
    names = {numpy: name for name, numpy in (*_NUMPY.items(), *_ML_DTYPES.items())}
    return names[dtype.name]  # which does not tell the order of bytes


def array_of(content: bytes | memoryview, dtype: str, shape: Sequence[int]) -> Array:
    """A numpy array of a tensor's bytes as they stand in a file, sharing their memory where it can.

    Args:
        content: The bytes.
        dtype: As safetensors names it.
        shape: As safetensors counts it.
    """
    import numpy as np

    if dtype == "F4":
        pairs = np.frombuffer(content, np.uint8)
        content = np.stack([pairs & 15, pairs >> 4], axis=-1).tobytes()  # the first of a pair lies in the low half
    return np.frombuffer(content, dtype=numpy_dtype(dtype)).reshape(tuple(shape))


def bytes_of(array: Array) -> memoryview:
    """A numpy array's bytes as they stand in a file, sharing its memory where it can.

    Raises:
        KeyError: As `dtype_name`.
        TypeError: An odd number of 4-bit floats, which end within a byte.
    """
    import numpy as np

    name = dtype_name(array.dtype)
    plain = np.ascontiguousarray(array, dtype=numpy_dtype(name)).reshape(-1).view(np.uint8)
    if name != "F4":
        return plain.data
    if not array.ndim or array.shape[-1] % 2:
        raise TypeError(f"an odd number of 4-bit floats cannot be stored in safetensors: shape {array.shape}")
    return ((plain[0::2] & 15) | (plain[1::2] << 4)).data
