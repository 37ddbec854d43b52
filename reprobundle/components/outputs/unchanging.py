"""Keeping a forward pass from changing the person's model: a counter, a running mean or a cache in a buffer goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reprobundle.components.interface import Failure, Stage, attempt
from reprobundle.phrases import some

NAME = "outputs"
SHOWN = 5


@dataclass(frozen=True)
class Kept:
    """A tensor of a model before a forward pass.

    Attributes:
        name: Its full name.
        owner: The module that has it.
        own_name: Its name there.
        tensor: The tensor itself; None: the name stood for none.
        copy: Its values, for a buffer; None for a parameter: those are too large to copy for what hardly any model does.
        version: How often it had been changed in place; None: torch does not count.
    """

    name: str
    owner: Any
    own_name: str
    tensor: Any
    copy: Any
    version: int | None

    @property
    def is_other(self) -> bool:
        """Whether the name stands for another tensor now."""
        return getattr(self.owner, self.own_name, None) is not self.tensor

    @property
    def is_changed(self) -> bool:
        """Whether the tensor itself holds other values; of a buffer they are compared, as ``.data`` is not counted."""
        if self.tensor is None:
            return False
        return _version(self.tensor) != self.version if self.copy is None else not _equal(self.tensor, self.copy)


def remembered(model: Any) -> tuple[Kept, ...]:
    """The parameters and buffers of a module, before it runs."""
    return tuple(kept for path, module in model.named_modules() for kept in _of(module, path))


def put_back(before: tuple[Kept, ...], stage: Stage) -> None:
    """Give the module what it held, where a forward pass changed it, and note what was changed.

    Args:
        before: What `remembered` gave.
        stage: Has the weights written before, which parameters are read from; takes the note.
    """
    done = attempt(lambda: [kept.name for kept in before if _restored(kept, stage)])
    if isinstance(done, Failure):
        stage.note(NAME, f"the forward pass changed the model, which could not be put back: {done.why}")
    elif done:
        names = some([repr(name) for name in done], SHOWN)
        stage.note(NAME, f"the forward pass changes the model itself: {names}; recorded is the state before it")


def _of(module: Any, path: str) -> Iterator[Kept]:
    own = vars(module).get("_buffers")  # a dict in which a name may stand for none yet; not so in a scripted module
    buffers = own if isinstance(own, dict) else dict(module.named_buffers(recurse=False))
    for name, tensor in buffers.items():
        copy = None if tensor is None else tensor.detach().clone()
        yield Kept(f"{path}.{name}".lstrip("."), module, name, tensor, copy, None)
    for name, tensor in module.named_parameters(recurse=False):
        yield Kept(f"{path}.{name}".lstrip("."), module, name, tensor, None, _version(tensor))


def _restored(kept: Kept, stage: Stage) -> bool:
    """Put one tensor back; whether that was needed."""
    import torch

    changed, other = kept.is_changed, kept.is_other
    if changed:
        values = _written(kept.name, stage) if kept.copy is None else kept.copy
        with torch.no_grad():
            kept.tensor.copy_(values)
    if other:
        setattr(kept.owner, kept.own_name, kept.tensor)
    return changed or other


def _written(name: str, stage: Stage) -> Any:
    """A parameter as it was written into the bundle before the pass.

    Raises:
        KeyError: It stands in no file of tensors there.
    """
    from reprobundle.worker import loading

    section: Any = stage.sections["model"]
    files = [str(stage.root / file) for file in section.files if file.endswith(".safetensors")]
    return loading.read(files, "cpu")[section.aliases.get(name, name)]


def _version(tensor: Any) -> int | None:
    counted = attempt(lambda: int(tensor._version))  # noqa: SLF001  torch has no other name for it
    return None if isinstance(counted, Failure) else counted  # one made under inference_mode has none


def _equal(tensor: Any, copy: Any) -> bool:
    """Whether two tensors hold the same values, NaN being one; so, too, where torch cannot compare them."""
    import torch

    same = attempt(
        lambda: torch.equal(tensor, copy) or bool(((tensor == copy) | ((tensor != tensor) & (copy != copy))).all())
    )
    return isinstance(same, Failure) or same
