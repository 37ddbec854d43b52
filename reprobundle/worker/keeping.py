"""What a model was before its first run, so that every further run begins with the same, and leaves the same behind."""

from __future__ import annotations

import sys
from typing import Any, Callable, Iterator, List, Mapping, NamedTuple, Optional

MOST_COPIED = 256 * 2**20  # bytes: further buffers are read from the bundle again rather than copied beforehand
ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


class Held(NamedTuple):
    """A tensor of a module.

    Attributes:
        name: Its full name.
        owner: The module that has it.
        own_name: Its name there.
        tensor: The tensor itself; None: the name stood for none.
        copy: Its values; None for a parameter, and for a buffer beyond what is copied.
        version: How often it had been changed in place; None where torch does not count.
    """

    name: str
    owner: Any
    own_name: str
    tensor: Any
    copy: Any
    version: Optional[int]

    def put_back(self, read: Callable[[str], Any]) -> None:
        """Let the name stand for the same tensor, and the tensor hold the same values; `read` has those not copied."""
        if self.tensor is not None and self._is_changed():
            put(self.tensor, read(self.name) if self.copy is None else self.copy)
        if getattr(self.owner, self.own_name, None) is not self.tensor:
            setattr(self.owner, self.own_name, self.tensor)

    def _is_changed(self) -> bool:
        if self.copy is None:
            return version(self.tensor) != self.version
        return not same(self.tensor, self.copy)


class Before:
    """A model as it was, and what is owed to it.

    Attributes:
        owed: What undoes each change that was made to it for a run, in their order.
    """

    def __init__(self, model: Any, described: Mapping[str, Any]) -> None:
        """Remember a model that is loaded and did not run yet.

        Args:
            model: Of any kind; only of a torch module there is something to remember.
            described: ``weights``, ``aliases`` and ``buffers`` of the job's model, to read changed tensors from.
        """
        torch = sys.modules.get("torch")
        is_module = torch is not None and isinstance(model, torch.nn.Module)
        self.owed: List[Callable[[], object]] = []
        self._described = described
        self._modes = [(part, part.training) for part in model.modules()] if is_module else []
        self._held = list(_held(model)) if is_module else []

    def put_back(self) -> None:
        """Undo all changes and put modes, buffers and parameters back; after an error what is left can be tried again.

        Raises:
            ValueError: A tensor was changed that stands in no safetensors file.
        """
        while self.owed:
            self.owed[-1]()
            self.owed.pop()
        for part, training in self._modes:
            part.training = training
        for held in self._held:
            held.put_back(self._read)

    def _read(self, name: str) -> Any:
        from safetensors import safe_open

        kept = (self._described.get("aliases") or {}).get(name, name)
        files = [*self._described["weights"], *filter(None, [self._described.get("buffers")])]
        for path in files:
            if path.endswith(".safetensors"):
                with safe_open(path, framework="pt") as file:
                    if kept in file.keys():  # noqa: SIM118  it is no mapping
                        return file.get_tensor(kept)
        raise ValueError("running the model changed " + repr(name) + ", which cannot be put back")


def _held(module: Any) -> Iterator[Held]:
    left = MOST_COPIED
    for path, owner in module.named_modules():
        for name, tensor in _buffers(owner):
            size = 0 if tensor is None else tensor.numel() * tensor.element_size()
            copy = tensor.detach().clone() if tensor is not None and size <= left else None
            left -= 0 if copy is None else size
            yield Held((path + "." + name).lstrip("."), owner, name, tensor, copy, version(tensor))
        for name, tensor in owner.named_parameters(recurse=False):
            yield Held((path + "." + name).lstrip("."), owner, name, tensor, None, version(tensor))


def _buffers(owner: Any) -> Any:
    """Those of one module; a name may stand for none yet, which torch lists nowhere."""
    own = vars(owner).get("_buffers")
    return list(own.items()) if isinstance(own, dict) else list(owner.named_buffers(recurse=False))


def version(tensor: Any) -> Optional[int]:
    """How often a tensor was changed in place; None for none, and for one made in inference mode, which is not counted."""
    if tensor is None or tensor.is_inference():
        return None
    return int(tensor._version)  # noqa: SLF001  torch has no other name for it


def put(tensor: Any, values: Any) -> None:
    """Let a tensor hold values, in its own memory where they are of its form."""
    if (tensor.shape, tensor.dtype) == (values.shape, values.dtype):
        tensor.data.copy_(values)  # its name `data` leaves the count of changes alone
    else:
        tensor.data = values.detach().clone().to(tensor.device)


def same(one: Any, other: Any) -> bool:
    """Whether two tensors are of one form and equal bit for bit."""
    import torch

    if (one.shape, one.dtype, one.layout, one.device) != (other.shape, other.dtype, other.layout, other.device):
        return False
    if one.layout != torch.strided or one.is_quantized:
        return torch.equal(one, other)
    flat = sibling("tensor_bytes").flat
    return one.numel() == 0 or torch.equal(flat(one), flat(other))
