"""``Trainer(…, callbacks=[CaptureCallback("my-model")])``: a bundle at the end of training."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle.capturing import Captured
from reprobundle.errors import UnavailableError
from reprobundle.extras import how_to_install
from reprobundle.integrations.samples import first_batch, inputs_of
from reprobundle.integrations.training import AtTheEnd, Started
from reprobundle.integrations.warning import call_from

try:
    from transformers import TrainerCallback
except ImportError as error:
    message = "the callback for transformers needs transformers, which is not installed"
    raise UnavailableError(message, hint=how_to_install("transformers")) from error

PLACES = frozenset(  # names of places and people: nothing that changes the model
    {
        "hub_model_id",
        "hub_organization",
        "hub_revision",
        "hub_token",
        "local_rank",
        "logging_dir",
        "output_dir",
        "project",
        "push_to_hub_model_id",
        "push_to_hub_organization",
        "push_to_hub_token",
        "resume_from_checkpoint",
        "run_name",
        "trackio_bucket_id",
        "trackio_space_id",
        "trackio_static_space_id",
    }
)
NOT_CLAIMED = frozenset({"epoch", "step", "learning_rate", "grad_norm", "total_flos"})
RUNTIME = "_runtime"
TIMINGS = (RUNTIME, "_per_second", "_jit_compilation_time")


class CaptureCallback(TrainerCallback):
    """Captures when training ends, on the main process, from what the trainer holds.

    Taken are the model, the tokenizer, the first samples of the evaluation or training data as inputs, the training
    arguments as hyperparameters, the metrics logged last, the data sets of training and of every evaluation as splits,
    optimizer and scheduler. A capture that fails becomes a `CaptureFailedWarning`: the trained model and its checkpoints
    stay as they are. In distributed training the other ranks wait for it.
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
        self._path = os.fspath(path)
        self._end = AtTheEnd(path, given)
        self._evaluated: dict[str, Any] = {}

    @property
    def captured(self) -> Captured | None:
        """What the capture came to, on every rank; None before it, and when it failed."""
        return self._end.captured

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the source as it is now, and say what would fail at the end."""
        if state.is_world_process_zero:
            self._end.begin(Started(kwargs.get("model"), saves=getattr(args, "save_strategy", None) != "no"))

    def on_evaluate(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Remember what was evaluated: the trainer names each of several data sets in the names of its metrics."""
        ran = next((name for name in kwargs.get("metrics") or {} if name.endswith(RUNTIME)), "eval" + RUNTIME)
        self._evaluated[ran.removesuffix(RUNTIME)] = kwargs.get("eval_dataloader")

    def on_predict(self, args: Any, state: Any, control: Any, metrics: Any, **kwargs: Any) -> None:
        """Remember it as `on_evaluate` does."""
        self.on_evaluate(args, state, control, metrics=metrics, **kwargs)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Capture: the trainer has written its checkpoints, and loaded the best one where it was to."""
        if not state.is_world_process_zero:
            self._end.follow()
            return
        model, loaders = kwargs.get("model"), self._loaders(kwargs)
        taking = {
            "model": lambda: model,
            "inputs": lambda: _inputs(model, first_batch(_sampled(loaders)), args),
            "preprocessing": lambda: kwargs.get("processing_class"),
            "hyperparameters": lambda: _hyperparameters(args),
            "splits": lambda: {name: loader.dataset for name, loader in loaders.items()},
            "metrics": lambda: _metrics(args, state),
            "optimizer": lambda: kwargs.get("optimizer"),
            "scheduler": lambda: kwargs.get("lr_scheduler"),
        }
        self._end.capture(taking, lambda: self._by_hand(args, state))

    def _loaders(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Every loader by the name of its split."""
        named = {"train": kwargs.get("train_dataloader"), **self._evaluated}
        if not self._evaluated:
            named["eval"] = kwargs.get("eval_dataloader")
        return {name: loader for name, loader in named.items() if loader is not None}

    def _by_hand(self, args: Any, state: Any) -> str:
        last = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        best = state.best_model_checkpoint if args.load_best_model_at_end else None
        if best is None and not last.is_dir():
            return 'no checkpoint was saved: trainer.save_model("model") keeps what is in memory'
        return call_from(best or last, self._path, "inputs=…")


def _sampled(loaders: Mapping[str, Any]) -> Any:
    """The loader that the sample inputs come from: of evaluation where there is one."""
    return loaders[min(loaders, key=lambda name: name == "train")]


def _hyperparameters(args: Any) -> dict[str, Any]:
    """The training arguments, without those that say where and by whom."""
    chosen = {name: value for name, value in args.to_dict().items() if name not in PLACES}
    return {name: value for name, value in chosen.items() if not (isinstance(value, str) and Path(value).is_absolute())}


def _inputs(model: Any, batch: Any, args: Any) -> Any:
    """What the model's ``forward`` takes of a batch, without labels."""
    from transformers.utils import find_labels

    return inputs_of(model, batch, args.label_names or find_labels(type(model)))


def _metrics(args: Any, state: Any) -> Mapping[str, float]:
    """The last value of each metric; of the best checkpoint where that is the model that was kept."""
    best = state.best_global_step if args.load_best_model_at_end else None
    kept = [entry for entry in state.log_history if best is None or entry.get("step", 0) == best]
    last = {name: value for entry in kept for name, value in entry.items()}
    return {
        name: value
        for name, value in last.items()
        if name not in NOT_CLAIMED and not name.endswith(TIMINGS) and isinstance(value, int | float)
    }
