"""What a forward pass leaves in a model besides tensors: a counter that goes on, a list that grows.

Nobody can put such values back without knowing what they are for, so they are named. What is made once and kept, such as a
cache, is passed over: the next pass finds it as this one left it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from reprobundle.components.interface import Stage
from reprobundle.phrases import some

NAME = "outputs"
SHOWN = 5
PLAIN = (int, float, str)
GROWING = (list, dict, set, deque)

Marks = Mapping[tuple[str, str], Any]


def marks(model: Any) -> Marks:
    """Numbers, texts and lengths that the modules of a model keep as plain attributes, by module and name.

    Args:
        model: A ``torch.nn.Module``; of a scripted one nothing is known.
    """
    import torch

    if isinstance(model, torch.jit.ScriptModule):
        return {}
    common = vars(torch.nn.Module()).keys()  # torch's own, put back where a pass changes them
    return {
        (path, name): mark
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if name not in common and (mark := _mark(value)) is not None
    }


def _mark(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    return len(value) if type(value) in GROWING else None


def note(before: Marks, model: Any, stage: Stage) -> None:
    """Note the attributes that a forward pass changed.

    Args:
        before: What `marks` gave before it.
        model: The same model.
        stage: Takes the note.
    """
    after = marks(model)
    changed = [
        f"{path}.{name}".lstrip(".") for (path, name), value in before.items() if _is_other(value, after, (path, name))
    ]
    if changed:
        names = some([repr(name) for name in changed], SHOWN)
        message = f"the forward pass changes what your model keeps as plain attributes, and it stays changed: {names}"
        stage.note(NAME, message, hint="a buffer is recorded and put back; an attribute is neither")


def _is_other(value: Any, after: Marks, key: tuple[str, str]) -> bool:
    """Whether an attribute has another value now; NaN is one as any other."""
    now = after.get(key)
    return now is not None and now != value and not (now != now and value != value)
