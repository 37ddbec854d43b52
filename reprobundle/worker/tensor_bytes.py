"""A torch tensor as bytes: safetensors' name of its dtype, its content piece by piece, its canonical digest."""

from __future__ import annotations

import json
import sys
from typing import Any, Iterator, Sequence, Tuple

PIECE_BYTES = 2 * 2**20  # a piece is written and digested twice while it is in the cache
NAMES = {  # safetensors' names of torch's dtypes
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "int16": "I16", "uint16": "U16", "int32": "I32", "uint32": "U32",
    "int64": "I64", "uint64": "U64", "float16": "F16", "bfloat16": "BF16", "float32": "F32", "float64": "F64",
    "complex64": "C64", "float8_e4m3fn": "F8_E4M3", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2": "F8_E5M2",
    "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0", "float4_e2m1fn_x2": "F4",
}  # fmt: skip


def digest(name: str, tensor: Any) -> str:
    """The canonical digest of a torch tensor.

    Args:
        name: The tensor's name in the state.
        tensor: A tensor of any shape and any dtype that safetensors holds.

    Returns:
        32 hex digits.
    """
    state = begun(name, dtype_name(tensor), shape_of(tensor))
    for piece in pieces(tensor):
        state.update(piece)
    return str(state.hexdigest())


def begun(name: str, dtype: str, shape: Sequence[int]) -> Any:
    """The canonical digest before the tensor's bytes are added: its definition, shared by all who make it.

    XXH3-128 over the JSON array ``[name, dtype, shape]``, a newline, and the tensor's bytes.

    Args:
        name: The tensor's name in the state.
        dtype: As safetensors names it.
        shape: As safetensors counts it.

    Returns:
        An ``xxhash.xxh3_128``, to be updated with the bytes: C-contiguous, little-endian.
    """
    import xxhash

    head = json.dumps([name, dtype, list(shape)], separators=(",", ":"), ensure_ascii=False)
    return xxhash.xxh3_128(head.encode("utf-8") + b"\n")


def dtype_name(tensor: Any) -> str:
    """safetensors' name of a tensor's dtype.

    Raises:
        TypeError: safetensors cannot hold it.
    """
    name = str(tensor.dtype).replace("torch.", "")
    if name not in NAMES:
        raise TypeError("dtype " + name + " cannot be stored in safetensors")
    return NAMES[name]


def shape_of(tensor: Any) -> Tuple[int, ...]:
    """A tensor's shape as safetensors counts it: of 4-bit floats, which torch holds in pairs, each one.

    Raises:
        TypeError: It is a single pair without any dimension, for which safetensors has no shape.
    """
    shape = tuple(tensor.shape)
    if str(tensor.dtype) != "torch.float4_e2m1fn_x2":
        return shape
    if not shape:
        raise TypeError("a 0-d tensor of dtype float4_e2m1fn_x2 cannot be stored in safetensors")
    return (*shape[:-1], 2 * shape[-1])


def content(tensor: Any) -> memoryview:
    """A tensor's bytes in one: C-contiguous, little-endian; a view of its memory where it is that already.

    Raises:
        TypeError: This machine is big-endian.
    """
    if is_plain(tensor):
        return _memory(tensor.detach())
    return memoryview(b"".join(pieces(tensor)))


def pieces(tensor: Any) -> Iterator[memoryview]:
    """A tensor's bytes in pieces of at most 2 MiB: views of its memory, or copies of which no more than two exist at once.

    A piece is good until the next one is asked for.

    Args:
        tensor: A dense tensor of any device, any strides, conjugated or not.

    Raises:
        TypeError: This machine is big-endian.
    """
    tensor = tensor.detach()
    if is_plain(tensor):
        whole = _memory(tensor)
        for start in range(0, len(whole), PIECE_BYTES):
            yield whole[start : start + PIECE_BYTES]
    elif tensor.device.type == "cuda" and tensor.nbytes > PIECE_BYTES:
        yield from _pinned(tensor)
    else:
        for part in _parts(tensor):
            yield _memory(flat(part).to("cpu"))


def is_plain(tensor: Any) -> bool:
    """Whether a tensor's bytes lie in this machine's memory as they are written, one after another."""
    return tensor.device.type == "cpu" and tensor.is_contiguous() and not tensor.is_conj() and not tensor.is_neg()


def _memory(tensor: Any) -> memoryview:
    if sys.byteorder != "little":
        raise TypeError("weights are stored little-endian, and this machine is not")
    return _view(_line(tensor)) if tensor.numel() else memoryview(b"")


def _view(content: Any) -> memoryview:
    found: memoryview = content.numpy().data
    return found


def _parts(tensor: Any) -> Iterator[Any]:
    """Cut a tensor, in the order of its elements, into parts of at most a piece."""
    if tensor.nbytes <= PIECE_BYTES:
        if tensor.numel():
            yield tensor
        return
    rows = PIECE_BYTES * tensor.shape[0] // tensor.nbytes
    if rows:
        for start in range(0, tensor.shape[0], rows):
            yield tensor[start : start + rows]
    else:
        for row in tensor:
            yield from _parts(row)


def flat(part: Any) -> Any:
    """The bytes of a tensor, one after another, on its own device; a view where they lie so already."""
    import torch

    resolved = part.resolve_conj().resolve_neg()
    if resolved.element_size() == 1:
        resolved = resolved.view(torch.uint8)  # the small floats know few operations, a byte knows all
    return _line(resolved.contiguous())


def _line(contiguous: Any) -> Any:
    """The bytes of a contiguous tensor as one dimension; a stride that no step uses may be anything, and is set right."""
    import torch

    return contiguous.as_strided((contiguous.numel(),), (1,)).view(torch.uint8)


def _pinned(tensor: Any) -> Iterator[memoryview]:
    """A CUDA tensor through two pinned buffers: one is filled while the caller reads the other."""
    import torch

    stream = torch.cuda.Stream(tensor.device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream(tensor.device))
    buffers = [torch.empty(PIECE_BYTES, dtype=torch.uint8, pin_memory=True) for _ in range(2)]
    ready = None
    for number, part in enumerate(_parts(tensor)):
        with torch.cuda.stream(stream):  # what is made here is freed here: the stream keeps the order
            line = flat(part)
            buffer = buffers[number % 2][: line.numel()]
            buffer.copy_(line, non_blocking=True)
            filled = stream.record_event()
        if ready is not None:
            ready[1].synchronize()
            yield _view(ready[0])
        ready = (buffer, filled)
    if ready is not None:
        ready[1].synchronize()
        yield _view(ready[0])
