"""How long each step of a story took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from reprobundle.report import StageTime


@dataclass
class Clock:
    """How long each step took.

    Attributes:
        stages: The steps that came to their end, in that order.
    """

    stages: list[StageTime] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, detail: str = "") -> Iterator[None]:
        """Time one step."""
        started = time.monotonic()
        yield
        self.stages.append(StageTime(name=name, seconds=round(time.monotonic() - started, 3), detail=detail))
