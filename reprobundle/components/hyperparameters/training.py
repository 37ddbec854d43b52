"""What trained the model: optimizers, schedulers and scalers as they were handed over, without their wrappers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reprobundle.components.interface import Source

WRAPPERS = {  # what stands around an optimizer or scheduler, by its class's name, and where it holds the inner one
    "AcceleratedOptimizer": "optimizer",
    "AcceleratedScheduler": "scheduler",
    "DeepSpeedOptimizerWrapper": "optimizer",
    "DeepSpeedSchedulerWrapper": "scheduler",
    "LRSchedulerConfig": "scheduler",
    "LightningOptimizer": "optimizer",
    "_FabricOptimizer": "optimizer",
}
WRAPPING = frozenset({"accelerate", "lightning", "lightning_fabric", "pytorch_lightning"})
MAX_NAME = 100
EXPECTED = "expected an object with step() and state_dict() as torch's own have"
GIVE = "give the optimizer or scheduler itself, a list of them, or a mapping by name"


@dataclass(frozen=True)
class Training:
    """What trained the model, each by its name.

    Attributes:
        optimizers: Objects with ``param_groups``.
        schedulers: Schedulers of the learning rate.
        scalers: Scalers of gradients.
        unknown: Type of each thing that is none of these.
    """

    optimizers: Mapping[str, Any] = field(default_factory=dict)
    schedulers: Mapping[str, Any] = field(default_factory=dict)
    scalers: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.optimizers or self.schedulers or self.scalers)


def taken(optimizer: Any, scheduler: Any) -> Training:
    """Sort what was handed over.

    Args:
        optimizer: An optimizer, a list of them, or a mapping by name; a scaler of gradients may stand among them.
        scheduler: Schedulers likewise.
    """
    optimizers, scalers, unknown = {}, {}, {}
    for name, found in _named(optimizer):
        if _is_optimizer(found):
            optimizers[name] = found
        elif _has_methods(found, "state_dict", "get_scale"):
            scalers[name] = found
        else:
            unknown[f"optimizer {name!r}"] = type(found).__name__
    schedulers = {name: found for name, found in _named(scheduler) if _has_methods(found, "state_dict", "step")}
    strange = {name: found for name, found in _named(scheduler) if name not in schedulers}
    unknown |= {f"scheduler {name!r}": type(found).__name__ for name, found in strange.items()}
    return Training(optimizers, schedulers, scalers, unknown)


def ran_here(source: Source) -> bool:
    """Whether this process trained the model, as far as can be told: not where it was only read from a file."""
    return source.trained_here and (source.opened is None or source.optimizer is not None)


def _named(given: Any) -> Iterator[tuple[str, Any]]:
    if given is None:
        return
    if isinstance(given, Mapping):
        pairs = ((_text(key), found) for key, found in given.items())
    else:
        several = given if isinstance(given, list | tuple) else [given]
        pairs = ((str(number), found) for number, found in enumerate(several))
    yield from ((name, _unwrapped(found)) for name, found in pairs)


def _text(key: Any) -> str:
    return str(key).encode("utf-8", "backslashreplace").decode()[:MAX_NAME]


def _unwrapped(found: Any) -> Any:
    """The innermost; wrappers make their classes at run time, so their bases are asked."""
    for base in type(found).__mro__:
        if base.__name__ in WRAPPERS and base.__module__.partition(".")[0] in WRAPPING:
            return _unwrapped(getattr(found, WRAPPERS[base.__name__]))
    return found


def _is_optimizer(found: Any) -> bool:
    return isinstance(getattr(found, "param_groups", None), list) and _has_methods(found, "state_dict", "step")


def _has_methods(found: Any, *names: str) -> bool:
    return not isinstance(found, type) and all(callable(getattr(found, name, None)) for name in names)
