"""What numpy or torch holds, as numpy arrays that lose no bit (bfloat16 and the 8-bit floats through ml_dtypes)."""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Any

from reprobundle import tensors

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def is_torch(value: Any) -> bool:
    """Whether this is a torch tensor; torch is not imported for the answer."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_array(value: Any) -> bool:
    """Whether this is a torch tensor, or a numpy array or scalar of a dtype that safetensors holds."""
    if is_torch(value):
        return True
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)) and name_of(value.dtype) is not None


@functools.cache
def name_of(dtype: np.dtype[Any]) -> str | None:
    """safetensors' name for a numpy dtype; None where it cannot hold it."""
    try:
        return tensors.dtype_name(dtype)
    except KeyError:
        return None


def to_array(value: Any) -> Array:
    """A tensor, array or numpy scalar as a numpy array of the same shape and bits, sharing memory where it can.

    Raises:
        TypeError: A dtype that safetensors cannot hold, or a torch tensor without values (of the meta device).
    """
    import numpy as np

    if not is_torch(value):
        return np.asarray(value)
    if value.is_meta or value.is_quantized:
        raise TypeError(f"a {'meta' if value.is_meta else 'quantized'} tensor holds no plain values")
    if _is_plain(value):
        plain_array: Array = value.detach().numpy()
        return plain_array
    from reprobundle.worker import for_torch, tensor_bytes

    plain = for_torch.as_tensor(value)
    return tensors.array_of(tensor_bytes.content(plain), tensor_bytes.dtype_name(plain), tensor_bytes.shape_of(plain))


def _is_plain(value: Any) -> bool:
    """Whether numpy can look at a torch tensor's memory as it is."""
    torch = sys.modules["torch"]
    return (
        value.layout == torch.strided
        and value.device.type == "cpu"
        and value.dtype in _numpy_kinds()
        and not value.is_conj()
        and not value.is_neg()
    )


@functools.cache
def _numpy_kinds() -> frozenset[Any]:
    torch = sys.modules["torch"]
    names = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64")
    return frozenset(getattr(torch, name) for name in names)
