"""Ask the worker again: the same bundle in the same environment, with a few things set otherwise."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle import guest
from reprobundle.answers import Answer
from reprobundle.diagnosing.proposing import BUNDLE, Words
from reprobundle.errors import UnavailableError
from reprobundle.manifest import Manifest


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A way to run the recorded model again.

    Attributes:
        manifest: What is recorded.
        place: Where a file of the bundle is.
        root: The folder the bundle's files lie under.
        folder: Makes an empty private folder for a job and its results, another one at each call.
        host: Where the model was run.
        deadline: ``time.monotonic()`` at which no further run is started, and one in progress ends.
        typed: How to have this replay again: what follows ``reprobundle replay``.
        searches: Whether settings that restore the recorded outputs may be looked for.
        say: Called with each line of progress.
    """

    manifest: Manifest
    place: Callable[[str], Path]
    root: Path
    folder: Callable[[], Path]
    host: guest.Host
    deadline: float
    typed: Words = BUNDLE
    searches: bool = True
    say: Callable[[str], None] = lambda _: None

    @property
    def seconds_left(self) -> float:
        """How long may still be asked, seconds; at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def ask(
        self,
        questions: Sequence[guest.Question] = (),
        *,
        variables: Mapping[str, str] | None = None,
        without: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> Answer:
        """Start a worker again, with other variables or settings.

        Args:
            questions: Further runs of the same process.
            variables: Variables of its process that are set, or set otherwise.
            without: Variables of its process that are not set.
            settings: Numeric settings that win over the recorded ones.

        Raises:
            UnavailableError: There is no time left.
            ProcessError: It ran out of time.
            RefusedInputError: Its results break the protocol.
        """
        left = self.seconds_left
        if left <= 0:
            raise UnavailableError("there is no time left to run the model again")
        kept = {name: value for name, value in self.host.environment.items() if name not in without}
        host = dataclasses.replace(
            self.host,
            environment={**kept, **(variables or {})},
            settings={**self.host.settings, **(settings or {})},
            timeout=min(self.host.timeout, left),
        )
        return guest.ask(self.manifest, self.place, self.root, self.folder(), host, questions=questions, in_place=True)
