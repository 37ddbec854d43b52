"""``Trainer(…, callbacks=[CaptureCallback("my-model")])``: a bundle when Lightning's fit ends."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.capturing import Captured
from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install
from reprobundle.integrations.training import AtTheEnd, first_batch, inputs_of

LIBRARIES = ("lightning.pytorch", "pytorch_lightning")  # one library under two names


def _library() -> Any:
    """The library under the name that the user's program has loaded, else under the one that is installed.

    Raises:
        UnavailableError: There is none.
    """
    for name in sorted(LIBRARIES, key=lambda name: name not in sys.modules):
        if importlib.util.find_spec(name.partition(".")[0]) is not None:
            return importlib.import_module(name)
    message = "the callback for Lightning needs lightning, which is not installed"
    raise UnavailableError(message, hint=how_to_install("lightning"))


Callback: Any = _library().Callback


class CaptureCallback(Callback):
    """Captures when fit ends, on the main process, from what the trainer and the module hold.

    Taken are the module, the first samples of the validation or training data as inputs (of a pair the first part), what
    ``save_hyperparameters`` kept, the metrics logged last, and the data sets as splits. A capture that fails becomes a
    `CaptureFailedWarning`: the trained module and its checkpoints stay as they are.
    """

    def __init__(self, path: str | os.PathLike[str], **given: Any) -> None:
        """Check the arguments before training begins.

        Args:
            path: The folder to make; it must not exist.
            **given: Keywords of `reprobundle.capture`, which go before what is taken from the trainer.

        Raises:
            TypeError: A keyword is none of `reprobundle.capture`.
            UsageError: The path exists.
        """
        super().__init__()
        self._end = AtTheEnd(path, given)

    @property
    def captured(self) -> Captured | None:
        """What the capture came to; None before it, and when it failed."""
        return self._end.captured

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Record the source as it is now."""
        if trainer.is_global_zero:
            self._end.begin()

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Capture: the checkpoints are written, and the module is back on the CPU."""
        if not trainer.is_global_zero:
            return
        self._end.capture(
            {
                "model": lambda: pl_module,
                "inputs": lambda: inputs_of(pl_module, first_batch(_sampled(trainer))),
                "hyperparameters": lambda: dict(pl_module.hparams_initial),
                "splits": lambda: {name: loader.dataset for name, loader in _loaders(trainer) if _has_data(loader)},
                "metrics": lambda: {name: float(value) for name, value in trainer.callback_metrics.items()},
            }
        )


def _sampled(trainer: Any) -> Any:
    """The loader that the sample inputs come from: of validation where there is one."""
    loaders = dict(_loaders(trainer))
    return next(loaders[name] for name in sorted(loaders, key=lambda name: not name.startswith("validation")))


def _loaders(trainer: Any) -> Iterator[tuple[str, Any]]:
    """Every loader by a name for its split; several of one kind are numbered, or keep the names they have."""
    for kind, given in (("train", trainer.train_dataloader), ("validation", trainer.val_dataloaders)):
        if isinstance(given, Mapping):
            yield from ((f"{kind} {name}", loader) for name, loader in given.items())
        elif isinstance(given, list | tuple):
            yield from ((f"{kind} {index}", loader) for index, loader in enumerate(given))
        elif given is not None:
            yield kind, given


def _has_data(loader: Any) -> bool:
    return getattr(loader, "dataset", None) is not None
