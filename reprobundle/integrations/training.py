"""What the callbacks share: arguments are checked before training, and a capture that fails afterwards harms nothing."""

from __future__ import annotations

import inspect
import itertools
import os
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from reprobundle import capturing, rng
from reprobundle.components.interface import Failure, attempt
from reprobundle.store.sealing import refuse_unwritable

SAMPLES = 8


class CaptureFailedWarning(UserWarning):
    """Training is complete and untouched, but no bundle was made of it, or a part of the bundle is missing."""


class AtTheEnd:
    """A capture that waits for the end of training.

    Attributes:
        captured: What the capture came to; None before it, and when it failed.
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
        inspect.signature(capturing.capture).bind(path, **{"model": None, **given})
        capturing.refuse_nested()
        refuse_unwritable(Path(os.path.abspath(path)))
        self._path, self._given = Path(os.path.abspath(path)), dict(given)
        self.captured: capturing.Captured | None = None

    def begin(self) -> None:
        """Record the source as it is at the start of training."""
        if "run" in self._given:
            return
        begun = attempt(lambda: capturing.begin(project=self._given.get("project")))
        if isinstance(begun, Failure):
            _warn(f"the source at the start of training was not recorded: {begun.why}")
        else:
            self._given["run"] = begun

    def capture(self, taking: Mapping[str, Callable[[], Any]]) -> None:
        """Take what was not given, and capture; whatever fails becomes a warning.

        Args:
            taking: What finds each argument of `reprobundle.capture` in the trainer, by the argument's name.
        """
        arguments = dict(self._given)
        with rng.kept():
            for name, take in taking.items():
                taken = attempt(take) if name not in arguments else None
                if isinstance(taken, Failure):
                    _warn(f"{name}: could not be taken from the trainer and is missing in the bundle: {taken.why}")
                elif taken is not None:
                    arguments[name] = taken
        captured = attempt(lambda: capturing.capture(self._path, **arguments))
        if isinstance(captured, Failure):
            _warn(f"training is complete, but the bundle {self._path.name!r} was not made: {captured.why}")
        else:
            self.captured = captured


def _warn(message: str) -> None:
    warnings.warn(message, CaptureFailedWarning, stacklevel=2)


def first_batch(loader: Any) -> Any:
    """The first samples of a loader's data set, at most eight, put together by the loader's own function.

    The loader itself is not iterated where that can be avoided: that would shuffle, start processes, and in a
    distributed run wait for the others.

    Args:
        loader: A torch ``DataLoader``, or anything that gives batches.
    """
    dataset, collate = getattr(loader, "dataset", None), getattr(loader, "collate_fn", None)
    if dataset is None or collate is None:
        return next(iter(loader))
    from torch.utils.data import IterableDataset

    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        samples = list(itertools.islice(iter(dataset), SAMPLES))
    else:
        samples = [dataset[index] for index in range(min(SAMPLES, len(dataset)))]
    return collate(samples if loader.batch_sampler is not None else samples[0])


def inputs_of(model: Any, batch: Any, labels: Collection[str] = ()) -> Any:
    """The part of a batch that a model's ``forward`` takes.

    Args:
        model: A module.
        batch: A mapping gives the keywords that ``forward`` names, a sequence its first part, all else itself.
        labels: Keywords to leave out where ``forward`` does without.

    Returns:
        Inputs as `reprobundle.capture` takes them.
    """
    if isinstance(batch, Mapping):
        named = inspect.signature(model.forward).parameters
        without = {name for name in labels if name in named and named[name].default is not inspect.Parameter.empty}
        return {name: batch[name] for name in batch if name in named and name not in without} or (dict(batch),)
    return (batch[0],) if isinstance(batch, list | tuple) else (batch,)
