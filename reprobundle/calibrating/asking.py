"""Runs in processes of their own, two at a time where the memory allows it, while the budget lasts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reprobundle import guest, memory
from reprobundle.answers import Answer
from reprobundle.calibrating.planning import WITH_HOOKS, Child
from reprobundle.components.interface import Failure, attempt
from reprobundle.manifest import Manifest

SIDE_BY_SIDE = 2
LEAST_SECONDS = 1.0
SKETCHED = "sketches"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A bundle that is calibrated, and where it is run.

    Attributes:
        manifest: What is recorded.
        place: Where a file of the bundle is.
        root: The folder the bundle's files lie under.
        host: Where to run it; a further process differs from it in one variable.
        work: A private folder.
        deadline: ``time.monotonic()`` at which no further process is started, and those that run are ended.
        seconds: How long one process takes, as measured.
        say: Called with each line of progress.
    """

    manifest: Manifest
    place: Callable[[str], Path]
    root: Path
    host: guest.Host
    work: Path
    deadline: float
    seconds: float = 0.0
    say: Callable[[str], None] = field(default=lambda _line: None)

    def ask(
        self,
        name: str,
        questions: Sequence[guest.Question],
        variables: Mapping[str, str],
        *,
        least: float = LEAST_SECONDS,
    ) -> Answer:
        """Run the model in one more process.

        Args:
            name: Of a folder to make.
            questions: Further runs.
            variables: What its environment has besides.
            least: Seconds that it may take however little is left.

        Raises:
            ReproBundleError: It could not be started, ran out of time, or answered against the protocol.
        """
        control = self.work / name
        control.mkdir(mode=0o700)
        environment = {**self.host.environment, **variables}
        left = max(least, self.deadline - time.monotonic())
        host = replace(self.host, environment=environment, timeout=min(self.host.timeout, left))
        return guest.ask(self.manifest, self.place, self.root, control, host, questions=questions)

    def after(self, seconds: float) -> Subject:
        """The same, now that it is known how long one process takes."""
        return replace(self, seconds=seconds)

    @property
    def has_time(self) -> bool:
        """Whether one more process would end in time."""
        return time.monotonic() + self.seconds <= self.deadline


def ask_all(subject: Subject, children: Sequence[Child]) -> Mapping[str, Answer | Failure | None]:
    """Ask each child, and give its answer by its name; None for one that there was no time for.

    Args:
        subject: What is run.
        children: What to change, each by itself, in this order.
    """
    found: dict[str, Answer | Failure | None] = {child.name: None for child in children}
    together = _together(subject.manifest)
    for start in range(0, len(children), together):
        wave = children[start : start + together]
        if not subject.has_time:
            break
        subject.say(f"running the model again with {' and with '.join(child.name for child in wave)}")
        found.update(_wave(subject, wave, start))
    return found


def _wave(subject: Subject, wave: Sequence[Child], start: int) -> Mapping[str, Answer | Failure]:
    """Ask some at once. Their threads are daemons, so that whoever ends the program waits for none of them."""
    sketched = subject.manifest.model.loader in WITH_HOOKS
    questions = (guest.Question(name=SKETCHED, sketch=True),) if sketched else ()
    found: dict[str, Answer | Failure] = {}

    def run(child: Child, name: str) -> None:
        found[child.name] = attempt(lambda: subject.ask(name, questions, child.variables))

    threads = [
        threading.Thread(target=run, args=(child, f"child-{start + index}"), daemon=True)
        for index, child in enumerate(wave)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _together(manifest: Manifest) -> int:
    """How many processes this machine has processors and memory for."""
    size = sum(entry.bytes for entry in manifest.model.tensors if entry.name not in manifest.model.aliases)
    free = memory.host_bytes()
    roomy = free is None or SIDE_BY_SIDE * memory.NEEDED * size <= free
    return SIDE_BY_SIDE if roomy and (os.cpu_count() or 1) >= SIDE_BY_SIDE else 1
