"""``Trainer(…, callbacks=[CaptureCallback("my-model")])``: a bundle when Lightning's fit ends."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.capturing import Captured
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install
from reprobundle.integrations.samples import first_batch, inputs_of
from reprobundle.integrations.training import AtTheEnd, Started
from reprobundle.integrations.warning import call_from, say

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

    Taken are the module as it is then, the first samples of the validation or training data as inputs (of a pair the first
    part), what ``save_hyperparameters`` kept, the metrics logged last, the data sets as splits, optimizers and schedulers.
    A capture that fails becomes a `CaptureFailedWarning`: the trained module and its checkpoints stay as they are. In
    distributed training the other ranks wait for it.
    """

    def __init__(self, path: str | os.PathLike[str], **given: Any) -> None:
        """Check the arguments before training begins.

        Args:
            path: The folder to make; it must not exist.
            **given: Keywords of `reprobundle.capture`, which go before what is taken from the trainer; splits and metrics
                stand beside what is taken.

        Raises:
            TypeError: A keyword is none of `reprobundle.capture`.
            UsageError: The path exists.
        """
        super().__init__()
        self._path = os.fspath(path)
        self._end = AtTheEnd(path, given)

    @property
    def captured(self) -> Captured | None:
        """What the capture came to, on every rank; None before it, and when it failed."""
        return self._end.captured

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Record the source as it is now, and say what would fail at the end."""
        if trainer.is_global_zero:
            self._end.begin(Started(pl_module, _hyperparameters(pl_module), bool(trainer.checkpoint_callbacks)))

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        """Capture: the checkpoints are written, and the module is back on the CPU."""
        if not trainer.is_global_zero:
            self._end.follow()
            return
        taking = {
            "model": lambda: pl_module,
            "inputs": lambda: inputs_of(pl_module, first_batch(_sampled(trainer))),
            "hyperparameters": lambda: _hyperparameters(pl_module),
            "splits": lambda: {name: loader.dataset for name, loader in _loaders(trainer) if _has_data(loader)},
            "metrics": lambda: {name: float(value) for name, value in trainer.callback_metrics.items()},
            "optimizer": lambda: _one_or_all(trainer.optimizers),
            "scheduler": lambda: _one_or_all([entry.scheduler for entry in trainer.lr_scheduler_configs]),
        }
        self._end.capture(taking, lambda: self._by_hand(trainer, pl_module))
        best = attempt(lambda: _better(trainer))
        if isinstance(best, str) and self.captured is not None:
            later = call_from(best, f"{self._path}-best", _further(pl_module))
            say(
                f"the bundle holds the weights as they were when fit ended, and an earlier state scored better\n  {later}"
            )

    def _by_hand(self, trainer: Any, pl_module: Any) -> str:
        kept = trainer.checkpoint_callback
        saved = kept and (kept.last_model_path or kept.best_model_path)
        if not saved:
            return 'no checkpoint was saved: trainer.save_checkpoint("model.ckpt") keeps what is in memory'
        return call_from(saved, self._path, _further(pl_module))


def _further(pl_module: Any) -> str:
    return f"factory={type(pl_module).__name__}, inputs=…"


def _hyperparameters(pl_module: Any) -> dict[str, Any]:
    """What ``save_hyperparameters`` kept: of the module, and of its data module whatever makes no part of the module.

    The values themselves, which the library's own property would copy, a whole network among them.
    """
    data = getattr(getattr(pl_module, "_trainer", None), "datamodule", None)
    makes = attempt(lambda: inspect.signature(type(pl_module)).parameters)
    other = {} if isinstance(makes, Failure) else {n: value for n, value in _kept(data).items() if n not in makes}
    return {**other, **_kept(pl_module)}


def _kept(thing: Any) -> dict[str, Any]:
    kept = getattr(thing, "_hparams_initial", None) or {}
    return {name: value for name, value in kept.items() if not name.startswith("_")}  # those are the library's own


def _one_or_all(things: list[Any]) -> Any:
    return things[0] if len(things) == 1 else list(things) or None


def _better(trainer: Any) -> str | None:
    """The checkpoint that scored better than the module as it is now; None where nothing did, or nothing is scored."""
    kept = trainer.checkpoint_callback
    best, last = getattr(kept, "best_model_score", None), trainer.callback_metrics.get(getattr(kept, "monitor", None))
    return str(kept.best_model_path) if best is not None and last is not None and bool(best != last) else None


def _sampled(trainer: Any) -> Any:
    """The loader that the sample inputs come from: of validation where there is one."""
    loaders = dict(_loaders(trainer))
    return next(loaders[name] for name in sorted(loaders, key=lambda name: not name.startswith("validation")))


def _loaders(trainer: Any) -> Iterator[tuple[str, Any]]:
    """Every loader by a name for its split; several of one kind are numbered, or keep the names they have."""
    kinds = {"train": trainer.train_dataloader, "validation": trainer.val_dataloaders, "test": _test_loaders(trainer)}
    for kind, given in kinds.items():
        if isinstance(given, Mapping):
            yield from ((f"{kind} {name}", loader) for name, loader in given.items())
        elif isinstance(given, list | tuple):
            yield from ((f"{kind} {index}", loader) for index, loader in enumerate(given))
        elif given is not None:
            yield kind, given


def _test_loaders(trainer: Any) -> Any:
    """The data module's own loaders of test data, where they can be had as it was set up for training."""
    data = getattr(trainer, "datamodule", None)
    if data is None:
        return None
    made = attempt(data.test_dataloader)
    return None if isinstance(made, Failure) else made


def _has_data(loader: Any) -> bool:
    return getattr(loader, "dataset", None) is not None
