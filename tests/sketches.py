"""Sketches made by hand, for tests of what is done with them."""

from __future__ import annotations

from typing import Any

from reprobundle.answers import Sketch
from reprobundle.components.outputs.section import SketchRecord


def found(module: str, *samples: float | None, kind: str = "Linear", call: int = 0, **changed: Any) -> Sketch:
    """What a module gave here; its digest follows from the samples."""
    return Sketch(**{**_fields(module, samples, kind, call), **changed})


def recorded(
    module: str,
    *samples: float | None,
    kind: str = "Linear",
    call: int = 0,
    envelope: float | None = None,
    **changed: Any,
) -> SketchRecord:
    """What a module gave at capture."""
    return SketchRecord(**{**_fields(module, samples, kind, call), **changed}, envelope=envelope)


def _fields(module: str, samples: tuple[float | None, ...], kind: str, call: int) -> dict[str, Any]:
    numbers = [value for value in samples if value is not None]
    finite = len(numbers) == len(samples)
    mean = sum(numbers) / len(numbers) if numbers else 0.0
    spread = (sum((value - mean) ** 2 for value in numbers) / max(len(numbers), 1)) ** 0.5
    return {
        "module": module,
        "kind": kind,
        "call": call,
        "dtype": "F32",
        "shape": (len(samples),),
        "digest": repr(samples),
        "sum": sum(numbers) if finite else None,
        "absmax": max(map(abs, numbers), default=0.0) if finite else None,
        "mean": mean if finite else None,
        "std": spread if finite else None,
        "samples": samples,
    }
