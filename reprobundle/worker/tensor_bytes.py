"""A torch tensor as bytes: safetensors' name of its dtype, its content, its canonical digest."""

from __future__ import annotations

import json
from typing import Any

NAMES = {  # safetensors' names of torch's dtypes
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32",
    "int64": "I64", "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "complex64": "C64", "float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2",
}  # fmt: skip


def digest(name: str, tensor: Any) -> str:
    """XXH3-128 over the JSON array ``[name, dtype, shape]``, a newline, and the tensor's bytes.

    Args:
        name: The tensor's name in the state.
        tensor: A tensor of any shape and any dtype that safetensors holds.

    Returns:
        32 hex digits.
    """
    import xxhash

    head = json.dumps([name, dtype_name(tensor), list(tensor.shape)], separators=(",", ":"), ensure_ascii=False)
    state = xxhash.xxh3_128(head.encode("utf-8") + b"\n")
    state.update(content(tensor))
    return str(state.hexdigest())


def dtype_name(tensor: Any) -> str:
    """safetensors' name of a tensor's dtype.

    Raises:
        TypeError: safetensors cannot hold it.
    """
    name = str(tensor.dtype).replace("torch.", "")
    if name not in NAMES:
        raise TypeError("dtype " + name + " cannot be stored in safetensors")
    return NAMES[name]


def content(tensor: Any) -> memoryview:
    """A tensor's bytes: C-contiguous, little-endian, on the CPU; a view of its memory where it is that already."""
    import torch

    plain = tensor.detach().to("cpu").contiguous().reshape(-1)
    return memoryview(plain.view(torch.uint8).numpy()) if plain.numel() else memoryview(b"")
