"""What the callbacks share: arguments are checked before training, and a capture that fails afterwards harms nothing."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reprobundle import calling, capturing, frameworks, ranks, rng
from reprobundle.components.interface import Begun, Failure, attempt
from reprobundle.integrations.warning import say, warn
from reprobundle.phrases import counted, some
from reprobundle.store.sealing import refuse_unwritable

JOINED = ("splits", "metrics")  # what is given stands beside what is taken


@dataclass(frozen=True)
class Started:
    """What is known of a training when it begins.

    Attributes:
        model: The model that is trained.
        hyperparameters: What is known of how it was made.
        saves: Whether a checkpoint is written before training ends.
    """

    model: Any
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    saves: bool = True


class AtTheEnd:
    """A capture that waits for the end of training.

    Attributes:
        captured: What the capture came to, on every rank; None before it, and when it failed.
    """

    def __init__(self, path: str | os.PathLike[str], given: Mapping[str, Any]) -> None:
        """Check what can be checked while nothing is lost yet.

        Args:
            path: The bundle to make.
            given: Keywords of `reprobundle.capture`, which go before what is taken from the trainer.

        Raises:
            TypeError: A keyword is none of `reprobundle.capture`.
            UsageError: The path exists, or a training script without main guard is being imported by a proof.
        """
        inspect.signature(calling.capture).bind(path, **{"model": None, **given})
        capturing.refuse_nested()
        refuse_unwritable(Path(os.path.abspath(path)))
        self._path, self._given = Path(os.path.abspath(path)), dict(given)
        self._begun: Begun | None = None
        self.captured: capturing.Captured | None = None

    def begin(self, started: Started) -> None:
        """Record the source as it is at the start of training, and say what would fail at its end."""
        self.captured, self._begun = None, None
        if not started.saves:
            say(
                f"no checkpoint is written during this training: {self._path.name!r} will be the first copy of the weights"
            )
        for what, way_out in self._foreseen(started):
            warn(f"{what}\n  hint: {way_out}")
        if "run" in self._given:
            return
        begun = attempt(lambda: calling.begin(project=self._given.get("project")))
        if isinstance(begun, Failure):
            warn(f"the source at the start of training was not recorded: {begun.why}")
        else:
            self._begun = begun

    def _foreseen(self, started: Started) -> Iterator[tuple[str, str]]:
        name = self._path.name
        if os.path.lexists(self._path):
            yield f"{name!r} exists: this training will not be captured", "give each training a path of its own"
        needed = _not_found(started, self._given)
        if needed:
            way_out = "CaptureCallback(…, factory=a function of your module that makes the model, init={…})"
            yield f"{name!r} will be unproven: what the model's constructor needs is not recorded: {needed}", way_out

    def capture(self, taking: Mapping[str, Callable[[], Any]], by_hand: Callable[[], str]) -> None:
        """Take what was not given, and capture; whatever fails becomes a warning.

        In distributed training rank 0 calls it, and every other rank `follow`.

        Args:
            taking: What finds each argument of `reprobundle.capture` in the trainer, by the argument's name.
            by_hand: Words for the case that it fails: how to capture later, from what the trainer saved.
        """
        states = self._generators()
        with rng.kept():
            arguments = states | self._taken(taking)
        self._announce(arguments)
        captured = attempt(lambda: _capture(self._path, arguments))
        if isinstance(captured, Failure):
            warn(_not_made(self._path.name, captured, attempt(by_hand)))
        else:
            self.captured = captured

    def follow(self) -> None:
        """Wait for the capture on rank 0, on another rank; what it came to is the same on all.

        Where the ranks cannot speak to each other it does not wait.
        """
        if rng.ranks() == 1:
            return
        self._generators()
        heard = attempt(lambda: calling.follow(self._path))
        if isinstance(heard, Failure):
            warn(f"rank {rng.rank()} goes on without the bundle {self._path.name!r}: {heard.why}")
        else:
            self.captured = heard

    @staticmethod
    def _generators() -> dict[str, Any]:
        states = attempt(ranks.generator_states)
        if isinstance(states, Failure):
            warn(f"the random generators of the other ranks are not recorded: {states.why}")
            return {}
        missing = rng.ranks() - len(states)
        if missing and rng.rank() == 0:
            warn(f"the random generators of {counted(missing, 'rank')} are not recorded: nothing was heard of them")
        return {"generators": states}

    def _taken(self, taking: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """The arguments of the capture; of data splits and metrics those that were given beside those of the trainer."""
        arguments = {"run": self._begun, **self._given}
        for name, take in taking.items():
            joined = name in JOINED and isinstance(arguments.get(name), Mapping)
            if name in arguments and not joined:
                continue
            taken = attempt(take)
            if isinstance(taken, Failure):
                warn(f"{name}: could not be taken from the trainer and is missing in the bundle: {taken.why}")
            elif taken is not None:
                arguments[name] = {**taken, **arguments[name]} if joined else taken
        return arguments

    def _announce(self, arguments: Mapping[str, Any]) -> None:
        if not arguments.get("quiet"):
            proof = "; proof=False leaves out its reload in a fresh process" if arguments.get("proof", True) else ""
            say(f"training is complete; capturing {self._path.name!r}{proof}")


def _capture(path: Path, arguments: Mapping[str, Any]) -> capturing.Captured:
    with warnings.catch_warnings():
        warnings.simplefilter("always", calling.UnprovenBundleWarning)  # the bundle is there: never an error
        return calling.capture(path, **arguments)


def _not_found(started: Started, given: Mapping[str, Any]) -> str | None:
    """Arguments of the model's constructor that no capture will find; None where there are none, or others are given."""
    if {"factory", "init", "model"} & set(given) or frameworks.loader_of(started.model) != "for_torch":
        return None
    from reprobundle.components.model.arguments import by_name

    known = given.get("hyperparameters", started.hyperparameters)
    found = attempt(lambda: by_name(type(started.model), known, started.model))
    return None if isinstance(found, Failure) else some(found.missing)


def _not_made(name: str, failure: Failure, by_hand: str | Failure) -> str:
    lines = [f"training is complete, but the bundle {name!r} was not made: {failure.why}"]
    if failure.hint:
        lines.append(f"hint: {failure.hint}")
    if isinstance(by_hand, str):
        lines.append(by_hand)
    return "\n  ".join(lines)
