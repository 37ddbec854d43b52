"""Finding the state dict in what a checkpoint holds: people and frameworks put it under many names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.phrases import some

LIGHTNING = "pytorch-lightning_version"
HYPERPARAMETERS = "hyper_parameters"
WHOLE_ARGUMENT = "hparams_name"
EXTRA_STATE = "_extra_state"
MAX_DEPTH = 4
NAMES_SHOWN = 8


@dataclass(frozen=True)
class Found:
    """A state dict in a checkpoint.

    Attributes:
        state: Tensors by name.
        key: Where it stood, nested keys joined by dots; None where the file holds nothing else.
        left_out: What else the checkpoint holds, by name.
        arguments: What the checkpoint says the model was made with, by name: Lightning's ``hyper_parameters``.
    """

    state: Mapping[str, Any]
    key: str | None
    left_out: tuple[str, ...]
    arguments: Mapping[str, Any] | None = None


def find(content: Any, key: str | None, name: str) -> Found:
    """The state dict in a checkpoint.

    Args:
        content: What the file holds.
        key: Where to look; None: wherever there is just one mapping of tensors.
        name: The file's name, for messages.

    Raises:
        UsageError: There is none, or there are several and none is named.
        RefusedInputError: A tensor of it holds no values.
    """
    if not isinstance(content, Mapping):
        raise UsageError(f"model {name!r}: holds a {type(content).__name__}, expected tensors by name")
    steps = _steps(content, key, name) if key is not None else _only(content, name)
    state = content
    for step in steps:
        state = state[step]
    _refuse_without_values(state, name)
    said = content.get(HYPERPARAMETERS) if LIGHTNING in content else None
    arguments = _arguments(said, content.get(WHOLE_ARGUMENT)) if isinstance(said, Mapping) else None
    others = (other for other in _others(content, steps) if other != HYPERPARAMETERS or arguments is None)
    return Found(state, ".".join(steps) or None, tuple(others), arguments)


def _arguments(said: Mapping[Any, Any], whole: Any) -> dict[str, Any]:
    named = {str(key): value for key, value in said.items()}
    return {**named, whole: dict(named)} if isinstance(whole, str) and whole not in {"", "kwargs"} else named


def _only(content: Mapping[Any, Any], name: str) -> tuple[str, ...]:
    if LIGHTNING in content and _is_state(content.get("state_dict")):
        return ("state_dict",)
    candidates = list(_candidates(content, ()))
    if not candidates:
        names = some([repr(str(key)[:200]) for key in content], NAMES_SHOWN) or "nothing"
        hint = "save the state dict: torch.save(model.state_dict(), …)"
        raise UsageError(f"model {name!r}: holds no tensors by name, found {names}", hint=hint)
    if len(candidates) > 1:
        named = [".".join(steps) for steps in candidates]
        hint = f"say which: reprobundle.Checkpoint({name!r}, key={named[0][:200]!r}), in a file model: key:"
        found = some([repr(one[:200]) for one in named], NAMES_SHOWN)
        raise UsageError(f"model {name!r}: holds {len(named)} state dicts: {found}", hint=hint)
    return candidates[0]


def _candidates(content: Any, trail: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Where mappings of tensors stand; below one no further is looked for."""
    if _is_state(content):
        yield trail
    elif isinstance(content, Mapping) and len(trail) < MAX_DEPTH:
        for key, value in content.items():
            if isinstance(key, str):
                yield from _candidates(value, (*trail, key))


def _is_state(content: Any) -> bool:
    import torch

    return (
        isinstance(content, Mapping)
        and all(isinstance(key, str) for key in content)
        and any(isinstance(value, torch.Tensor) for value in content.values())
        and all(isinstance(value, torch.Tensor) or key.endswith(EXTRA_STATE) for key, value in content.items())
    )


def _steps(content: Mapping[Any, Any], key: str, name: str) -> tuple[str, ...]:
    """The keys that lead to what a person named; a key may itself hold dots.

    Raises:
        UsageError: It leads nowhere, or to something else.
    """
    found = _walked(content, key)
    if found is None:
        names = some([repr(str(other)[:200]) for other in content], NAMES_SHOWN)
        raise UsageError(f"model {name!r}: has no key {key!r}, found {names}")
    value: Any = content
    for step in found:
        value = value[step]
    if not _is_state(value):
        raise UsageError(f"model {name!r}: under {key!r} stands a {type(value).__name__}, expected tensors by name")
    return found


def _walked(content: Any, key: str) -> tuple[str, ...] | None:
    if not isinstance(content, Mapping):
        return None
    if key in content:
        return (key,)
    for step in content:
        if isinstance(step, str) and key.startswith(f"{step}."):
            rest = _walked(content[step], key[len(step) + 1 :])
            if rest is not None:
                return (step, *rest)
    return None


def _others(content: Mapping[Any, Any], steps: tuple[str, ...]) -> Iterator[str]:
    """What stands beside the state dict, at each level on the way to it."""
    for depth, step in enumerate(steps):
        yield from (".".join((*steps[:depth], str(key))) for key in content if key != step)
        content = content[step]


def _refuse_without_values(state: Mapping[str, Any], name: str) -> None:
    empty = [key for key, value in state.items() if getattr(value, "is_meta", False)]
    if empty:
        found = some([repr(key[:200]) for key in empty], NAMES_SHOWN)
        raise RefusedInputError(f"model {name!r}: holds tensors without values (of the meta device): {found}")
