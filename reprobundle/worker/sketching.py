"""What each module of a model gives, in so few numbers that those of every module can be kept and compared.

Forward hooks only look: the tensors are read, none is changed, and no generator is drawn from. But where a module has hooks,
torch leaves out the fast path of its transformer layers, so sketches are compared with sketches only.
"""

from __future__ import annotations

import collections
import dataclasses
import math
import sys
from collections.abc import Mapping
from typing import Any, Callable, Dict, Iterator, List, Tuple

MOST_CALLS = 4096  # of one run
MOST_SAMPLES = 64
MAX_DEPTH = 8
PIECE = 2**18  # elements that are taken to float64 at once
ALONE = "_reprobundle_worker_"  # how the worker names its own modules
UNREADABLE = (RuntimeError, TypeError, ValueError)  # what torch raises for a kind of tensor that it cannot read so


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


class Sketches:
    """Notes what modules give while they run.

    Attributes:
        calls: One sketch for each call of a module and each tensor that it gave, in the order of the calls.
        left_out: How many more there were, or could not be read.
    """

    def __init__(self, module: Any, owe: Callable[[Callable[[], object]], object]) -> None:
        """Listen to a module's parts; `owe` takes what ends that."""
        self.calls: List[Dict[str, Any]] = []
        self.left_out = 0
        self._called: Dict[str, int] = collections.Counter()
        for name, part in heard(module):
            owe(part.register_forward_hook(self._hook(name)).remove)

    def _hook(self, name: str) -> Callable[[Any, Any, Any], None]:
        def hear(part: Any, given: Any, output: Any) -> None:
            call = self._called[name]
            self._called[name] += 1
            for suffix, tensor in tensors_of(output):
                if len(self.calls) >= MOST_CALLS:
                    self.left_out += 1
                    continue
                try:
                    told = sketch(tensor)
                except UNREADABLE:
                    self.left_out += 1
                    continue
                self.calls.append({"module": name + suffix, "kind": type(part).__name__, "call": call, **told})

        return hear


def heard(module: Any) -> Iterator[Tuple[str, Any]]:
    """The parts of a module that compute: those without parts of their own, and those with parameters of their own.

    Of some, attention for one, torch reads the parameters of a part without ever calling it.
    """
    import torch

    for name, part in module.named_modules():
        own = next(part.named_parameters(recurse=False), None) is not None
        if (own or next(part.children(), None) is None) and not isinstance(part, torch.jit.ScriptModule):
            yield name, part


def tensors_of(output: Any, suffix: str = "", depth: int = 0) -> Iterator[Tuple[str, Any]]:
    """The tensors in what a module gave, each with the way to it: ``#0``, ``#logits``; nothing for a bare tensor."""
    import torch

    if isinstance(output, torch.Tensor):
        yield suffix, output
        return
    if depth == MAX_DEPTH:
        return
    if isinstance(output, Mapping):
        inner: Any = output.items()
    elif hasattr(output, "_asdict"):
        inner = output._asdict().items()
    elif isinstance(output, (list, tuple)):
        inner = enumerate(output)
    elif dataclasses.is_dataclass(output) and not isinstance(output, type):
        inner = [(field.name, getattr(output, field.name, None)) for field in dataclasses.fields(output)]
    else:
        return
    for key, item in inner:
        yield from tensors_of(item, suffix + "#" + str(key), depth + 1)


def sketch(tensor: Any) -> Dict[str, Any]:
    """One tensor in few numbers.

    Args:
        tensor: Dense or sparse, of any device and any dtype that safetensors holds.

    Returns:
        ``dtype``, ``shape`` and ``digest`` (XXH3-128 of its bytes); in float64 its ``sum``, ``absmax``, ``mean`` and ``std``
        (over all elements), None where not finite; ``samples``: see `places`. Of a complex tensor the real and imaginary
        parts count as elements, in turn.

    Raises:
        TypeError: safetensors has no such dtype.
    """
    tensor_bytes = sibling("tensor_bytes")
    dense = sibling("for_torch").as_tensor(tensor)
    told: Dict[str, Any] = {"dtype": tensor_bytes.dtype_name(dense), "shape": list(tensor_bytes.shape_of(dense))}
    told["digest"] = _digest(tensor_bytes.pieces(dense))
    told.update(_numbers(dense))
    return told


def _digest(pieces: Iterator[memoryview]) -> str:
    import xxhash

    state = xxhash.xxh3_128()
    for piece in pieces:
        state.update(piece)
    return str(state.hexdigest())


def _numbers(dense: Any) -> Dict[str, Any]:
    import torch

    line = (torch.view_as_real(dense) if dense.is_complex() else dense).reshape(-1)
    count = line.numel()
    if str(dense.dtype) == "torch.float4_e2m1fn_x2" or not count:  # two in a byte: no numbers that torch could tell
        return {"sum": None, "absmax": None, "mean": None, "std": None, "samples": []}
    total, largest, squares = 0.0, 0.0, 0.0
    for piece in _pieces(line):
        total += piece.sum().item()
        largest = max(largest, piece.abs().max().item())
    mean = total / count
    for piece in _pieces(line):
        squares += (piece - mean).square_().sum().item()
    samples = line[torch.tensor(places(count))].to(torch.float64).tolist()
    found = {"sum": total, "absmax": largest, "mean": mean, "std": math.sqrt(squares / count)}
    finite = math.isfinite(total)
    told: Dict[str, Any] = {name: value if finite and math.isfinite(value) else None for name, value in found.items()}
    told["samples"] = [value if math.isfinite(value) else None for value in samples]
    return told


def _pieces(line: Any) -> Iterator[Any]:
    import torch

    for start in range(0, line.numel(), PIECE):
        yield line[start : start + PIECE].to(torch.float64)


def places(count: int) -> List[int]:
    """Where samples are taken: at most 64 evenly spaced places from the first to the last, the same on every machine."""
    if count <= MOST_SAMPLES:
        return list(range(count))
    return [place * (count - 1) // (MOST_SAMPLES - 1) for place in range(MOST_SAMPLES)]
